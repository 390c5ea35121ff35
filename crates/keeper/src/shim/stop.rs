//! Ending a run: signal, wait for what the kernel tells, kill what is left, make sure.

use std::time::{Duration, Instant};

use forge_facts::{Entry, RunId, Scope};
use forge_os::signal;

use super::Shim;
use super::run::{Leader, Run};

/// How long a tree may take to stand still before it is killed as it is.
const FREEZE: Duration = Duration::from_secs(1);

/// How long after a kill it is looked again, and how often, until what is left is named.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
const KILLS: u32 = 4;

/// How far a stop has come.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Nobody has asked for it.
    No,
    /// Signalled; the rest is killed at this time.
    Asked {
        signal: i32,
        kill_at: Instant,
        /// Who has got the signal; `None` where only the leader was meant.
        signalled: Option<Vec<i32>>,
    },
    /// Killed so many times.
    Killed { times: u32, look_at: Instant },
    /// What is left was named.
    Left,
}

impl Ending {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Ending::No | Ending::Left => None,
            Ending::Asked { kill_at, .. } => Some(*kill_at),
            Ending::Killed { look_at, .. } => Some(*look_at),
        }
    }
}

impl Shim {
    /// Begins to end the run, or shortens the wait.
    pub(super) fn stop(&mut self, id: RunId, number: i32, scope: Scope, timeout_ms: u64) {
        let Some(run) = self.run.as_mut().filter(|run| run.id == id) else {
            self.tell_end_again("stop", id);
            return;
        };
        if !(1..=signal::LAST).contains(&number) {
            self.refuse("stop", Some(id), format!("there is no signal {number}"));
            return;
        }
        let now = Instant::now();
        let wanted = now
            .checked_add(Duration::from_millis(timeout_ms))
            .unwrap_or_else(|| now + Duration::from_secs(86_400 * 365));
        let (former, kill_at) = match &run.ending {
            Ending::No | Ending::Left => (None, wanted),
            Ending::Asked {
                signal, kill_at, ..
            } => (Some(*signal), (*kill_at).min(wanted)),
            Ending::Killed { .. } => return,
        };
        if former == Some(number) || timeout_ms == 0 {
            if let Ending::Asked { kill_at: at, .. } = &mut run.ending {
                *at = kill_at;
            } else {
                run.ending = Ending::Asked {
                    signal: number,
                    kill_at,
                    signalled: None,
                };
            }
        } else {
            let signalled = send(run, &[number, signal::CONTINUE], scope);
            run.ending = Ending::Asked {
                signal: number,
                kill_at,
                signalled,
            };
        }
        self.pursue_stop(now);
    }

    /// Sends a signal and nothing more.
    pub(super) fn signal(&mut self, id: RunId, number: i32, scope: Scope) {
        let why = match self.run.as_mut().filter(|run| run.id == id) {
            None => "that run is over".to_string(),
            Some(_) if !(1..=signal::LAST).contains(&number) => {
                format!("there is no signal {number}")
            }
            Some(run) => match (scope, &run.leader) {
                (Scope::Leader, Leader::Unclear { .. } | Leader::Ended) => {
                    "its process has ended".to_string()
                }
                (Scope::Leader, Leader::Alive { pidfd, .. }) => match pidfd.signal(number) {
                    Ok(()) => return,
                    Err(error) => error.to_string(),
                },
                (Scope::Tree, _) => {
                    send(run, &[number], scope);
                    return;
                }
            },
        };
        self.refuse("signal", Some(id), why);
    }

    /// Does what is due of a stop.
    pub(super) fn pursue_stop(&mut self, now: Instant) {
        let Some(run) = &mut self.run else {
            return;
        };
        let times = match &run.ending {
            Ending::Asked { kill_at, .. } if now >= *kill_at => 0,
            Ending::Killed { times, look_at } if now >= *look_at => *times,
            Ending::No | Ending::Asked { .. } | Ending::Killed { .. } | Ending::Left => return,
        };
        if times < KILLS {
            run.killed = true;
            run.freeze_and_kill(FREEZE);
            run.ending = Ending::Killed {
                times: times + 1,
                look_at: Instant::now() + LOOK_AGAIN,
            };
            self.watch_members();
            return;
        }
        let pids: Vec<i32> = run.members().iter().map(|member| member.pid).collect();
        if pids.is_empty() {
            // Ended between two looks: the kernel's word for it is on its way.
            run.ending = Ending::Killed {
                times,
                look_at: Instant::now() + LOOK_AGAIN,
            };
            return;
        }
        run.ending = Ending::Left;
        let entry = Entry::Left {
            run: run.id,
            pids,
            at: forge_os::now(),
        };
        self.record(entry);
    }
}

impl Run {
    /// The leader has ended on a signal to the tree: what it was just starting then has missed it.
    pub(super) fn signal_the_rest(&mut self) {
        let Ending::Asked {
            signal: number,
            signalled: Some(signalled),
            ..
        } = &self.ending
        else {
            return;
        };
        let (number, mut signalled) = (*number, signalled.clone());
        for member in self.members() {
            if !signalled.contains(&member.pid) {
                signalled.push(member.pid);
                let _ = member.pidfd.signal(number);
                let _ = member.pidfd.signal(signal::CONTINUE);
            }
        }
        if let Ending::Asked { signalled: all, .. } = &mut self.ending {
            *all = Some(signalled);
        }
    }
}

/// Signals the tree or the leader; what a leader that has ended left behind is always meant whole.
/// Says who has got it, where that was the tree.
fn send(run: &mut Run, signals: &[i32], scope: Scope) -> Option<Vec<i32>> {
    match (scope, &run.leader) {
        (Scope::Leader, Leader::Alive { pidfd, .. }) => {
            for number in signals {
                let _ = pidfd.signal(*number);
            }
            None
        }
        (Scope::Leader, Leader::Unclear { .. } | Leader::Ended) | (Scope::Tree, _) => {
            let members = run.members();
            for member in &members {
                for number in signals {
                    // It may have ended, or belong to another user: who is left is seen later.
                    let _ = member.pidfd.signal(*number);
                }
            }
            Some(members.iter().map(|member| member.pid).collect())
        }
    }
}
