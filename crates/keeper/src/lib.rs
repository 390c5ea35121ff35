//! Keeper and shims.

mod keeper;
mod link;
mod open_run;
mod options;
mod shim;

use std::ffi::OsString;
use std::process::ExitCode;

/// What the program `forge-keeper` does, given its command line with the name first.
pub fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    let mut words = words.skip(1);
    let part = words.next().unwrap_or_default();
    let begun = options::Options::read(words).and_then(|options| {
        if part == "keeper" {
            keeper::run(&options)
        } else if part == "shim" {
            shim::run(&options)
        } else {
            Err("this program is started by forge, not by people".to_string())
        }
    });
    match begun {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&why);
            ExitCode::FAILURE
        }
    }
}

/// A word for the log, in one write.
pub(crate) fn say(what: &str) {
    let line = format!("forge-keeper[{}]: {what}\n", std::process::id());
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
