//! What the store has to remember for the policy.

use crate::job::UnixMs;

/// Which memory a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A call that counts in the limits, for a day.
    Call,
    /// Wrong entries of a user or number.
    Lock,
    /// A block that stands.
    Block,
    /// The audit trail of blocks.
    Audit,
    /// A user with a number, or at an address, that was confirmed.
    Verified,
    /// The busiest hours of a prefix.
    Prefix,
}

impl Kind {
    /// The figure by which the store tells kinds apart; it is durable.
    pub fn figure(self) -> u8 {
        match self {
            Kind::Call => 1,
            Kind::Lock => 2,
            Kind::Block => 3,
            Kind::Audit => 4,
            Kind::Verified => 5,
            Kind::Prefix => 6,
        }
    }
}

/// One row to be written, replaced or dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which memory.
    pub kind: Kind,
    /// Which row of it; rows are told back in the descending order of their keys.
    pub key: Vec<u8>,
    /// The row may be forgotten then.
    pub until: UnixMs,
    /// What it holds; `None` drops it.
    pub record: Option<Vec<u8>>,
}

impl Change {
    /// The row with this record.
    pub fn put<T: serde::Serialize>(kind: Kind, key: Vec<u8>, until: UnixMs, record: &T) -> Change {
        let record = serde_json::to_vec(record).expect("records of the policy are plain data");
        Change { kind, key, until, record: Some(record) }
    }

    /// The row dropped.
    pub fn drop(kind: Kind, key: Vec<u8>) -> Change {
        Change { kind, key, until: UnixMs(0), record: None }
    }
}
