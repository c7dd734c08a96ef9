//! Sounds that hold no key.
