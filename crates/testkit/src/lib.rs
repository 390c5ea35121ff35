//! What tests of several crates share: waiting for a fact, a port that nobody has, a program in a
//! surrounding of its own, and a table of cases that is run.
//!
//! A test never sleeps to be right. It asks for the fact that it waits for, again and again, and fails
//! when it does not come within a time that is long enough for a busy machine.

mod cases;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub use cases::{Case, run_cases};

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

/// A program with these words in a workspace, without a terminal, and with nothing of this process's
/// environment but the PATH. What Forge keeps lies in `base`.
pub fn program_in(program: &str, words: &[&str], workspace: &Path, base: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(words)
        .current_dir(workspace)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", base)
        .env("TZ", "UTC")
        .env("FORGE_STATE_DIR", base.join("state"))
        .env("FORGE_RUNTIME_DIR", base.join("runtime"))
        .stdin(Stdio::null());
    command
}
