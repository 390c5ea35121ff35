//! The binary `forge`: arguments, output, exit codes, and putting the parts together.
//!
//! # Theory of operation
//!
//! One program is two: the command line, and the supervisor (`forge daemon run`, started by the
//! keeper). Which one it is, the first words say, before anything else is built up.
//!
//! The command line knows the supervisor only through its API ([`connect`]). One verb is one file in
//! [`commands`]; [`args`] is the grammar of all of them. A command returns an exit code or a
//! [`failure::Failure`], and [`cli`] is the one place that turns this into the end of the process.
//! Standard output may close at any time ([`output::out`]), the supervisor may die at any time
//! ([`connect::Link::ask`]); neither is an error.

mod args;
mod cli;
mod commands;
mod completion;
mod configuration;
mod connect;
mod console;
mod context;
mod editor;
mod failure;
mod keeper;
mod offline;
mod output;
mod place;
mod supervisor;
mod tail;
mod targets;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let word = |at: usize| words.get(at).and_then(|word| word.to_str());
    match (word(1), word(2)) {
        (Some("daemon"), Some("run")) => supervisor::run(&words[3..]),
        (Some("selftest"), Some(commands::selftest::writer::FLAG)) => {
            commands::selftest::writer::run()
        }
        _ => cli::main(words),
    }
}
