//! A process as users see it, and how far its start has come.

use std::time::Duration;

use super::needs::Hold;
use super::{Slot, Workspace, text};
use crate::event::{Health, Outcome, Status, View};
use crate::process::{Halting, Landing, Live, Pace, Phase, Process, Rest, State, Want, Wellness};
use crate::words::{self, list};

impl Workspace {
    pub(super) fn view_at(&self, place: usize) -> View {
        let slot = &self.slots[place];
        let process = &slot.process;
        let past = &process.past;
        let since = past.since;
        View {
            status: status(slot),
            health: health(&process.state),
            health_detail: verdict(&process.state),
            run: past.run,
            pid: live_pid(&process.state),
            started_unix_ns: since.map(|since| since.unix_ns),
            started_mono: since.and_then(|since| since.mono),
            restarts: past.restarts,
            exit: match past.ended {
                Some((run, ended)) if past.run == Some(run) => ended.exit(),
                Some(_) | None => None,
            },
            waiting_for: match slot.held {
                Hold::Free => Vec::new(),
                Hold::Waiting | Hold::Broken => self.unmet(place),
            },
            restart_at: restart_at(slot),
            message: self.message(place),
            wanted: process.is_wanted(),
        }
    }

    /// Why it is not as one would wish; nothing where it is.
    fn message(&self, place: usize) -> Option<String> {
        let slot = &self.slots[place];
        match slot.held {
            Hold::Broken => return Some(self.broken_need(place)),
            Hold::Free | Hold::Waiting => {}
        }
        match &slot.process.state {
            State::Down(rest) | State::Ended { rest, .. } => rest_message(rest),
            State::Live(live) => match &live.phase {
                Phase::Starting { .. } => None,
                Phase::Overdue { message } => Some(message.clone()),
                Phase::Ready(Wellness::Unwell) => Some(self.unwell(live)),
                Phase::Ready(Wellness::Unchecked | Wellness::Well | Wellness::Failing(_)) => {
                    self.pending_renewal(place)
                }
            },
            State::Halting(halting) => match &halting.landing {
                Landing::Asked(rest) | Landing::Kept(rest) => rest_message(rest),
                Landing::Fault(fault) => Some(fault.message()),
            },
            State::Stuck { pids, .. } => Some(format!("could not end {}", words::pids(pids))),
            State::Launching { .. } => None,
        }
    }

    fn unwell(&self, live: &Live) -> String {
        match &live.verdict {
            Some((detail, _)) => format!("unhealthy: {detail}"),
            None => "unhealthy".to_string(),
        }
    }

    fn pending_renewal(&self, place: usize) -> Option<String> {
        match &self.slots[place].process.want {
            Want::RenewLater => {
                let names = self.unmet(place);
                let verb = if names.len() == 1 { "is" } else { "are" };
                Some(format!("restarts once {} {verb} back", list(&names)))
            }
            Want::Up | Want::Renew | Want::Down(_) => None,
        }
    }

    pub(super) fn outcome_at(&self, place: usize) -> Outcome {
        let slot = &self.slots[place];
        let process = &slot.process;
        match &process.state {
            State::Stuck { pids, .. } => {
                return Outcome::Failed(format!("could not end {}", words::pids(pids)));
            }
            State::Down(Rest::Crashed { message, .. })
            | State::Ended {
                rest: Rest::Crashed { message, .. },
                ..
            } => return Outcome::Failed(message.clone()),
            State::Down(Rest::Exited { .. })
            | State::Ended {
                rest: Rest::Exited { .. },
                ..
            } => return Outcome::Done,
            State::Down(_)
            | State::Ended { .. }
            | State::Launching { .. }
            | State::Live(_)
            | State::Halting(_) => {}
        }
        match &process.want {
            Want::Down(_) => return Outcome::Down,
            Want::Up | Want::Renew | Want::RenewLater if slot.spec.schedule.is_some() => {
                return Outcome::Done;
            }
            Want::Renew => return Outcome::Pending("restarting".to_string()),
            Want::Up | Want::RenewLater => {}
        }
        self.outcome_of_wanted(place)
    }

    fn outcome_of_wanted(&self, place: usize) -> Outcome {
        let slot = &self.slots[place];
        match &slot.process.state {
            State::Live(live) => match &live.phase {
                Phase::Ready(_) if slot.spec.oneshot => Outcome::Pending("running".to_string()),
                Phase::Ready(_) => Outcome::Ready,
                Phase::Overdue { message } => Outcome::Failed(message.clone()),
                Phase::Starting { .. } => Outcome::Pending(match &live.verdict {
                    Some((detail, _)) => format!("not ready yet: {detail}"),
                    None => "not ready yet".to_string(),
                }),
            },
            State::Launching { .. } => Outcome::Pending("starting".to_string()),
            State::Halting(halting) => match &halting.landing {
                Landing::Kept(Rest::Crashed { message, .. }) => Outcome::Failed(message.clone()),
                Landing::Kept(Rest::Exited { .. }) => Outcome::Done,
                Landing::Kept(_) | Landing::Asked(_) | Landing::Fault(_) => {
                    Outcome::Pending("restarting".to_string())
                }
            },
            State::Down(rest) | State::Ended { rest, .. } => match slot.held {
                Hold::Broken => Outcome::Failed(self.broken_need(place)),
                Hold::Waiting => {
                    Outcome::Pending(format!("waiting for {}", list(&self.unmet(place))))
                }
                Hold::Free => Outcome::Pending(match rest {
                    Rest::Delay { message, .. } => format!("restarting: {message}"),
                    Rest::Stopped { .. }
                    | Rest::Due
                    | Rest::Again
                    | Rest::Exited { .. }
                    | Rest::Crashed { .. } => "starting".to_string(),
                }),
            },
            State::Stuck { .. } => Outcome::Down,
        }
    }
}

fn status(slot: &Slot) -> Status {
    let process = &slot.process;
    match &process.state {
        State::Down(rest) | State::Ended { rest, .. } => rest_status(slot, rest),
        State::Launching { .. } | State::Live(_) if !is_to_stay(&process.want) => Status::Stopping,
        State::Launching { .. } => Status::Starting,
        State::Live(live) => live_status(live),
        State::Halting(halting) => halting_status(&slot.process, halting),
        State::Stuck { .. } => Status::Stopped,
    }
}

fn is_to_stay(want: &Want) -> bool {
    match want {
        Want::Up | Want::RenewLater => true,
        Want::Renew | Want::Down(_) => false,
    }
}

fn live_status(live: &Live) -> Status {
    match (live.pace, &live.phase) {
        (Pace::Frozen(_), _) => Status::Paused,
        (Pace::Going, Phase::Starting { .. } | Phase::Overdue { .. }) => Status::Starting,
        (Pace::Going, Phase::Ready(_)) => Status::Running,
    }
}

fn halting_status(process: &Process, halting: &Halting) -> Status {
    match &halting.landing {
        Landing::Asked(_) | Landing::Fault(_) => Status::Stopping,
        Landing::Kept(rest) if process.is_wanted() => match rest {
            Rest::Exited { .. } => Status::Exited,
            Rest::Crashed { .. } => Status::Crashed,
            // It is to run again; only what is left of its last run is in the way.
            Rest::Stopped { .. } | Rest::Due | Rest::Again | Rest::Delay { .. } => {
                Status::Restarting
            }
        },
        Landing::Kept(_) => Status::Stopping,
    }
}

fn rest_status(slot: &Slot, rest: &Rest) -> Status {
    match rest {
        Rest::Exited { .. } => return Status::Exited,
        Rest::Crashed { .. } => return Status::Crashed,
        Rest::Stopped { .. } | Rest::Due | Rest::Again | Rest::Delay { .. } => {}
    }
    match (slot.held, rest) {
        (Hold::Broken, _) => Status::Stopped,
        (Hold::Waiting, _) => Status::Waiting,
        (Hold::Free, Rest::Again | Rest::Delay { .. }) => Status::Restarting,
        (
            Hold::Free,
            Rest::Stopped { .. } | Rest::Due | Rest::Exited { .. } | Rest::Crashed { .. },
        ) => Status::Stopped,
    }
}

fn rest_message(rest: &Rest) -> Option<String> {
    match rest {
        Rest::Stopped { why } => why.clone(),
        Rest::Delay { message, .. } | Rest::Crashed { message, .. } => Some(message.clone()),
        Rest::Due | Rest::Again | Rest::Exited { .. } => None,
    }
}

fn restart_at(slot: &Slot) -> Option<Duration> {
    match slot.process.rest() {
        Some(Rest::Delay { until, .. }) => Some(*until),
        Some(
            Rest::Stopped { .. }
            | Rest::Due
            | Rest::Again
            | Rest::Exited { .. }
            | Rest::Crashed { .. },
        )
        | None => None,
    }
}

fn health(state: &State) -> Health {
    match state {
        State::Live(live) => match &live.phase {
            Phase::Starting { .. } => Health::Checking,
            Phase::Overdue { .. } | Phase::Ready(Wellness::Unwell) => Health::Unhealthy,
            Phase::Ready(Wellness::Unchecked) => Health::None,
            Phase::Ready(Wellness::Well | Wellness::Failing(_)) => Health::Healthy,
        },
        State::Down(_)
        | State::Launching { .. }
        | State::Ended { .. }
        | State::Halting(_)
        | State::Stuck { .. } => Health::None,
    }
}

fn verdict(state: &State) -> Option<(String, u64)> {
    match state {
        State::Live(live) => live.verdict.clone(),
        State::Down(_)
        | State::Launching { .. }
        | State::Ended { .. }
        | State::Halting(_)
        | State::Stuck { .. } => None,
    }
}

fn live_pid(state: &State) -> Option<i32> {
    match state {
        State::Live(live) => Some(live.pid),
        State::Halting(halting) => text::pid(halting.leader),
        State::Down(_) | State::Launching { .. } | State::Ended { .. } | State::Stuck { .. } => {
            None
        }
    }
}
