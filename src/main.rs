//! Arguments in, exit code out.

use std::process::ExitCode;

/// Many small things of all sizes live and die with every call.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    octothorpe::cli::run(std::env::args_os()).into()
}
