//! The program `forge-keeper`: keeper and shims, apart from `forge` so that they stay small.

use std::process::ExitCode;

fn main() -> ExitCode {
    forge_keeper::main(std::env::args_os())
}
