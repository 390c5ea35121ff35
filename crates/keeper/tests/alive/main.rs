//! Keeper and shims with real processes. This program is the test, and, by its first argument, also
//! the keeper and its shims, the supervisor that the keeper starts, and the children: so no other program
//! has to be built first, and what is tested is what ships.

mod basics;
mod child;
mod disk;
mod gates;
mod keepers;
mod kills;
mod recovery;
mod stops;
mod talk;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let first = std::env::args_os().nth(1).unwrap_or_default();
    match first.to_str() {
        Some("keeper") => forge_keeper::main(std::env::args_os()),
        Some("daemon") => world::be_supervisor(),
        Some("child") => child::run(),
        _ => forge_testkit::run_cases(
            "test",
            &[
                basics::TESTS,
                stops::TESTS,
                kills::TESTS,
                gates::TESTS,
                keepers::TESTS,
                recovery::TESTS,
                disk::TESTS,
            ],
        ),
    }
}
