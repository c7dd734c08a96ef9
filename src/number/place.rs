//! What the numbering plan says of a number, remembered beside its digits.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use super::{NotValid, Region};

/// Looked up once; it follows from the digits, so that it is no part of what makes two numbers the same.
#[derive(Clone, Default)]
pub(super) struct Place(pub(super) OnceLock<Result<Region, NotValid>>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl Hash for Place {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}
