//! Contact (RFC 3261 §20.10).

use super::NameAddr;

/// All Contact values of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contacts {
    /// `*`, in a REGISTER that removes all bindings.
    All,
    /// The addresses, none where there is no Contact.
    List(Vec<NameAddr>),
}
