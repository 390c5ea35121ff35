//! Who waits for something to happen: readiness, an exit, a line.

use std::collections::BTreeMap;

use forge_api as api;
use forge_core::event::Outcome;
use forge_facts::RunId;

use super::Kind;
use crate::input::Reply;
use crate::output::Scan;
use crate::supervisor::Supervisor;

/// `wait`.
pub(crate) struct Wait {
    pub(crate) id: u64,
    pub(crate) reply: Reply<api::WaitAnswer>,
    pub(crate) names: Vec<String>,
    pub(crate) until: Until,
}

/// What is waited for.
pub(crate) enum Until {
    Ready,
    /// The end of these runs; a process without one counts with its next.
    Exit(BTreeMap<String, Option<RunId>>),
    /// A line: searches that go on, by process, and the line once it is found.
    Log {
        pattern: String,
        scans: BTreeMap<String, (RunId, Scan)>,
        line: Option<String>,
    },
}

impl Supervisor {
    pub(super) fn look_at_wait(&mut self, mut wait: Wait, late: bool) -> Option<Wait> {
        if wait.reply.is_closed() {
            return None;
        }
        let state = self.wait_state(&mut wait);
        let answer = match state {
            Some(answer) => answer,
            None if late => api::WaitAnswer {
                ok: false,
                detail: self.still_waiting(&wait),
                ..api::WaitAnswer::default()
            },
            None => return Some(wait),
        };
        let _ = wait.reply.send(Ok(answer));
        None
    }

    /// The answer, if it need not be waited for any longer.
    fn wait_state(&mut self, wait: &mut Wait) -> Option<api::WaitAnswer> {
        match &mut wait.until {
            Until::Ready => self.wait_ready(&wait.names),
            Until::Exit(runs) => {
                for (name, run) in runs.iter_mut() {
                    if run.is_none() {
                        *run = self.core.view(name).filter(|view| view.pid.is_some())?.run;
                    }
                }
                self.wait_exit(runs)
            }
            Until::Log {
                pattern,
                scans,
                line,
            } => {
                if let Some(line) = line.take() {
                    return Some(api::WaitAnswer {
                        ok: true,
                        detail: "a line matches".to_string(),
                        exit_code: None,
                        line: Some(line),
                    });
                }
                for name in &wait.names {
                    let run = self.managed.get(name).and_then(|managed| managed.present);
                    let Some(run) = run else { continue };
                    if scans.get(name).is_none_or(|(of, _)| *of != run) {
                        match self.look_for_line(name, run, wait.id, pattern) {
                            Ok(scan) => {
                                scans.insert(name.clone(), (run, scan));
                            }
                            Err(why) => {
                                return Some(api::WaitAnswer {
                                    ok: false,
                                    detail: why,
                                    ..api::WaitAnswer::default()
                                });
                            }
                        }
                    }
                }
                None
            }
        }
    }

    fn wait_ready(&self, names: &[String]) -> Option<api::WaitAnswer> {
        let mut all = true;
        for name in names {
            match self.core.outcome(name) {
                Outcome::Ready | Outcome::Done => {}
                Outcome::Failed(why) => {
                    return Some(api::WaitAnswer {
                        ok: false,
                        detail: format!("{name}: {why}"),
                        ..api::WaitAnswer::default()
                    });
                }
                Outcome::Pending(_) | Outcome::Down => all = false,
            }
        }
        all.then(|| api::WaitAnswer {
            ok: true,
            detail: match names {
                [name] => format!("{name} is ready"),
                _ => "all are ready".to_string(),
            },
            ..api::WaitAnswer::default()
        })
    }

    fn wait_exit(&self, runs: &BTreeMap<String, Option<RunId>>) -> Option<api::WaitAnswer> {
        let mut code = None;
        for (name, run) in runs {
            let view = self.core.view(name)?;
            let over = view.run != *run || view.pid.is_none();
            if !over {
                return None;
            }
            if view.run == *run {
                code = match view.exit {
                    Some(forge_facts::Exit::Code(code)) => Some(code),
                    Some(forge_facts::Exit::Signal { signal, .. }) => Some(128 + signal),
                    Some(forge_facts::Exit::Unknown) | None => None,
                };
            }
        }
        Some(api::WaitAnswer {
            ok: true,
            detail: match code {
                Some(code) => format!("ended with exit code {code}"),
                None => "ended".to_string(),
            },
            exit_code: code,
            line: None,
        })
    }

    fn still_waiting(&self, wait: &Wait) -> String {
        let of = |name: &String| {
            let status = self
                .core
                .view(name)
                .map_or("unknown", |view| view.status.name());
            let what = match self.core.outcome(name) {
                Outcome::Pending(what) | Outcome::Failed(what) => format!(" ({what})"),
                Outcome::Ready | Outcome::Done | Outcome::Down => String::new(),
            };
            format!("{name} is {status}{what}")
        };
        let states: Vec<String> = wait.names.iter().map(of).collect();
        format!("the time is over: {}", states.join(", "))
    }

    /// A line was found for somebody.
    pub(crate) fn line_found(&mut self, waiter: u64, found: Option<String>) {
        for one in &mut self.waiters {
            if let Kind::Wait(wait) = &mut one.kind
                && wait.id == waiter
                && let Until::Log { line, .. } = &mut wait.until
            {
                *line = found.clone();
            }
        }
        self.changed();
    }
}
