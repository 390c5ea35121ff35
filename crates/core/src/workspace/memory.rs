//! What must be remembered of a process for a supervisor that comes later.

use forge_facts::RunId;

use super::Slot;
use crate::event::{Memory, Renew};
use crate::process::{Ended, Landing, Pace, Process, Rest, State, Then, Want};

/// What must be remembered of a process.
pub(super) fn memory(slot: &Slot) -> Memory {
    let process = &slot.process;
    let mut memory = Memory::default();
    match landing_rest(process) {
        Some(Rest::Crashed { message, then }) => {
            memory.failed = Some(message.clone());
            memory.waits_for_change = *then == Then::Change;
        }
        Some(Rest::Exited { .. }) => memory.done = true,
        Some(Rest::Due | Rest::Again) => memory.due = true,
        Some(Rest::Stopped { .. } | Rest::Delay { .. }) | None => {}
    }
    let (stopping_run, fault) = stopping(process);
    Memory {
        wanted: process.is_wanted(),
        restarts: process.past.restarts,
        crashes: process.past.failures.iter().map(|f| f.unix_ns).collect(),
        ready_run: process.past.ready,
        settled_run: process.past.settled,
        stopping_run,
        fault,
        paused: is_paused(process),
        has_ended: has_ended(process),
        matched: process.past.matched.clone(),
        renew: match &process.want {
            Want::Renew => Some(Renew::Now),
            Want::RenewLater => Some(Renew::Later),
            Want::Up | Want::Down(_) => None,
        },
        ..memory
    }
}

/// How it is down, or will be once nothing is left of it.
fn landing_rest(process: &Process) -> Option<&Rest> {
    match &process.state {
        State::Down(rest) | State::Ended { rest, .. } | State::Stuck { rest, .. } => Some(rest),
        State::Halting(halting) => match &halting.landing {
            Landing::Kept(rest) | Landing::Asked(rest) => Some(rest),
            Landing::Fault(_) => None,
        },
        State::Launching { .. } | State::Live(_) => None,
    }
}

/// The run that is being stopped, and why, where it is Forge that found fault with it.
fn stopping(process: &Process) -> (Option<RunId>, Option<String>) {
    match &process.state {
        State::Halting(halting) => match &halting.landing {
            Landing::Asked(_) => (Some(halting.run), None),
            Landing::Fault(fault) => (Some(halting.run), Some(fault.message())),
            Landing::Kept(_) => (None, None),
        },
        State::Stuck { run, .. } => (Some(*run), None),
        State::Down(_) | State::Launching { .. } | State::Live(_) | State::Ended { .. } => {
            (None, None)
        }
    }
}

fn has_ended(process: &Process) -> bool {
    match process.past.ended {
        Some((_, Ended::Ran(_))) => true,
        Some((_, Ended::NeverBegan(_))) | None => false,
    }
}

fn is_paused(process: &Process) -> bool {
    match &process.state {
        State::Live(live) => match live.pace {
            Pace::Frozen(_) => true,
            Pace::Going => false,
        },
        State::Down(_)
        | State::Launching { .. }
        | State::Ended { .. }
        | State::Halting(_)
        | State::Stuck { .. } => false,
    }
}
