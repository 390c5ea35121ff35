//! From the end of a run to what follows, and to what people are told of it.

use std::time::Duration;

use forge_facts::{Exit, RunId};

use super::deeds::notice;
use super::{Ending, Fault, News, Out, Process, Rest, Then};
use crate::event::{Crash, Effect, Hook, NoticeKind, Now, SpawnCause, SpawnFailure};
use crate::restart::{self, Decision, Repeats};
use crate::spec::{OnExit, ProcessSpec, RestartPolicy};
use crate::verdict::verdict;
use crate::words::{exit_number, exit_words, lasting};

/// The end of a run that nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) run: RunId,
    pub(super) exit: Exit,
    pub(super) uptime: Duration,
    pub(super) repeats: Repeats,
}

/// A failure, before it is known what follows.
struct Failed {
    run: RunId,
    message: String,
    repeats: Repeats,
    code: i32,
    /// What a crash report is made from: `None` where Forge itself ended the run.
    evidence: Option<(Exit, Duration)>,
}

/// It ended by itself.
pub(super) fn ended(
    spec: &ProcessSpec,
    process: &mut Process,
    end: End,
    now: Now,
    out: &mut Out,
) -> Rest {
    match verdict(spec, end.exit) {
        Ending::Well => well(spec, process, end, now, out),
        Ending::Badly => {
            let failed = Failed {
                run: end.run,
                message: exit_words(end.exit),
                repeats: end.repeats,
                code: exit_number(end.exit),
                evidence: Some((end.exit, end.uptime)),
            };
            failure(spec, process, failed, now, out)
        }
    }
}

/// Forge ended it because something was wrong with it.
pub(super) fn faulted(
    spec: &ProcessSpec,
    process: &mut Process,
    fault: Fault,
    end: End,
    now: Now,
    out: &mut Out,
) -> Rest {
    let message = fault.message();
    let evidence = match fault {
        Fault::StartFailed { .. } => Some((end.exit, end.uptime)),
        Fault::Unhealthy { .. } | Fault::Exceeded { .. } => None,
    };
    let code = match exit_number(end.exit) {
        0 => 1,
        code => code,
    };
    let failed = Failed {
        run: end.run,
        message,
        repeats: Repeats::Perhaps,
        code,
        evidence,
    };
    failure(spec, process, failed, now, out)
}

/// It never came to be.
pub(super) fn not_spawned(
    spec: &ProcessSpec,
    process: &mut Process,
    run: RunId,
    failure: SpawnFailure,
    now: Now,
    out: &mut Out,
) -> Rest {
    let code = failure.exit_code;
    if failure.cause == SpawnCause::Port {
        return conflict(spec, failure.message, code.unwrap_or(1), out);
    }
    let failed = Failed {
        run,
        message: failure.message,
        repeats: match failure.cause.repeats() {
            true => Repeats::Surely,
            false => Repeats::Perhaps,
        },
        code: code.unwrap_or(1),
        evidence: Some((code.map_or(Exit::Unknown, Exit::Code), Duration::ZERO)),
    };
    self::failure(spec, process, failed, now, out)
}

/// Somebody else has its port: only a person can tell what to do, and it is no crash of its own.
fn conflict(spec: &ProcessSpec, message: String, code: i32, out: &mut Out) -> Rest {
    let text = format!("not started: {message}");
    notice(spec, NoticeKind::Crashed, text, out);
    out.news.push(News::Ended {
        ending: Ending::Badly,
        code,
        words: message.clone(),
    });
    if spec.schedule.is_some() {
        return Rest::Stopped { why: Some(message) };
    }
    let then = Then::Stay;
    Rest::Crashed { message, then }
}

fn well(spec: &ProcessSpec, process: &mut Process, end: End, now: Now, out: &mut Out) -> Rest {
    let words = exit_words(end.exit);
    out.news.push(News::Ended {
        ending: Ending::Well,
        code: exit_number(end.exit),
        words: words.clone(),
    });
    let definition = process.definition;
    let (rest, message) = if spec.oneshot || spec.schedule.is_some() {
        let rest = match spec.schedule {
            Some(_) => Rest::stopped(),
            None => Rest::Exited { definition },
        };
        (rest, format!("completed after {}", lasting(end.uptime)))
    } else {
        match (spec.restart.policy, spec.on_exit) {
            (RestartPolicy::Always, OnExit::None | OnExit::StopAllOnFailure) => {
                let past = &mut process.past;
                let repeats = Repeats::Perhaps;
                let again =
                    restart::decide(&spec.restart, past, Ending::Well, repeats, &words, now);
                (again.rest, format!("exited: {words}; {}", again.next))
            }
            (RestartPolicy::Never | RestartPolicy::OnFailure, _)
            | (RestartPolicy::Always, OnExit::StopAll) => {
                (Rest::Exited { definition }, format!("exited: {words}"))
            }
        }
    };
    notice(spec, NoticeKind::Stopped, message, out);
    rest
}

fn failure(
    spec: &ProcessSpec,
    process: &mut Process,
    failed: Failed,
    now: Now,
    out: &mut Out,
) -> Rest {
    let decision = decide(spec, process, &failed, now);
    let Decision { rest, next, count } = decision;
    if let Some((exit, uptime)) = failed.evidence {
        out.effects.push(Effect::Crashed(Crash {
            name: spec.name.clone(),
            run: failed.run,
            exit,
            uptime,
            count_in_window: count,
            window: spec.restart.window,
            next: next.clone(),
        }));
    }
    let text = format!("crashed: {}; {next}", failed.message);
    notice(spec, NoticeKind::Crashed, text, out);
    if spec.hooks.on_crash.is_some() {
        out.effects.push(Effect::Hook {
            name: spec.name.clone(),
            hook: Hook::OnCrash,
        });
    }
    match &rest {
        Rest::Crashed {
            then: Then::Change, ..
        } => out.effects.push(Effect::AwaitChange {
            name: spec.name.clone(),
        }),
        Rest::Crashed {
            then: Then::Stay, ..
        }
        | Rest::Stopped { .. }
        | Rest::Due
        | Rest::Again
        | Rest::Delay { .. }
        | Rest::Exited { .. } => {}
    }
    out.news.push(News::Ended {
        ending: Ending::Badly,
        code: failed.code,
        words: failed.message,
    });
    rest
}

/// What is said by `on_exit` and by a schedule goes before the restart policy.
fn decide(spec: &ProcessSpec, process: &mut Process, failed: &Failed, now: Now) -> Decision {
    let past = &mut process.past;
    let message = failed.message.clone();
    match spec.on_exit {
        OnExit::StopAll | OnExit::StopAllOnFailure => {
            let then = Then::Stay;
            return Decision {
                rest: Rest::Crashed { message, then },
                next: "the rest of the profile is stopped".to_string(),
                count: restart::note_failure(&spec.restart, past, now),
            };
        }
        OnExit::None => {}
    }
    if spec.schedule.is_some() {
        let why = format!("the last run has failed: {message}");
        return Decision {
            rest: Rest::Stopped { why: Some(why) },
            next: "runs again at its next time".to_string(),
            count: restart::note_failure(&spec.restart, past, now),
        };
    }
    restart::decide(
        &spec.restart,
        past,
        Ending::Badly,
        failed.repeats,
        &failed.message,
        now,
    )
}
