//! What a script would do for this repository, in the language that everybody here has installed.
//!
//! `cargo xtask demo` starts the demo environment, `cargo xtask test` installs what the tests need
//! and passes them all, `cargo xtask tidy` checks the house rules that no compiler knows.

mod bench;
mod demo;
mod eval;
mod needs;
mod project;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  demo [--release]  build, and start the demo environment (needs nothing but Rust)
  test [ARGUMENT…]  install what the tests need (says so first), then `cargo test --workspace ARGUMENT…`
  tidy              check the house rules
  bench [PART…]     measure the release build: start, restart, kill, idle, logs
  eval WHAT FILE    score what is recognised (levels, events, traces, detect) against a file of cases";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["demo"] => demo::run(false),
        ["demo", "--release"] => demo::run(true),
        ["test", ..] => test::run(&arguments[1..]),
        ["tidy"] => tidy::run(),
        ["bench", parts @ ..] => bench::run(parts),
        ["write-lines", count] => bench::write_lines(count),
        ["eval", what, file] => eval::run(what, file.as_ref()),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
