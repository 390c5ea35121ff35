//! The state machine of one process: what has happened, and how runs begin.

use std::time::Duration;

use forge_facts::{Exit, RunId};

use super::deeds::{notice, unprobe};
use super::end::{self, Told};
use super::{
    Ended, Leader, Live, Out, Pace, Phase, Process, Since, Start, State, Wellness, judge, signs,
};
use crate::event::{Effect, Hook, NoticeKind, Now, SpawnFailure};
use crate::restart::Repeats;
use crate::spec::{HealthCheck, Pattern, Probe, ProcessSpec};

/// Something that has happened to one process. What belongs to another run than the present one is
/// no news.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Happening {
    Spawned {
        run: RunId,
        pid: i32,
        /// When, as the journal has it: a later supervisor reads the same there.
        at: u64,
    },
    NotSpawned {
        run: RunId,
        failure: SpawnFailure,
    },
    Exited {
        run: RunId,
        exit: Exit,
        repeats: Repeats,
        /// How long it had lasted, where that is not told by the present moment.
        uptime: Option<Duration>,
    },
    Gone {
        run: RunId,
    },
    Left {
        run: RunId,
        pids: Vec<i32>,
    },
    Probed {
        run: RunId,
        healthy: bool,
        detail: String,
    },
    Matched {
        run: RunId,
        pattern: Pattern,
    },
    StartFailed {
        run: RunId,
        line: String,
    },
    Exceeded {
        run: RunId,
        what: String,
    },
    FilesChanged {
        what: String,
    },
    Due,
}

/// Takes in what has happened. `spec` is the one that the present run was begun with.
pub(crate) fn step(
    spec: &ProcessSpec,
    process: &mut Process,
    happening: Happening,
    now: Now,
    out: &mut Out,
) {
    match happening {
        Happening::Spawned { run, pid, at } => {
            let since = Since {
                mono: Some(now.mono),
                unix_ns: at,
            };
            spawned(spec, process, (run, pid, since), now, out);
        }
        Happening::NotSpawned { run, failure } => {
            not_spawned(spec, process, run, failure, now, out);
        }
        Happening::Exited {
            run,
            exit,
            repeats,
            uptime,
        } => {
            let told = Told {
                exit,
                repeats,
                uptime,
            };
            end::exited(spec, process, run, told, now, out);
        }
        Happening::Gone { run } => end::gone(spec, process, run, now, out),
        Happening::Left { run, pids } => end::left(spec, process, run, pids, out),
        Happening::Probed {
            run,
            healthy,
            detail,
        } => signs::probed(spec, process, run, healthy, &detail, now, out),
        Happening::Matched { run, pattern } => {
            signs::matched(spec, process, run, pattern, now, out)
        }
        Happening::StartFailed { run, line } => {
            signs::start_failed(spec, process, run, line, now, out)
        }
        Happening::Exceeded { run, what } => signs::exceeded(spec, process, run, what, now, out),
        Happening::FilesChanged { what } => signs::files_changed(spec, process, &what, out),
        Happening::Due => signs::due(spec, process, out),
    }
}

fn spawned(
    spec: &ProcessSpec,
    process: &mut Process,
    (run, pid, since): (RunId, i32, Since),
    now: Now,
    out: &mut Out,
) {
    match &mut process.state {
        State::Launching { run: ours, start } if *ours == run => {
            let (kind, word) = match start {
                Start::Fresh => (NoticeKind::Started, "started"),
                Start::Again => (NoticeKind::Restarted, "restarted"),
            };
            notice(spec, kind, format!("{word} (pid {pid})"), out);
            live(spec, process, run, pid, since, now);
            begin(spec, process, out);
        }
        State::Halting(halting) if halting.run == run => {
            halting.leader = Leader::Alive { pid, since };
            process.past.since = Some(since);
            // The order to end it may have come when there was nothing to end.
            out.effects.push(Effect::Halt {
                name: spec.name.clone(),
                run,
                timeout: halting.kill_at.saturating_sub(now.mono),
            });
        }
        State::Launching { .. }
        | State::Live(_)
        | State::Ended { .. }
        | State::Halting(_)
        | State::Stuck { .. }
        | State::Down(_) => stray(spec, process, run, out),
    }
}

/// A run that nobody expects must not become a second copy.
fn stray(spec: &ProcessSpec, process: &Process, run: RunId, out: &mut Out) {
    if process.live_run() != Some(run) {
        out.effects.push(Effect::Halt {
            name: spec.name.clone(),
            run,
            timeout: spec.stop.timeout,
        });
    }
}

/// The leader lives: from this moment on, or as a former supervisor has left it.
pub(crate) fn live(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    pid: i32,
    since: Since,
    now: Now,
) {
    let begun = now.mono.saturating_sub(since.lasted(now));
    let check = spec.readiness();
    let patience = match &check {
        Some(check) => check.start_period,
        None => HealthCheck::new(Probe::Notify).start_period,
    };
    process.past.since = Some(since);
    process.past.run = Some(run);
    process.state = State::Live(Live {
        run,
        pid,
        since,
        phase: match &check {
            Some(check) => Phase::Starting {
                until: begun.saturating_add(check.start_period),
            },
            None => Phase::Ready(Wellness::Unchecked),
        },
        pace: Pace::Going,
        patience: begun.saturating_add(patience),
        verdict: None,
    });
}

/// Has a run checked, or takes it for ready where there is no check.
pub(crate) fn begin(spec: &ProcessSpec, process: &mut Process, out: &mut Out) {
    let State::Live(live) = &process.state else {
        return;
    };
    match live.phase {
        Phase::Starting { .. } | Phase::Overdue { .. } => out.effects.push(Effect::Probe {
            name: spec.name.clone(),
            run: live.run,
        }),
        Phase::Ready(_) if spec.oneshot => {}
        Phase::Ready(_) => {
            process.past.ready = Some(live.run);
            ready(spec, "ready".to_string(), out);
        }
    }
}

/// Tells that it is ready.
pub(super) fn ready(spec: &ProcessSpec, message: String, out: &mut Out) {
    notice(spec, NoticeKind::Ready, message, out);
    if spec.hooks.after_ready.is_some() {
        out.effects.push(Effect::Hook {
            name: spec.name.clone(),
            hook: Hook::AfterReady,
        });
    }
}

fn not_spawned(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    failure: SpawnFailure,
    now: Now,
    out: &mut Out,
) {
    match &process.state {
        State::Launching { run: ours, .. } if *ours == run => {}
        // Its child existed, and could not become its program.
        State::Live(live) if live.run == run => unprobe(spec, out),
        State::Halting(halting) if halting.run == run && halting.leader != Leader::Dead => {
            end::gone(spec, process, run, now, out);
            return;
        }
        State::Launching { .. }
        | State::Live(_)
        | State::Ended { .. }
        | State::Halting(_)
        | State::Stuck { .. }
        | State::Down(_) => return,
    }
    process.past.ended = Some((run, Ended::NeverBegan(failure.exit_code)));
    process.past.settled = Some(run);
    let rest = match end::unwanted_end(process) {
        Some(rest) => rest,
        None => judge::not_spawned(spec, process, run, failure, now, out),
    };
    end::land(spec, process, rest, out);
}
