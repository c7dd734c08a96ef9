//! Prompt packs: `prompts/` to shared clips, once, at start.
//!
//! A pack is a directory with a `pack.toml` and the audio it names: one voice in one language. What
//! is played in a call was decoded, resampled and encoded here before the first call. [`lint`] tells
//! what a person on a telephone would miss in a pack.
//!
//! This room reads files; it knows no socket, no clock and no call.

mod greeting;
mod library;
pub mod lint;
mod manifest;
mod name;
mod pack;
mod speech;
mod tenant;

pub use greeting::{GreetingError, levelled, read_greeting};
pub use library::{DEFAULT_LOCALE, Library, nameless_tenants, packs_at};
pub use manifest::{ClipEntry, MANIFEST_FILE, Manifest};
pub use name::ClipName;
pub use pack::{Pack, PackError};
pub use tenant::{OwnClip, TenantError};
