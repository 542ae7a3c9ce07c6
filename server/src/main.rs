//! The binary `fuseboard`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
