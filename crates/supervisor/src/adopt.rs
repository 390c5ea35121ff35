//! A process that ran already and was taken over: watched, measured and stopped like any other, but
//! without its output, which never passed through Forge.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use forge_facts::{RunId, Scope};
use forge_os::{Pidfd, Tree};

use crate::input::{Inbox, Input};

const SIGKILL: i32 = 9;
const SIGCONT: i32 = 18;

/// How long what is left may take to be gone after SIGKILL.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// A process that was taken over.
pub(crate) struct Adopted {
    pub(crate) run: RunId,
    pub(crate) pid: i32,
    pub(crate) start_ticks: u64,
    pidfd: Arc<Pidfd>,
}

impl Adopted {
    /// Takes over a process; `start_ticks` makes sure that it is the one that was meant.
    ///
    /// # Errors
    ///
    /// When it has gone, or is another user's.
    pub(crate) fn take(
        name: &str,
        run: RunId,
        pid: i32,
        start_ticks: Option<u64>,
        inbox: Inbox,
    ) -> io::Result<Self> {
        let pidfd = Pidfd::open(pid)?;
        let ticks = forge_os::stat(pid)?.start_ticks;
        if start_ticks.is_some_and(|meant| meant != ticks) {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        let pidfd = Arc::new(pidfd);
        let (own, name) = (pidfd.clone(), name.to_string());
        std::thread::Builder::new()
            .name("adopted".to_string())
            .stack_size(64 << 10)
            .spawn(move || {
                while !own.wait_for(Duration::from_secs(3600)) {}
                let _ = inbox.send(Input::AdoptedGone { name, run });
            })?;
        Ok(Adopted {
            run,
            pid,
            start_ticks: ticks,
            pidfd,
        })
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: i32, scope: Scope) {
        if scope == Scope::Tree {
            Tree::below(self.pid).signal(&[signal]);
        }
        // It may have ended: then there is nothing to do.
        let _ = self.pidfd.signal(signal);
    }

    /// Ends it and what is below it, in a thread of its own: SIGKILL after the timeout.
    pub(crate) fn halt(&self, signal: i32, timeout: Duration) {
        let (pid, pidfd) = (self.pid, self.pidfd.clone());
        let end = move || {
            // Pinned while the leader still holds them together.
            let members = Tree::below(pid).members();
            let all = || members.iter().map(|member| &member.pidfd).chain([&*pidfd]);
            if !timeout.is_zero() {
                all().for_each(|one| {
                    let _ = one.signal(signal);
                    let _ = one.signal(SIGCONT);
                });
                let until = Instant::now() + timeout;
                all().for_each(|one| {
                    one.wait_for(until.saturating_duration_since(Instant::now()));
                });
            }
            Tree::below(pid).freeze_and_kill(KILL_PATIENCE);
            all().for_each(|one| {
                let _ = one.signal(SIGKILL);
            });
        };
        if let Err(error) = std::thread::Builder::new()
            .name("halt".to_string())
            .spawn(end)
        {
            eprintln!("supervisor: cannot end pid {pid}: {error}");
        }
    }
}
