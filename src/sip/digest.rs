//! Digest credentials.
