//! Arguments in, exit code out.

use std::process::ExitCode;

/// Many small things of all sizes live and die with every call. Huge pages would hold several times what
/// is used, and sparing the page table shows in no figure.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    octothorpe::cli::run(std::env::args_os()).into()
}
