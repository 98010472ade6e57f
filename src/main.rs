//! The `sealwright` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    sealwright::cli::main()
}
