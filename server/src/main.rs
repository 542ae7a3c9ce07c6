//! The binary `fuseboard`.

use std::process::ExitCode;

/// An event is a handful of short strings, made and freed a hundred thousand times a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::cli::main()
}
