//! The keeper's children: those that it has started, and those that dead shims have left to it.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use forge_facts::{Custody, RunId};
use forge_os::{Children, ProcessState, Status};

use super::Keeper;

/// How long one of ours may be stopped by a signal until it is replaced.
const STOPPED: Duration = Duration::from_secs(1);

impl Keeper {
    /// Looks at children that have ended or were stopped.
    pub(super) fn children_ended(&mut self) {
        while let Ok(Children::Ended(pid, status)) = forge_os::peek_children() {
            let shim = self.shims.iter().position(|shim| {
                shim.process()
                    .is_some_and(|process| process.ours && process.pid == pid)
            });
            if self.supervisor.pid() == Some(pid) {
                self.supervisor_ended(status);
            } else if let Some(place) = shim {
                self.shim_ended(place);
            } else {
                self.orphan_ended(pid, status);
            }
            // Only now: what it was and how it ended has been written down.
            let _ = forge_os::reap(pid);
        }
        if forge_os::any_child_stopped() {
            self.look_at = Some(Instant::now());
        }
    }

    /// Somebody else's child; if it was the leader of a run, its end is written down for the shim.
    fn orphan_ended(&mut self, pid: i32, status: Status) {
        let at = forge_os::now();
        // Its shim may have died a moment ago, and that was not seen yet.
        while let Some(place) = self.shims.iter().position(|shim| {
            shim.process()
                .is_some_and(|process| process.pidfd.has_ended())
        }) {
            self.shim_ended(place);
        }
        let ticks = forge_os::stat(pid).map(|stat| stat.start_ticks).ok();
        let led = self.shims.iter().position(|shim| {
            shim.open.as_ref().is_some_and(|open| {
                let same = ticks.is_none_or(|ticks| ticks == open.leader.start_ticks);
                open.leader.pid == pid && same && !open.exited
            })
        });
        let Some(place) = led else {
            return;
        };
        let shim = &mut self.shims[place];
        let Some(open) = &mut shim.open else {
            return;
        };
        open.exited = true;
        let run = open.run;
        let ended = Custody::Ended {
            run,
            status: status.0,
            at,
        };
        let name = shim.name.clone();
        self.write_exit(&name, run, &ended);
        self.shims[place].send(&ended.to_record(), &self.poller);
    }

    fn write_exit(&self, name: &str, run: RunId, ended: &Custody) {
        let path = self.layout.exits(name);
        let written = File::options()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(forge_os::NO_FOLLOW | forge_os::NO_BLOCK)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(&ended.to_record().encode())?;
                file.sync_data()
            });
        if let Err(error) = written {
            crate::say(&format!(
                "{name}: the end of run {run} is not written down: {error}"
            ));
        }
    }

    /// Replaces those of ours that somebody has stopped: they would do nothing, and say nothing.
    pub(super) fn look_for_stopped(&mut self, now: Instant) {
        let is_stopped =
            |pid: i32| forge_os::stat(pid).is_ok_and(|stat| stat.state == ProcessState::Stopped);
        let mut again = false;
        let mut due = |since: &mut Option<Instant>, stopped: bool| {
            if !stopped {
                *since = None;
                return false;
            }
            let since = *since.get_or_insert(now);
            again = true;
            now.saturating_duration_since(since) >= STOPPED
        };
        if let Some(pid) = self.supervisor.pid()
            && due(&mut self.supervisor.stopped_since, is_stopped(pid))
        {
            crate::say("the supervisor is stopped: it is replaced");
            self.supervisor.kill();
        }
        for shim in &mut self.shims {
            let stopped = shim
                .process()
                .is_some_and(|process| is_stopped(process.pid));
            if due(&mut shim.stopped_since, stopped) {
                crate::say(&format!(
                    "{}: its shim is stopped: it is replaced",
                    shim.name
                ));
                shim.kill();
            }
        }
        if again {
            self.look_at = Some(now + STOPPED);
        }
    }

    /// Of those that are not our children the kernel does not tell when they are stopped.
    pub(super) fn look_at_strangers(&mut self, now: Instant) {
        let strange = self
            .shims
            .iter()
            .any(|shim| shim.process().is_some_and(|process| !process.ours));
        if strange {
            self.look_for_stopped(now);
        }
    }
}
