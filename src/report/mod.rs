//! What is told outside about a job: its result and its progress.

pub mod progress;
pub mod record;
pub mod recorded;
pub mod reload;
pub mod snapshot;
