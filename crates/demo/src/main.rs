//! Small services that need nothing but this binary, so that a first look at Forge takes a minute.
//!
//! # Theory of operation
//!
//! A demo environment has to behave like a real one: services that depend on each other, keep data,
//! listen on ports, log at several levels, and sometimes crash. Databases and language runtimes are
//! not on every machine, so each service here is a subcommand that uses the standard library only.
//!
//! ```text
//! load → api → store ← worker
//! web  ↗         ↑
//!             migrate (once)
//! ```
//!
//! Each service has its own way to log (plain, logfmt, bracketed, JSON, a progress bar), because a
//! real environment is never uniform. A service listens on `PORT` of 127.0.0.1 and finds the others
//! by `STORE` and `API` (`host:port`). A panic in any thread ends the whole process, as a crash
//! should.

mod api;
mod client;
mod http;
mod json;
mod listen;
mod load;
mod log;
mod migrate;
mod store;
mod table;
mod web;
mod worker;

use std::error::Error;
use std::panic;
use std::process::{self, ExitCode};

/// What any service may fail with; `main` prints it.
type Failure = Box<dyn Error + Send + Sync>;

const USAGE: &str = "usage: forge-demo SERVICE

services:
  store [FILE]  key-value store on PORT; keeps its data in FILE, or in memory only
  migrate       prepares the store at STORE, then ends
  api           HTTP service on PORT that keeps notes in the store at STORE
  worker        takes jobs from the store at STORE
  web           web page on PORT that talks to the service at API
  load          sends requests to the service at API (RATE a second, 50 by default)";

fn main() -> ExitCode {
    end_on_panic();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["store"] => store::serve(None),
        ["store", file] => store::serve(Some(file.as_ref())),
        ["migrate"] => migrate::run(),
        ["api"] => api::serve(),
        ["worker"] => worker::run(),
        ["web"] => web::serve(),
        ["load"] => load::run(),
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
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// A service whose one thread has panicked would go on half alive; let it crash as a whole.
fn end_on_panic() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        print(what);
        process::exit(101);
    }));
}
