//! Short answers about one process that the walks along the graph ask for.

use std::time::Duration;

use super::Slot;
use crate::event::{Effect, NoticeKind};
use crate::process::{After, Landing, Pace, Phase, Process, Rest, State, Want};

/// Whether it is down, or nearly, and to go as soon as it has what it needs.
pub(super) fn is_to_go(slot: &Slot, mono: Duration) -> bool {
    match &slot.process.want {
        Want::Up | Want::RenewLater => {}
        Want::Renew | Want::Down(_) => return false,
    }
    match slot.process.rest() {
        Some(Rest::Stopped { .. }) => slot.spec.schedule.is_none(),
        Some(Rest::Due | Rest::Again) => true,
        Some(Rest::Delay { until, .. }) => *until <= mono,
        Some(Rest::Exited { .. } | Rest::Crashed { .. }) | None => false,
    }
}

/// Whether it lives and is on its way down.
pub(super) fn is_leaving(process: &Process) -> bool {
    match (&process.state, &process.want) {
        (State::Halting(_), _) => true,
        (_, Want::Down(_) | Want::Renew) => process.is_alive(),
        (_, Want::Up | Want::RenewLater) => false,
    }
}

pub(super) fn is_forgotten(process: &Process) -> bool {
    match (&process.state, &process.want) {
        (State::Down(_), Want::Down(down)) => down.after == After::Forget,
        (State::Down(_), Want::Up | Want::Renew | Want::RenewLater)
        | (
            State::Launching { .. }
            | State::Live(_)
            | State::Ended { .. }
            | State::Halting(_)
            | State::Stuck { .. },
            _,
        ) => false,
    }
}

/// What a run that has been judged rests as, if nobody has taken that back; else stopped.
pub(super) fn kept_or_stopped(process: &Process, why: Option<String>) -> Landing {
    let judged = match &process.state {
        State::Ended { rest, .. } => Some(rest),
        State::Halting(halting) => match &halting.landing {
            Landing::Kept(rest) => Some(rest),
            Landing::Asked(_) | Landing::Fault(_) => None,
        },
        State::Down(_) | State::Launching { .. } | State::Live(_) | State::Stuck { .. } => None,
    };
    match judged {
        Some(rest @ (Rest::Exited { .. } | Rest::Crashed { .. })) => Landing::Kept(rest.clone()),
        Some(Rest::Stopped { .. } | Rest::Due | Rest::Again | Rest::Delay { .. }) | None => {
            Landing::Asked(Rest::Stopped { why })
        }
    }
}

/// When time alone changes something for a process: its restart, the end of its start period, the
/// end of the patience of those who wait for a line.
pub(super) fn deadlines(slot: &Slot, heard: bool) -> [Option<Duration>; 2] {
    match &slot.process.want {
        Want::Up | Want::RenewLater => {}
        Want::Renew | Want::Down(_) => return [None, None],
    }
    match &slot.process.state {
        State::Down(Rest::Delay { until, .. })
        | State::Ended {
            rest: Rest::Delay { until, .. },
            ..
        } => [Some(*until), None],
        State::Live(live) => match (live.pace, &live.phase) {
            (Pace::Frozen(_), _) => [None, None],
            (Pace::Going, Phase::Starting { until }) => {
                [Some(*until), heard.then_some(live.patience)]
            }
            (Pace::Going, Phase::Overdue { .. } | Phase::Ready(_)) => {
                [heard.then_some(live.patience), None]
            }
        },
        State::Down(_)
        | State::Ended { .. }
        | State::Launching { .. }
        | State::Halting(_)
        | State::Stuck { .. } => [None, None],
    }
}

/// Something people should know.
pub(super) fn notice(slot: &Slot, message: String, effects: &mut Vec<Effect>) {
    effects.push(Effect::Notice {
        name: slot.spec.name.clone(),
        kind: NoticeKind::Warning,
        message,
    });
}
