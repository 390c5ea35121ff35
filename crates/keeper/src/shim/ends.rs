//! The ends of processes: of the leader, of its descendants, of the whole run.

use std::time::{Duration, Instant};

use forge_facts::{Custody, Entry, Exit, Record, RunId};
use forge_os::{Children, Failure, GATE_LOST_SIGNAL, Interest, Pidfd, Status};

use super::run::{Kin, Leader, Run};
use super::{Shim, token};

/// How long it is waited for those who may know how a leader ended, and how often they are asked.
pub(super) const UNCLEAR: Duration = Duration::from_secs(1);
const ASK_EVERY: Duration = Duration::from_millis(20);

/// The number of ECANCELED.
const CANCELLED: i32 = 125;

impl Shim {
    /// Looks at children that have ended: written down first, reaped then.
    pub(super) fn children_ended(&mut self) {
        let mut leader_ended = false;
        loop {
            match forge_os::peek_children() {
                Ok(Children::Ended(pid, status)) => {
                    let at = forge_os::now();
                    if self.is_leader(pid) && !self.failure_came() {
                        self.move_last_words();
                        self.leader_is_over(exit_of(status), at, at);
                        leader_ended = true;
                    }
                    let _ = forge_os::reap(pid);
                }
                Ok(Children::Alive) => {
                    if let Some(run) = self.run.as_mut().filter(|_| leader_ended) {
                        run.signal_the_rest();
                    }
                    return;
                }
                Ok(Children::None) => {
                    if let Some(run) = &mut self.run
                        && matches!((&run.kin, &run.leader), (Kin::Own, Leader::Ended))
                    {
                        run.empty = true;
                    }
                    return;
                }
                Err(error) => {
                    crate::say(&format!("{}: waitid: {error}", self.name));
                    return;
                }
            }
        }
    }

    fn is_leader(&self, child: i32) -> bool {
        self.run.as_ref().is_some_and(|run| {
            matches!(run.kin, Kin::Own)
                && matches!(run.leader, Leader::Alive { pid, .. } if pid == child)
        })
    }

    /// Whether the program runs is known now.
    pub(super) fn outcome_came(&mut self) {
        self.failure_came();
    }

    /// Reads the outcome of exec, if it is still out; `true`: it has failed, and the run is over.
    fn failure_came(&mut self) -> bool {
        let Some(run) = &mut self.run else {
            return false;
        };
        let Some(outcome) = &run.outcome else {
            return false;
        };
        let failure = match Failure::read(outcome) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
            Err(_) | Ok(None) => None,
            Ok(Some(failure)) => Some(failure),
        };
        if let Some(outcome) = run.outcome.take() {
            let _ = self.poller.remove(&outcome);
        }
        let Some(failure) = failure else {
            self.tell_spawned();
            return false;
        };
        // What never ran needs no telling that it was spawned.
        run.untold = None;
        if let Leader::Alive { pid, pidfd } = &run.leader {
            // It ends at once: nothing of it may be left when the next run is launched.
            pidfd.wait_for(Duration::from_secs(1));
            let _ = forge_os::reap(*pid);
        }
        let entry = Entry::SpawnFailed {
            run: run.id,
            step: failure.step.name().to_string(),
            errno: failure.errno,
            subject: std::mem::take(&mut run.subject),
            at: forge_os::now(),
        };
        self.end_run(entry);
        true
    }

    /// An adopted leader has ended.
    pub(super) fn leader_ended(&mut self) {
        let Some(run) = &mut self.run else {
            return;
        };
        let now = Instant::now();
        let former = std::mem::replace(&mut run.leader, Leader::Ended);
        run.leader = match former {
            Leader::Alive { pid, pidfd } => {
                let _ = self.poller.remove(&pidfd);
                Leader::Unclear {
                    pid,
                    pidfd: Some(pidfd),
                    since: forge_os::now(),
                    until: now + UNCLEAR,
                    ask_at: now,
                }
            }
            same @ (Leader::Unclear { .. } | Leader::Ended) => same,
        };
        self.move_last_words();
        self.pursue_exit(now);
    }

    /// Asks again how a leader has ended whose parent was another.
    pub(super) fn pursue_exit(&mut self, now: Instant) {
        let Some(run) = &mut self.run else {
            return;
        };
        let id = run.id;
        let Leader::Unclear {
            pid,
            pidfd,
            since,
            until,
            ask_at,
        } = &mut run.leader
        else {
            return;
        };
        if now < *ask_at {
            return;
        }
        let exits = self.layout.exits(&self.name);
        let known = known_exit(&exits, id).or_else(|| {
            let status = pidfd.as_ref().and_then(|pidfd| status_of(*pid, pidfd))?;
            Some((exit_of(status), forge_os::now()))
        });
        match known {
            Some((exit, at)) => self.leader_is_over(exit, at, at),
            None if now >= *until || pidfd.is_none() => {
                let since = *since;
                self.leader_is_over(Exit::Unknown, forge_os::now(), since);
            }
            None => *ask_at = now + ASK_EVERY,
        }
    }

    /// The keeper was the parent, and has seen the end.
    pub(super) fn keeper_saw_end(&mut self, id: RunId, status: i32, at: u64) {
        let Some(run) = self.run.as_mut().filter(|run| run.id == id) else {
            return;
        };
        match &run.leader {
            Leader::Alive { pidfd, .. } => {
                let _ = self.poller.remove(pidfd);
            }
            Leader::Unclear { .. } => {}
            Leader::Ended => return,
        }
        self.move_last_words();
        self.leader_is_over(exit_of(Status(status)), at, at);
    }

    /// Writes down how the leader ended.
    fn leader_is_over(&mut self, exit: Exit, at: u64, since: u64) {
        let Some(run) = &mut self.run else {
            return;
        };
        let id = run.id;
        let adopted = matches!(run.kin, Kin::Adopted(_));
        run.leader = Leader::Ended;
        let gate = Exit::Signal {
            signal: GATE_LOST_SIGNAL,
            core: false,
        };
        if adopted && exit == gate {
            // Its shim died before it let the child go: nothing of the program has run.
            self.end_run(Entry::SpawnFailed {
                run: id,
                step: "gate".to_string(),
                errno: CANCELLED,
                subject: Vec::new(),
                at,
            });
            return;
        }
        self.record(Entry::Exited {
            run: id,
            exit,
            at,
            since,
        });
        if adopted {
            if let Some(run) = &mut self.run {
                run.signal_the_rest();
            }
            self.watch_members();
        }
    }

    /// One of the adopted members has ended.
    pub(super) fn member_ended(&mut self) {
        let Some(run) = &self.run else {
            return;
        };
        let Kin::Adopted(tree) = &run.kin else {
            return;
        };
        let mut alive = false;
        for member in tree.known() {
            if member.pidfd.has_ended() {
                let _ = self.poller.remove(&member.pidfd);
            } else {
                alive = true;
            }
        }
        if !alive {
            self.watch_members();
        }
    }

    /// Finds the members of an adopted tree anew, and waits for their ends.
    pub(super) fn watch_members(&mut self) {
        let Some(run) = &mut self.run else {
            return;
        };
        let Kin::Adopted(tree) = &mut run.kin else {
            return;
        };
        tree.remember();
        for member in tree.known() {
            let _ = self
                .poller
                .add(&member.pidfd, token::MEMBER, Interest::Read);
        }
        run.empty = tree.known().is_empty() && matches!(run.leader, Leader::Ended);
    }

    /// Writes down the end of a run of which nothing is left.
    pub(super) fn finish_if_gone(&mut self) {
        if !self.run.as_ref().is_some_and(|run| run.empty) || !self.drain_output() {
            return;
        }
        let Some(run) = &self.run else {
            return;
        };
        let entry = Entry::Gone {
            run: run.id,
            at: forge_os::now(),
            killed: run.killed,
        };
        self.end_run(entry);
    }

    /// The run is over, with this as its last entry.
    pub(super) fn end_run(&mut self, entry: Entry) {
        let Some(mut run) = self.run.take() else {
            return;
        };
        run.forget(&self.poller);
        let id = run.id;
        drop(run);
        self.record(entry);
        self.release_custody(id, None);
        let _ = std::fs::remove_file(self.layout.exits(&self.name));
        if let Err(error) = self.journal.compact() {
            crate::say(&format!("{}: journal: {error}", self.name));
        }
    }
}

impl Run {
    /// Takes all of it out of what is waited for: copies that the keeper holds would keep it in.
    fn forget(&mut self, poller: &forge_os::Poller) {
        for outlet in &self.outlets {
            let _ = poller.remove(outlet.channel.waits_on());
        }
        self.input.forget(poller);
        if let Leader::Alive { pidfd, .. } = &self.leader {
            let _ = poller.remove(pidfd);
        }
        if let Some(outcome) = &self.outcome {
            let _ = poller.remove(outcome);
        }
    }
}

/// What the keeper has written down about the end of this run's leader.
fn known_exit(path: &std::path::Path, id: RunId) -> Option<(Exit, u64)> {
    let bytes = std::fs::read(path).ok()?;
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .find_map(
            |line| match Custody::from_record(&Record::decode(line).ok()?).ok()?? {
                Custody::Ended { run, status, at } if run == id => {
                    Some((exit_of(Status(status)), at))
                }
                Custody::Ended { .. } | Custody::Hold { .. } | Custody::Drop { .. } => None,
            },
        )
}

/// How a process has ended that is not our child, where the kernel says so.
fn status_of(pid: i32, pidfd: &Pidfd) -> Option<Status> {
    if let Some(status) = pidfd.exit_status() {
        return Some(status);
    }
    let status = forge_os::zombie_status(pid)?;
    // As long as it is a zombie its pid cannot have been given to another one.
    let same = Pidfd::open(pid).ok()?.inode().ok()? == pidfd.inode().ok()?;
    (same && pidfd.has_ended()).then_some(status)
}

fn exit_of(status: Status) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some((signal, core))) => Exit::Signal { signal, core },
        (None, None) => Exit::Unknown,
    }
}
