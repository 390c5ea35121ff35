//! The state machine of one process: how runs end.

use std::time::Duration;

use forge_facts::{Exit, RunId};

use super::deeds::{notice, unprobe};
use super::judge::{self, End};
use super::{Ended, Halting, Landing, Leader, Out, Process, Rest, State, Want};
use crate::event::{Effect, Hook, NoticeKind, Now};
use crate::restart::Repeats;
use crate::spec::ProcessSpec;
use crate::words;

/// How a leader has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) exit: Exit,
    pub(super) repeats: Repeats,
    pub(super) uptime: Option<Duration>,
}

impl Told {
    fn nothing() -> Self {
        Told {
            exit: Exit::Unknown,
            repeats: Repeats::Perhaps,
            uptime: None,
        }
    }
}

/// The leader has ended.
pub(super) fn exited(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    told: Told,
    now: Now,
    out: &mut Out,
) {
    let uptime = match &mut process.state {
        State::Launching { run: ours, .. } if *ours == run => Duration::ZERO,
        State::Live(live) if live.run == run => {
            let uptime = live.since.lasted(now);
            unprobe(spec, out);
            uptime
        }
        State::Halting(halting) if halting.run == run && halting.leader != Leader::Dead => {
            exited_while_halting(spec, process, run, told, now, out);
            return;
        }
        State::Stuck { run: ours, .. } if *ours == run => {
            process.past.ended = Some((run, Ended::Ran(told.exit)));
            process.past.settled = Some(run);
            return;
        }
        State::Launching { .. }
        | State::Live(_)
        | State::Ended { .. }
        | State::Halting(_)
        | State::Stuck { .. }
        | State::Down(_) => return,
    };
    process.past.ended = Some((run, Ended::Ran(told.exit)));
    process.past.settled = Some(run);
    let end = end(run, told, uptime);
    let rest = match unwanted_end(process) {
        Some(rest) => rest,
        None => judge::ended(spec, process, end, now, out),
    };
    process.state = State::Ended { run, rest };
}

fn end(run: RunId, told: Told, uptime: Duration) -> End {
    End {
        run,
        exit: told.exit,
        uptime: told.uptime.unwrap_or(uptime),
        repeats: told.repeats,
    }
}

/// How it rests if it was to go down anyway; whoever wanted it renewed has got what he wanted.
pub(super) fn unwanted_end(process: &mut Process) -> Option<Rest> {
    match &process.want {
        Want::Down(down) => Some(Rest::Stopped {
            why: down.why.clone(),
        }),
        Want::Renew => {
            process.want = Want::Up;
            Some(Rest::Again)
        }
        Want::RenewLater => {
            process.want = Want::Up;
            None
        }
        Want::Up => None,
    }
}

fn exited_while_halting(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    told: Told,
    now: Now,
    out: &mut Out,
) {
    process.past.ended = Some((run, Ended::Ran(told.exit)));
    process.past.settled = Some(run);
    let State::Halting(halting) = &mut process.state else {
        return;
    };
    let uptime = match halting.leader {
        Leader::Alive { since, .. } => since.lasted(now),
        Leader::Unborn | Leader::Dead => Duration::ZERO,
    };
    halting.leader = Leader::Dead;
    let Landing::Fault(fault) = halting.landing.clone() else {
        return;
    };
    let rest = judge::faulted(spec, process, fault, end(run, told, uptime), now, out);
    if let State::Halting(halting) = &mut process.state {
        halting.landing = Landing::Kept(rest);
    }
}

/// Nothing is left of a run.
pub(super) fn gone(spec: &ProcessSpec, process: &mut Process, run: RunId, now: Now, out: &mut Out) {
    if process.live_run() != Some(run) {
        return;
    }
    match &process.state {
        // Its exit was never told.
        State::Launching { .. } | State::Live(_) => {
            exited(spec, process, run, Told::nothing(), now, out);
        }
        State::Halting(Halting {
            leader: Leader::Alive { .. },
            ..
        }) => exited_while_halting(spec, process, run, Told::nothing(), now, out),
        State::Stuck { .. } if process.past.settled != Some(run) => {
            process.past.ended = Some((run, Ended::Ran(Exit::Unknown)));
        }
        State::Halting(_) | State::Ended { .. } | State::Stuck { .. } | State::Down(_) => {}
    }
    process.past.settled = Some(run);
    let rest = match &process.state {
        State::Ended { rest, .. } | State::Stuck { rest, .. } => rest.clone(),
        State::Halting(halting) => landed(&halting.landing),
        State::Launching { .. } | State::Live(_) | State::Down(_) => return,
    };
    land(spec, process, rest, out);
}

fn landed(landing: &Landing) -> Rest {
    match landing {
        Landing::Asked(rest) | Landing::Kept(rest) => rest.clone(),
        // A fault is judged when the leader ends; where none was born there is nothing to judge.
        Landing::Fault(_) => Rest::Again,
    }
}

/// Nothing of it is left.
pub(super) fn land(spec: &ProcessSpec, process: &mut Process, rest: Rest, out: &mut Out) {
    if let (Rest::Stopped { why }, Want::Down(_)) = (&rest, &process.want) {
        let message = match why {
            Some(why) => format!("stopped: {why}"),
            None => "stopped".to_string(),
        };
        notice(spec, NoticeKind::Stopped, message, out);
        if spec.hooks.after_stop.is_some() {
            out.effects.push(Effect::Hook {
                name: spec.name.clone(),
                hook: Hook::AfterStop,
            });
        }
    }
    process.state = State::Down(rest);
}

/// A stop has ended, and these live on.
pub(super) fn left(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    pids: Vec<i32>,
    out: &mut Out,
) {
    let State::Halting(halting) = &process.state else {
        return;
    };
    if halting.run != run {
        return;
    }
    let rest = landed(&halting.landing);
    let text = format!("could not end {}", words::pids(&pids));
    notice(spec, NoticeKind::Warning, text, out);
    process.state = State::Stuck { run, pids, rest };
}
