//! `[queue]`: the durable store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ConfigErrors;
use super::source::Source;
use super::written;

const DEFAULT_RESERVE_MIB: u32 = 64;
const DEFAULT_RESULTS_DAYS: u32 = 7;
const DEFAULT_RECORDS_DAYS: u32 = 90;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The durable store of the embedded engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueConfig {
    /// The directory of the store; it is made when it is missing.
    pub path: PathBuf,
    /// Below this much free disk, in bytes, intake says 503.
    pub reserve_bytes: u64,
    /// How long results are kept for consumers that do not acknowledge.
    pub results_kept: Duration,
    /// How long the record of a job is kept.
    pub records_kept: Duration,
}

impl QueueConfig {
    /// A store in this directory, everything else by default.
    pub fn at(path: PathBuf) -> QueueConfig {
        QueueConfig {
            path,
            reserve_bytes: mib(DEFAULT_RESERVE_MIB),
            results_kept: DAY * DEFAULT_RESULTS_DAYS,
            records_kept: DAY * DEFAULT_RECORDS_DAYS,
        }
    }

    /// Reads where the store lies, for a command that works on it beside the gateway.
    ///
    /// # Errors
    /// What is wrong in the gateway's file as TOML, and in this section.
    pub fn load(path: &Path) -> Result<QueueConfig, ConfigErrors> {
        let mut source = Source::read(path)?;
        let queue =
            written::Gateway::parse(&mut source).and_then(|file| QueueConfig::check(file.queue, &mut source));
        queue.ok_or_else(|| ConfigErrors::new(source.into_errors()))
    }

    pub(super) fn check(written: written::Queue, source: &mut Source) -> Option<QueueConfig> {
        source.not_built("servers", written.servers.as_ref());
        let engine = match &written.engine {
            None => Some(()),
            Some(engine) => match engine.get_ref().as_str() {
                "embedded" => Some(()),
                "nats" => source.refuse(
                    engine.span(),
                    "`engine` = \"nats\" is not in this version",
                    "Write \"embedded\"",
                ),
                other => source.refuse(
                    engine.span(),
                    format!("`engine` is \"{other}\", expected \"embedded\""),
                    "",
                ),
            },
        };
        let reserve =
            source.number("reserve_mib", written.reserve_mib, DEFAULT_RESERVE_MIB, 1..=1_048_576, "MiB");
        let days = source.number("results_days", written.results_days, DEFAULT_RESULTS_DAYS, 1..=365, "days");
        let records =
            source.number("records_days", written.records_days, DEFAULT_RECORDS_DAYS, 1..=3_650, "days");
        engine?;
        Some(QueueConfig {
            path: source.path(written.path.as_ref().map_or("../var", |path| path.get_ref())),
            reserve_bytes: mib(reserve?),
            results_kept: DAY * days?,
            records_kept: DAY * records?,
        })
    }
}

fn mib(count: u32) -> u64 {
    u64::from(count) << 20
}
