//! What a script would do for this repository, in the language that everybody here has installed.
//!
//! `cargo xtask demo` starts the demo environment, `cargo xtask test` installs what the tests need
//! and passes them all, `cargo xtask tidy` checks the house rules that no compiler knows.

mod bench;
mod demo;
mod deny;
mod eval;
mod faults;
mod fuzz;
mod ground;
mod long_run;
mod needs;
mod project;
mod scale;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  demo [--release]  build, and start the demo environment (needs nothing but Rust)
  test [ARGUMENT…]  install what the tests need (says so first), then `cargo test --workspace ARGUMENT…`
  tidy              check the house rules
  deny              check licences, sources and advisories of all dependencies
  faults [WORD…]    inject faults into the real program, in two surroundings (docs/faults.md)
  fuzz [TARGET…] [--seconds N] [--seed N]
                    give the readers of foreign input whatever chance makes of their corpus
  scale [--seconds N] [--processes N] [--lines N] [--idle N]
                    500 processes that write for ten minutes, 1,000 that do nothing, long chains
  long-run [--minutes N]
                    an hour of changes, with everything flat at the end
  bench [PART…]     measure the release build: start, restart, kill, idle, logs, follow
  eval WHAT FILE    score what is recognised (levels, events, traces, detect) against a file of cases";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["demo"] => demo::run(false),
        ["demo", "--release"] => demo::run(true),
        ["test", ..] => test::run(&arguments[1..]),
        ["tidy"] => tidy::run(),
        ["deny"] => deny::run(),
        ["faults", ..] => faults::run(&arguments[1..]),
        ["scale", ..] => scale::run(&arguments[1..]),
        ["scale-writer", rate, until] => scale::write(rate, until.as_ref()),
        ["long-run", ..] => long_run::run(&arguments[1..]),
        ["fuzz", ..] => fuzz::run(&arguments[1..]),
        ["bench", parts @ ..] => bench::run(parts),
        ["write-lines", count] => bench::write_lines(count),
        ["stamps", lines, burst] => bench::write_stamps(lines, burst),
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
