//! What the graph decides of a process: go, halt, freeze; and what time decides: overdue.

use std::time::Duration;

use forge_facts::RunId;

use super::{
    Fault, Halting, Haste, Landing, Leader, Live, Out, Pace, Phase, Process, Rest, Start, State,
    Want,
};
use crate::event::{Effect, NoticeKind, Now};
use crate::health::{self, Turn};
use crate::spec::{OnUnhealthy, ProcessSpec};

/// Begins a run. Only a process of which nothing lives can go; any other is left as it is.
pub(crate) fn go(spec: &ProcessSpec, process: &mut Process, run: RunId, out: &mut Out) {
    let start = match &process.state {
        State::Down(Rest::Again | Rest::Delay { .. }) => Start::Again,
        State::Down(
            Rest::Stopped { .. } | Rest::Due | Rest::Exited { .. } | Rest::Crashed { .. },
        ) => Start::Fresh,
        State::Launching { .. }
        | State::Live(_)
        | State::Ended { .. }
        | State::Halting(_)
        | State::Stuck { .. } => return,
    };
    match start {
        Start::Again => process.past.restarts = process.past.restarts.saturating_add(1),
        Start::Fresh => {}
    }
    process.past.run = Some(run);
    process.past.since = None;
    process.past.matched.clear();
    process.state = State::Launching { run, start };
    out.effects.push(Effect::Launch {
        name: spec.name.clone(),
        run,
    });
}

/// Begins to bring down whatever lives of it; it will land as `landing` says.
pub(crate) fn halt(
    spec: &ProcessSpec,
    process: &mut Process,
    landing: Landing,
    haste: Haste,
    now: Now,
    out: &mut Out,
) {
    let timeout = haste.timeout(&spec.stop);
    let (run, leader) = match &process.state {
        State::Launching { run, .. } => (*run, Leader::Unborn),
        State::Live(live) => {
            unprobe(spec, out);
            let (pid, since) = (live.pid, live.since);
            (live.run, Leader::Alive { pid, since })
        }
        State::Ended { run, .. } => (*run, Leader::Dead),
        State::Halting(_) => {
            relanding(process, landing);
            hasten(spec, process, timeout, now, out);
            return;
        }
        State::Down(_) | State::Stuck { .. } => return,
    };
    process.state = State::Halting(Halting {
        run,
        leader,
        kill_at: now.mono.saturating_add(timeout),
        landing,
    });
    out.effects.push(Effect::Halt {
        name: spec.name.clone(),
        run,
        timeout,
    });
}

/// What was asked for overrides what would have followed.
fn relanding(process: &mut Process, landing: Landing) {
    if let State::Halting(halting) = &mut process.state {
        halting.landing = landing;
    }
}

/// Takes back a start that has not begun.
pub(crate) fn cancel(spec: &ProcessSpec, process: &mut Process, out: &mut Out) {
    let (State::Down(rest), Want::Down(down)) = (&mut process.state, &process.want) else {
        return;
    };
    match rest {
        Rest::Delay { .. } | Rest::Due | Rest::Again => {}
        Rest::Stopped { .. } | Rest::Exited { .. } | Rest::Crashed { .. } => return,
    }
    let why = down.why.clone();
    *rest = Rest::Stopped { why };
    let text = "stopped before it was started again".to_string();
    notice(spec, NoticeKind::Stopped, text, out);
}

/// Ends sooner what is being ended; a later end than the one that was promised changes nothing.
fn hasten(spec: &ProcessSpec, process: &mut Process, timeout: Duration, now: Now, out: &mut Out) {
    let State::Halting(halting) = &mut process.state else {
        return;
    };
    let kill_at = now.mono.saturating_add(timeout);
    if kill_at >= halting.kill_at {
        return;
    }
    halting.kill_at = kill_at;
    out.effects.push(Effect::Halt {
        name: spec.name.clone(),
        run: halting.run,
        timeout,
    });
}

/// Stops or continues the tree of a run. The start period does not run while it is stopped.
pub(crate) fn freeze(
    spec: &ProcessSpec,
    process: &mut Process,
    stop: bool,
    now: Now,
    out: &mut Out,
) {
    let State::Live(live) = &mut process.state else {
        return;
    };
    match (live.pace, stop) {
        (Pace::Going, true) => live.pace = Pace::Frozen(now.mono),
        (Pace::Frozen(at), false) => thaw(live, now.mono.saturating_sub(at)),
        (Pace::Going, false) | (Pace::Frozen(_), true) => return,
    }
    out.effects.push(Effect::Freeze {
        name: spec.name.clone(),
        run: live.run,
        stop,
    });
}

fn thaw(live: &mut Live, frozen_for: Duration) {
    live.pace = Pace::Going;
    live.patience = live.patience.saturating_add(frozen_for);
    if let Phase::Starting { until } = &mut live.phase {
        *until = until.saturating_add(frozen_for);
    }
}

/// Notices a start period that is over.
pub(crate) fn overdue(spec: &ProcessSpec, process: &mut Process, now: Now, out: &mut Out) {
    let State::Live(live) = &mut process.state else {
        return;
    };
    let Phase::Starting { until } = &live.phase else {
        return;
    };
    if now.mono < *until {
        return;
    }
    let Some(check) = spec.readiness() else {
        return;
    };
    match health::overdue(&check, live, now) {
        Turn::Unwell(message) => unwell(spec, process, check.on_unhealthy, message, now, out),
        Turn::Nothing | Turn::Ready | Turn::Recovered => {}
    }
}

/// What follows when a run is unhealthy.
pub(super) fn unwell(
    spec: &ProcessSpec,
    process: &mut Process,
    on_unhealthy: OnUnhealthy,
    message: String,
    now: Now,
    out: &mut Out,
) {
    notice(spec, NoticeKind::Unhealthy, message.clone(), out);
    match on_unhealthy {
        OnUnhealthy::Warn => {}
        OnUnhealthy::Restart => {
            let landing = Landing::Fault(Fault::Unhealthy { message });
            halt(spec, process, landing, Haste::Own, now, out);
        }
    }
}

/// Ends the checks of a run, where there are any.
pub(super) fn unprobe(spec: &ProcessSpec, out: &mut Out) {
    if spec.readiness().is_some() {
        out.effects.push(Effect::Unprobe {
            name: spec.name.clone(),
        });
    }
}

pub(super) fn notice(spec: &ProcessSpec, kind: NoticeKind, message: String, out: &mut Out) {
    out.effects.push(Effect::Notice {
        name: spec.name.clone(),
        kind,
        message,
    });
}
