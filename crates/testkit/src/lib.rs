//! What tests of several crates share: waiting for a fact, and a port that nobody has.
//!
//! A test never sleeps to be right. It asks for the fact that it waits for, again and again, and fails
//! when it does not come within a time that is long enough for a busy machine.

use std::net::TcpListener;
use std::time::{Duration, Instant};

/// How long a fact may take. Only a test that fails waits for that long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(3);

/// Asks until there is an answer.
///
/// # Panics
///
/// When there is none within [`PATIENCE`].
#[track_caller]
pub fn wait_for<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    match try_for(ask) {
        Some(answer) => answer,
        None => panic!("waited in vain for {what}"),
    }
}

/// The same; `None` when there is no answer in time.
pub fn try_for<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        forge_os::pause(PAUSE);
    }
}

/// A port of 127.0.0.1 that nobody has at this moment.
///
/// # Panics
///
/// When the machine has none left.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
