//! Beginning where another supervisor left off: what is remembered, and what the journal says.
//!
//! What ended while nobody decided is handed to the state machine as if it had ended now. What had
//! been dealt with before is only put back in its place.

use std::time::Duration;

use forge_facts::{Exit, RunId};

use super::Slot;
use super::Workspace;
use crate::event::{Effect, LastRun, Memory, Now, Recall, Renew};
use crate::process::{
    self, After, Down, Ended, Failure, Fault, Halting, Happening, Haste, Landing, Leader, Out,
    Pace, Phase, Process, Rest, Since, State, Then, Want, Wellness,
};
use crate::restart::{self, Repeats};
use crate::spec::ProcessSpec;
use crate::words::exit_words;

impl Workspace {
    pub(super) fn recall(&mut self, recall: Recall, effects: &mut Vec<Effect>) {
        let name = recall.spec.name.clone();
        if let Some(last) = &recall.last_run {
            self.runs.seen(last.run);
        }
        let slot = Slot::new(recall.spec);
        match self.place(&name) {
            Some(place) => self.slots[place] = slot,
            None => self.slots.push(slot),
        }
        self.rebuild();
        let now = self.now;
        self.with(&name, effects, |slot, out| {
            let process = &mut slot.process;
            remember(process, &recall.memory, now);
            match recall.last_run {
                Some(last) => resume(&slot.spec, process, &recall.memory, &last, now, out),
                None => rest_as_remembered(&slot.spec, process, &recall.memory, None, now, out),
            }
        });
    }
}

fn remember(process: &mut Process, memory: &Memory, now: Now) {
    process.want = match (memory.wanted, memory.renew) {
        (true, None) => Want::Up,
        (true, Some(Renew::Now)) => Want::Renew,
        (true, Some(Renew::Later)) => Want::RenewLater,
        (false, _) => Want::Down(Down {
            haste: Haste::Own,
            why: None,
            after: After::Keep,
        }),
    };
    let past = &mut process.past;
    past.restarts = memory.restarts;
    past.ready = memory.ready_run;
    past.settled = memory.settled_run;
    past.matched = memory.matched.clone();
    if memory.has_ended {
        // How it has ended stands in the journal, if that run is the last one.
        let run = memory.settled_run.unwrap_or(RunId(0));
        past.ended = Some((run, Ended::Ran(Exit::Unknown)));
    }
    let failures = memory.crashes.iter();
    past.failures = failures.map(|at| Failure::remembered(*at, now)).collect();
}

/// Puts back the last run.
fn resume(
    spec: &ProcessSpec,
    process: &mut Process,
    memory: &Memory,
    last: &LastRun,
    now: Now,
    out: &mut Out,
) {
    let since = Since {
        mono: None,
        unix_ns: last.started_unix_ns,
    };
    process.past.run = Some(last.run);
    let Some(pid) = last.pid else {
        rest_as_remembered(spec, process, memory, Some(last), now, out);
        return;
    };
    process.past.since = Some(since);
    let exit = last.exit.map(|(exit, _)| exit);
    if memory.stopping_run == Some(last.run) {
        resume_stop(spec, process, memory, last, now, out);
    } else if memory.settled_run == Some(last.run) {
        if let (true, Some(exit)) = (memory.has_ended, exit) {
            process.past.ended = Some((last.run, Ended::Ran(exit)));
        }
        rest_as_remembered(spec, process, memory, Some(last), now, out);
    } else {
        process::live(spec, process, last.run, pid, since, now);
        match last.exit {
            Some((exit, at)) => judge_now(spec, process, last, exit, at, now, out),
            None if last.gone => {
                let happening = Happening::Gone { run: last.run };
                process::step(spec, process, happening, now, out);
            }
            None => go_on(spec, process, memory, now, out),
        }
    }
}

/// A run that was being stopped goes on being stopped.
fn resume_stop(
    spec: &ProcessSpec,
    process: &mut Process,
    memory: &Memory,
    last: &LastRun,
    now: Now,
    out: &mut Out,
) {
    let run = last.run;
    let since = Since {
        mono: None,
        unix_ns: last.started_unix_ns,
    };
    let timeout = spec.stop.timeout;
    process.state = State::Halting(Halting {
        run,
        leader: match last.pid {
            Some(pid) => Leader::Alive { pid, since },
            None => Leader::Unborn,
        },
        kill_at: now.mono.saturating_add(timeout),
        landing: match (memory.wanted, &memory.fault) {
            (false, _) => Landing::Asked(Rest::stopped()),
            (true, None) => asked_or_kept(remembered(spec, process, memory)),
            (true, Some(message)) => Landing::Fault(Fault::Unhealthy {
                message: message.clone(),
            }),
        },
    });
    if let Some((exit, at)) = last.exit {
        judge_now(spec, process, last, exit, at, now, out);
    }
    if last.gone {
        process::step(spec, process, Happening::Gone { run }, now, out);
        return;
    }
    out.effects.push(Effect::Halt {
        name: spec.name.clone(),
        run,
        timeout,
    });
}

/// A run that ended while nobody decided.
fn judge_now(
    spec: &ProcessSpec,
    process: &mut Process,
    last: &LastRun,
    exit: Exit,
    at: u64,
    now: Now,
    out: &mut Out,
) {
    let run = last.run;
    let uptime = Duration::from_nanos(at.saturating_sub(last.started_unix_ns));
    let happening = Happening::Exited {
        run,
        exit,
        repeats: Repeats::Perhaps,
        uptime: Some(uptime),
    };
    process::step(spec, process, happening, now, out);
    if last.gone {
        process::step(spec, process, Happening::Gone { run }, now, out);
    }
}

/// A run that lives. The time in which nobody could have seen that it is healthy does not count.
fn go_on(spec: &ProcessSpec, process: &mut Process, memory: &Memory, now: Now, out: &mut Out) {
    let check = spec.readiness();
    let State::Live(live) = &mut process.state else {
        return;
    };
    if memory.paused {
        live.pace = Pace::Frozen(now.mono);
    }
    if memory.ready_run == Some(live.run) {
        live.phase = Phase::Ready(match check {
            Some(_) => Wellness::Well,
            None => Wellness::Unchecked,
        });
        if check.is_some() {
            let (name, run) = (spec.name.clone(), live.run);
            out.effects.push(Effect::Probe { name, run });
        }
        return;
    }
    if let (Phase::Starting { until }, Some(check)) = (&mut live.phase, check) {
        let fair = check.interval.saturating_add(check.timeout);
        *until = (*until).max(now.mono.saturating_add(fair));
    }
    process::begin(spec, process, out);
}

/// How a process is down whose last run, if there was one, has been dealt with.
fn rest_as_remembered(
    spec: &ProcessSpec,
    process: &mut Process,
    memory: &Memory,
    last: Option<&LastRun>,
    now: Now,
    out: &mut Out,
) {
    let rest = remembered(spec, process, memory)
        .or_else(|| delay_that_is_left(spec, process, last, now))
        .unwrap_or(Rest::stopped());
    if memory.waits_for_change && memory.wanted {
        out.effects.push(Effect::AwaitChange {
            name: spec.name.clone(),
        });
    }
    process.state = match last {
        Some(last) if last.pid.is_some() && !last.gone => State::Ended {
            run: last.run,
            rest,
        },
        Some(_) | None => State::Down(rest),
    };
}

/// What a stop in its middle leads to.
fn asked_or_kept(remembered: Option<Rest>) -> Landing {
    match remembered {
        Some(rest @ (Rest::Crashed { .. } | Rest::Exited { .. })) => Landing::Kept(rest),
        Some(rest @ (Rest::Stopped { .. } | Rest::Due | Rest::Again | Rest::Delay { .. })) => {
            Landing::Asked(rest)
        }
        None => Landing::Asked(Rest::stopped()),
    }
}

/// How it is down, where that was written down.
fn remembered(spec: &ProcessSpec, process: &Process, memory: &Memory) -> Option<Rest> {
    if let Some(message) = &memory.failed {
        return Some(Rest::Crashed {
            message: message.clone(),
            then: match memory.waits_for_change {
                true => Then::Change,
                false => Then::Stay,
            },
        });
    }
    let definition = process.definition;
    match (memory.done, memory.due, &spec.schedule) {
        (true, _, _) => Some(Rest::Exited { definition }),
        (false, true, Some(_)) => Some(Rest::Due),
        (false, true, None) => Some(Rest::Again),
        (false, false, _) => None,
    }
}

/// A restart that was due and has not been made: at its time, or at once if that has passed.
fn delay_that_is_left(
    spec: &ProcessSpec,
    process: &Process,
    last: Option<&LastRun>,
    now: Now,
) -> Option<Rest> {
    let (exit, _) = last?.exit?;
    let failures = &process.past.failures;
    let latest = failures.last()?;
    if !process.is_wanted() || !latest.is_within(spec.restart.window, now) {
        return None;
    }
    let within = failures.iter();
    let within = within.filter(|failure| failure.is_within(spec.restart.window, now));
    let count = u32::try_from(within.count()).unwrap_or(u32::MAX);
    let passed = Duration::from_nanos(now.unix_ns.saturating_sub(latest.unix_ns));
    let wait = restart::back_off(&spec.restart, count).saturating_sub(passed);
    Some(Rest::Delay {
        until: now.mono.saturating_add(wait),
        message: exit_words(exit),
    })
}
