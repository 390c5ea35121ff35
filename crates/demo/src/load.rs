//! The load: steady requests, so that there is something to watch in the figures.

use std::env;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Failure, http, listen, log};

/// Sends requests until the process is ended, and sums up each second.
///
/// # Errors
///
/// `API` is not set, or `RATE` is not a number from 1 to 10000.
pub(crate) fn run() -> Result<(), Failure> {
    let api = listen::address_of("API")?;
    let rate = env::var("RATE").unwrap_or_else(|_| "50".into());
    let rate: u32 = match rate.parse() {
        Ok(rate @ 1..=10_000) => rate,
        _ => return Err(format!("RATE is {rate:?}: it must be from 1 to 10000").into()),
    };
    log::line(&format!("info: sending {rate} requests a second to {api}"));
    loop {
        let second = Instant::now();
        let mut errors = 0;
        let mut busy = Duration::ZERO;
        for request in 0..rate {
            let due = Duration::from_secs(1) * request / rate;
            thread::sleep(due.saturating_sub(second.elapsed()));
            let begin = Instant::now();
            let answer = http::fetch(&api, "GET", "/count", "");
            busy += begin.elapsed();
            errors += u32::from(!matches!(answer, Ok((200, _))));
        }
        let level = if errors == 0 { "info" } else { "warn" };
        log::line(&format!(
            "{level}: {rate} requests, {errors} errors, {:.1?} each",
            busy / rate
        ));
    }
}
