//! Faults, injected into the real program: each is named with what must come out. `docs/faults.md` lists
//! them, and those that are tested elsewhere; `cargo xtask faults` runs them in two surroundings.
//!
//! This program is also the surroundings: an init that takes in whoever loses its parent, and reaps at
//! once, or never. What Forge does must not depend on it.

mod harness;
mod interrupted;
mod kills;
mod limits;
mod logs;
mod processes;
mod state;
#[allow(dead_code)] // The engine's tests use the rest.
#[path = "../engine/world.rs"]
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [init, how, rest @ ..] = words.as_slice()
        && init == "init"
    {
        return harness::init(how, rest);
    }
    forge_testkit::run_cases(
        "fault",
        &[
            kills::FAULTS,
            processes::FAULTS,
            limits::FAULTS,
            logs::FAULTS,
            state::FAULTS,
            interrupted::FAULTS,
        ],
    )
}
