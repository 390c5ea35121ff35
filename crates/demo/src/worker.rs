//! The worker: takes jobs from the store and counts the words of notes.
//!
//! It logs as several programs would: bracketed levels, now and then a JSON line, and a progress
//! bar that rewrites its line. It outlives the store: while that is away it says so and tries on.

use std::thread;
use std::time::Duration;

use crate::client::Client;
use crate::json::quote;
use crate::{Failure, listen, log};

/// Pause between two looks at the queue.
const TICK: Duration = Duration::from_millis(500);
/// Every so many looks the index is built anew, with a progress bar.
const INDEX_EVERY: u64 = 40;
/// Every so many looks the worker says what it did.
const REPORT_EVERY: u64 = 12;

/// Works until the process is ended.
///
/// # Errors
///
/// `STORE` is not set.
pub(crate) fn run() -> Result<(), Failure> {
    let mut store = Client::new(listen::address_of("STORE")?);
    log::line("[INFO] worker ready, waiting for jobs");
    let mut done = 0;
    for look in 1_u64.. {
        match work(&mut store) {
            Ok(jobs) => done += jobs,
            Err(failure) => log::error(&format!("[ERROR] {failure}")),
        }
        if look % INDEX_EVERY == 0 {
            build_index();
        } else if look % REPORT_EVERY == 0 {
            report(done);
        }
        thread::sleep(TICK);
    }
    Ok(())
}

/// Does all jobs that are queued; their number.
fn work(store: &mut Client) -> Result<u64, Failure> {
    let mut jobs = 0;
    while let Some(id) = store.value("POP jobs")? {
        jobs += 1;
        let Some(text) = store.value(&format!("GET note:{id}"))? else {
            log::line(&format!("[WARN] job {id} names a note that does not exist"));
            continue;
        };
        let words = text.split_whitespace().count();
        store.ask(&format!("SET words:{id} {words}"))?;
        log::line(&format!("[INFO] counted note {id}: {words} words"));
    }
    if jobs == 0 {
        log::line("[DEBUG] queue is empty");
    }
    Ok(jobs)
}

fn build_index() {
    for percent in (0..=100).step_by(10) {
        let bar = "#".repeat(percent / 10);
        log::raw(&format!("\rbuilding index [{bar:<10}] {percent:>3}%"));
        thread::sleep(TICK / 10);
    }
    log::raw("\n");
    log::line("[WARN] index is 90% stop words; consider a longer list");
}

fn report(done: u64) {
    let message = quote(&format!("{done} jobs done, 0 errors"));
    log::line(&format!(
        "{{\"level\":\"info\",\"msg\":{message},\"jobs\":{done}}}"
    ));
}
