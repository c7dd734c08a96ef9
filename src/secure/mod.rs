//! Certificates and keys: PEM in, an identity out that a TLS server shows. Bytes are arguments.

mod identity;

pub use identity::{Identity, IdentityError};
