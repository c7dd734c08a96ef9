//! May this job be dialled now? Numbers and countries, limits, and what calls before it tell.
//!
//! [`Engine`] is asked once a job and told how the job went; it knows no clock, no file and no number:
//! whom it remembers it remembers as a keyed [`Mark`]. What has to outlive the process comes back as
//! [`Change`]s, which the gateway has the store write with the dial permit and with the result.

mod block;
mod block_list;
mod blocking;
mod blocks;
mod bucket;
mod budget;
mod change;
mod client;
mod engine;
mod history;
mod in_progress;
mod limits;
mod lock;
mod locking;
mod mark;
mod place;
mod pumping;
mod quiet;
mod refusal;
mod rules;
mod settings;
mod steady;
mod table;
mod ticket;
mod traffic;
mod verified;
mod window;

pub use block::{Block, BlockKind, BlockOrder};
pub use block_list::{BadLine, ListDefaults};
pub use blocking::{Audited, Blocking, ListReader, ReadList};
pub use blocks::BlockFilter;
pub use change::{Change, Kind};
pub use engine::{End, Engine};
pub use mark::Mark;
pub use pumping::Alert;
pub use refusal::Refusal;
pub use settings::Settings;
pub use ticket::Ticket;

#[cfg(test)]
mod tests;
