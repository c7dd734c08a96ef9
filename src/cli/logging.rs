//! The log: on standard error, as `RUST_LOG` or `-v` says.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts the log. `RUST_LOG` wins; without it `-v` tells more, and a gateway more than a command.
pub(super) fn start(verbose: u8, gateway: bool) {
    let level = match (verbose, gateway) {
        (0, false) => LevelFilter::WARN,
        (0, true) => LevelFilter::INFO,
        (1, _) => LevelFilter::DEBUG,
        (2.., _) => LevelFilter::TRACE,
    };
    let mut filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    // What is wrong with a recording is told once, by who opened it.
    if verbose == 0
        && let Ok(quiet) = "symphonia=off".parse()
    {
        filter = filter.add_directive(quiet);
    }
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // The only error is that a log runs already: then that one goes on.
    let _ = log.with_ansi(io::stderr().is_terminal()).try_init();
}
