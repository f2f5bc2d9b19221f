//! The doorward binary: arguments to the command line, exit code back.

use std::process::ExitCode;

/// Lowest memory and best speed of the allocators measured under this load.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    doorward::cli::run()
}
