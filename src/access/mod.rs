//! Who may do what at the front door: tokens with a tenant and roles (contract §6), without I/O.
//!
//! Whether a token is known is for the [`queue`](crate::queue)'s store to say, what it allows is said
//! here. Everything random or timely is an argument.

mod grant;
mod role;
mod token;

pub use grant::{Actor, Admission, Grant, Scope};
pub use role::{Role, Roles};
pub use token::{Digest, NewToken, Presented, TokenId, TokenOrder, TokenRefused, TokenView};
