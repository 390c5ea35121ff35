//! The migration: prepares the store once and ends; run again, it finds nothing to do.

use crate::client::Client;
use crate::{Failure, listen, log};

/// What each version of the data adds, oldest first.
const STEPS: [(&str, &[&str]); 2] = [
    ("create counters", &["ADD requests 0", "ADD notes 0"]),
    (
        "add a first note",
        &[
            "ADD notes 1",
            "SET note:1 Welcome to the demo",
            "PUSH jobs 1",
        ],
    ),
];

/// Applies the steps that the store has not seen.
///
/// # Errors
///
/// The store cannot be reached or refuses a step.
pub(crate) fn run() -> Result<(), Failure> {
    let mut store = Client::new(listen::address_of("STORE")?);
    let done: usize = store
        .value("GET schema")?
        .unwrap_or_default()
        .parse()
        .unwrap_or(0);
    for (number, (name, requests)) in STEPS.iter().enumerate().skip(done) {
        for request in *requests {
            store.ask(request)?;
        }
        store.ask(&format!("SET schema {}", number + 1))?;
        log::line(&format!("applied migration {}: {name}", number + 1));
    }
    log::line(&format!("schema is at version {}", STEPS.len().max(done)));
    Ok(())
}
