//! The state machine of one process: what a run shows while it lives, and what moves one that is
//! down.

use forge_facts::RunId;

use super::deeds::{halt, notice, unwell};
use super::step::ready;
use super::{
    Down, Fault, Haste, Landing, Live, News, Out, Phase, Process, Rest, State, Then, Want,
};
use crate::event::{NoticeKind, Now};
use crate::health::{self, Turn};
use crate::spec::{OnExceed, Pattern, Probe, ProcessSpec};
use crate::words::lasting;

/// The live run, if it is this one.
fn living(process: &mut Process, run: RunId) -> Option<&mut Live> {
    match &mut process.state {
        State::Live(live) if live.run == run => Some(live),
        State::Launching { .. }
        | State::Live(_)
        | State::Ended { .. }
        | State::Halting(_)
        | State::Stuck { .. }
        | State::Down(_) => None,
    }
}

/// Whether it is meant to go on as it is.
fn is_to_stay(process: &Process) -> bool {
    match &process.want {
        Want::Up | Want::RenewLater => true,
        Want::Renew | Want::Down(_) => false,
    }
}

pub(super) fn probed(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    healthy: bool,
    detail: &str,
    now: Now,
    out: &mut Out,
) {
    let stays = is_to_stay(process);
    let Some(live) = living(process, run) else {
        return;
    };
    let Some(check) = spec.readiness() else {
        return;
    };
    let uptime = live.since.lasted(now);
    match health::probed(&check, live, healthy, detail, now) {
        Turn::Nothing => {}
        Turn::Ready => {
            process.past.ready = Some(run);
            let message = format!("ready after {}: {detail}", lasting(uptime));
            ready(spec, message, out);
        }
        Turn::Recovered => {
            let message = format!("healthy again: {detail}");
            notice(spec, NoticeKind::Healthy, message, out);
        }
        Turn::Unwell(message) if stays => {
            unwell(spec, process, check.on_unhealthy, message, now, out);
        }
        Turn::Unwell(_) => {}
    }
}

pub(super) fn matched(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    pattern: Pattern,
    now: Now,
    out: &mut Out,
) {
    if process.past.run != Some(run) {
        return;
    }
    if let Some(check) = spec.readiness()
        && check.probe == Probe::Log(pattern.clone())
    {
        let detail = format!("its output has matched `{}`", pattern.0);
        probed(spec, process, run, true, &detail, now, out);
    }
    if !process.past.matched.contains(&pattern) {
        process.past.matched.push(pattern);
    }
}

pub(super) fn start_failed(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    line: String,
    now: Now,
    out: &mut Out,
) {
    let stays = is_to_stay(process);
    let Some(live) = living(process, run) else {
        return;
    };
    match live.phase {
        Phase::Starting { .. } | Phase::Overdue { .. } if stays => {
            let landing = Landing::Fault(Fault::StartFailed { line });
            halt(spec, process, landing, Haste::Own, now, out);
        }
        Phase::Starting { .. } | Phase::Overdue { .. } | Phase::Ready(_) => {}
    }
}

pub(super) fn exceeded(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    what: String,
    now: Now,
    out: &mut Out,
) {
    if living(process, run).is_none() || !is_to_stay(process) {
        return;
    }
    let over = format!("uses more than it may: {what}");
    match spec.limits.on_exceed {
        OnExceed::Warn => notice(spec, NoticeKind::Warning, over, out),
        OnExceed::Restart => {
            let text = format!("{over}; it is restarted");
            notice(spec, NoticeKind::Warning, text, out);
            let landing = Landing::Fault(Fault::Exceeded { what });
            halt(spec, process, landing, Haste::Own, now, out);
        }
        OnExceed::Stop => {
            let text = format!("{over}; it is stopped");
            notice(spec, NoticeKind::Warning, text, out);
            let why = format!("it used more than it may: {what}");
            process.want = Want::Down(Down::because(why, Haste::Own));
            out.news.push(News::Stopped);
        }
    }
}

pub(super) fn files_changed(spec: &ProcessSpec, process: &mut Process, what: &str, out: &mut Out) {
    if !is_to_stay(process) {
        return;
    }
    let watches = spec.watch.is_some();
    let rest = match &mut process.state {
        State::Launching { .. } | State::Live(_) => {
            if watches {
                process.want = Want::Renew;
                out.news.push(News::Renewed);
                let text = format!("changed: {what}; it is restarted");
                notice(spec, NoticeKind::Reload, text, out);
            }
            return;
        }
        State::Down(rest) | State::Ended { rest, .. } => rest,
        State::Halting(_) | State::Stuck { .. } => return,
    };
    match rest {
        Rest::Crashed {
            then: Then::Change, ..
        } => {}
        Rest::Crashed {
            then: Then::Stay, ..
        }
        | Rest::Delay { .. }
        | Rest::Exited { .. }
            if watches => {}
        Rest::Crashed {
            then: Then::Stay, ..
        }
        | Rest::Delay { .. }
        | Rest::Exited { .. }
        | Rest::Stopped { .. }
        | Rest::Due
        | Rest::Again => return,
    }
    *rest = Rest::Again;
    process.forgive();
    let text = format!("changed: {what}; it is started again");
    notice(spec, NoticeKind::Reload, text, out);
}

pub(super) fn due(spec: &ProcessSpec, process: &mut Process, out: &mut Out) {
    if !is_to_stay(process) || spec.schedule.is_none() {
        return;
    }
    let skipped = match &mut process.state {
        State::Launching { .. } | State::Live(_) | State::Halting(_) => {
            "the run before it still goes on"
        }
        State::Stuck { .. } => "what is left of the run before it could not be ended",
        State::Down(rest) | State::Ended { rest, .. } => match rest {
            Rest::Due | Rest::Again => "the run before it still waits for what it needs",
            Rest::Stopped { .. }
            | Rest::Delay { .. }
            | Rest::Exited { .. }
            | Rest::Crashed { .. } => {
                *rest = Rest::Due;
                return;
            }
        },
    };
    let text = format!("a scheduled run was skipped: {skipped}");
    notice(spec, NoticeKind::Warning, text, out);
}
