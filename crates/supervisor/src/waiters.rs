//! Clients that wait: for a start, for a stop, for something to happen. Looked at after every round in
//! which anything has changed.

use std::collections::BTreeMap;
use std::time::Duration;

use forge_api as api;
use forge_core::event::Outcome;
use forge_facts::RunId;
use tokio::time::Instant;

use crate::input::{Reply, Sink};
use crate::managed::{Http, Link};
use crate::output::Scan;
use crate::supervisor::Supervisor;

/// Lines of a failed process that an answer holds.
const TAIL: usize = 20;

/// Somebody who waits.
pub(crate) struct Waiter {
    kind: Kind,
    deadline: Option<Instant>,
}

enum Kind {
    Start(Start),
    Stop(Stop),
    Wait(Wait),
    /// `daemon stop`: first the processes, then Forge itself.
    Ending { stop: Stop, asked: bool },
}

/// A start, restart, reload or run.
pub(crate) struct Start {
    pub(crate) sink: Sink,
    pub(crate) began: Instant,
    /// All that the start concerns.
    pub(crate) names: Vec<String>,
    pub(crate) started: Vec<String>,
    pub(crate) already: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// Runs that must be over before anything counts as settled (a restart).
    pub(crate) former: BTreeMap<String, RunId>,
    pub(crate) wait: bool,
    /// When each was settled.
    pub(crate) settled: BTreeMap<String, u64>,
}

/// A stop.
pub(crate) struct Stop {
    pub(crate) sink: Sink,
    pub(crate) began: Instant,
    pub(crate) names: Vec<String>,
    pub(crate) stopped: Vec<String>,
    pub(crate) already: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// Ports that were listened on and are to be free.
    pub(crate) ports: Vec<(String, u16)>,
}

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

impl Waiter {
    pub(crate) fn start(start: Start, timeout: Option<u64>) -> Self {
        Waiter {
            kind: Kind::Start(start),
            deadline: timeout.map(after),
        }
    }

    pub(crate) fn stop(stop: Stop) -> Self {
        Waiter {
            kind: Kind::Stop(stop),
            deadline: None,
        }
    }

    pub(crate) fn wait(wait: Wait, timeout: Option<u64>) -> Self {
        Waiter {
            kind: Kind::Wait(wait),
            deadline: timeout.map(after),
        }
    }

    pub(crate) fn ending(stop: Stop) -> Self {
        Waiter {
            kind: Kind::Ending { stop, asked: false },
            deadline: None,
        }
    }

    /// When it is to be looked at though nothing has changed.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

fn after(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms.min(u64::from(u32::MAX)))
}

impl Supervisor {
    /// Answers everybody who need not wait any longer.
    pub(crate) fn answer_waiters(&mut self) {
        let waiters = std::mem::take(&mut self.waiters);
        for mut waiter in waiters {
            let late = waiter.deadline.is_some_and(|at| Instant::now() >= at);
            let left = match waiter.kind {
                Kind::Start(start) => self.look_at_start(start, late, &mut waiter.deadline),
                Kind::Stop(stop) => self.look_at_stop(stop).map(Kind::Stop),
                Kind::Wait(wait) => self.look_at_wait(wait, late).map(Kind::Wait),
                Kind::Ending { stop, asked } => self.look_at_ending(stop, asked),
            };
            if let Some(kind) = left {
                self.waiters.push(Waiter {
                    kind,
                    deadline: waiter.deadline,
                });
            }
        }
    }

    fn look_at_start(
        &mut self,
        mut start: Start,
        late: bool,
        deadline: &mut Option<Instant>,
    ) -> Option<Kind> {
        if start.sink.abandoned() {
            return None;
        }
        let progress = self.progress(&mut start);
        let open = start.names.len() > start.settled.len();
        start.sink.progress(progress);
        if open && start.wait && !late {
            return Some(Kind::Start(start));
        }
        // The address of the app is worth a moment.
        if start.wait
            && !late
            && let Some(until) = self.asked_about_http(&start.names)
        {
            *deadline = Some(deadline.map_or(until, |at| at.min(until)));
            return Some(Kind::Start(start));
        }
        let answer = self.start_answer(&start, open && start.wait);
        start.sink.done(&answer);
        None
    }

    fn asked_about_http(&self, names: &[String]) -> Option<Instant> {
        let asked = names.iter().filter_map(|name| {
            match self.managed.get(name)?.http {
                Http::Asked(until) => Some(until),
                Http::Unknown | Http::Speaks => None,
            }
        });
        asked.filter(|until| *until > Instant::now()).max()
    }

    fn progress(&self, start: &mut Start) -> api::Progress {
        let elapsed = u64::try_from(start.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut lines = Vec::with_capacity(start.names.len());
        for name in &start.names {
            let (mut line, mut settled) = self.progress_line(name);
            let run = self.core.view(name).and_then(|view| view.run);
            if settled && line.outcome != "failed" && run.is_some() {
                let former = start.former.get(name).copied();
                if former.is_some() && former == run {
                    settled = false;
                    "pending".clone_into(&mut line.outcome);
                    line.detail = "stopping".to_string();
                }
            }
            match settled {
                true => line.elapsed_ms = *start.settled.entry(name.clone()).or_insert(elapsed),
                false => {
                    start.settled.remove(name);
                    line.elapsed_ms = elapsed;
                }
            }
            lines.push(line);
        }
        api::Progress { processes: lines }
    }

    fn start_answer(&self, start: &Start, timed_out: bool) -> api::StartAnswer {
        let mut failed = Vec::new();
        let mut conflicts = Vec::new();
        let mut pending = Vec::new();
        for name in &start.names {
            let conflict = self
                .managed
                .get(name)
                .and_then(|managed| managed.conflict.clone());
            match self.core.outcome(name) {
                Outcome::Failed(message) => {
                    if let Some(conflict) = conflict {
                        conflicts.push(conflict);
                    }
                    let run = self.core.view(name).and_then(|view| view.run);
                    let tail = run.map(|run| self.last_lines(name, run, TAIL));
                    failed.push(api::FailedProcess {
                        name: name.clone(),
                        message,
                        tail: tail.unwrap_or_default(),
                    });
                }
                Outcome::Pending(what) => pending.push((name, what)),
                Outcome::Ready | Outcome::Done | Outcome::Down => {}
            }
        }
        if timed_out {
            failed.extend(pending.into_iter().map(|(name, what)| api::FailedProcess {
                name: name.clone(),
                message: format!("not ready in time: {what}; it goes on"),
                tail: Vec::new(),
            }));
        }
        // What only failed because a port was taken is told by the table of ports.
        let only_ports = !conflicts.is_empty();
        let ok = failed.is_empty() && conflicts.is_empty();
        let processes: Vec<api::Process> = start
            .names
            .iter()
            .filter_map(|name| self.process(name))
            .collect();
        api::StartAnswer {
            ok,
            exit_code: match (ok, only_ports) {
                (true, _) => 0,
                (false, true) => 4,
                (false, false) => 1,
            },
            started: start.started.clone(),
            already: start.already.clone(),
            failed,
            conflicts,
            notes: start.notes.clone(),
            urls: self.urls(&processes),
            processes,
        }
    }

    /// Addresses, those first on which nothing else depends: that is what people open.
    fn urls(&self, processes: &[api::Process]) -> Vec<String> {
        let level_of = |name: &str| {
            let order = self.core.order();
            order
                .iter()
                .position(|level| level.iter().any(|one| one == name))
        };
        let mut urls: Vec<(Option<usize>, String)> = processes
            .iter()
            .filter_map(|one| Some((level_of(&one.name), one.url.clone()?)))
            .collect();
        urls.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
        urls.into_iter().map(|(_, url)| url).collect()
    }

    fn look_at_stop(&mut self, stop: Stop) -> Option<Stop> {
        if stop.sink.abandoned() {
            return None;
        }
        let (progress, open) = self.stop_progress(&stop);
        stop.sink.progress(progress);
        if open {
            return Some(stop);
        }
        let answer = self.stop_answer(&stop);
        stop.sink.done(&answer);
        None
    }

    fn stop_progress(&self, stop: &Stop) -> (api::Progress, bool) {
        let mut open = false;
        let mut lines = Vec::with_capacity(stop.names.len());
        for name in &stop.names {
            let (mut line, _) = self.progress_line(name);
            let down = self.is_down(name);
            open |= !down;
            let word = if down { "down" } else { "pending" };
            word.clone_into(&mut line.outcome);
            line.elapsed_ms = u64::try_from(stop.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            lines.push(line);
        }
        (api::Progress { processes: lines }, open)
    }

    /// Whether nothing of a process lives, or what lives could not be ended.
    pub(crate) fn is_down(&self, name: &str) -> bool {
        let managed = self.managed.get(name);
        let nothing = managed.is_none_or(|managed| {
            managed.present.is_none() && managed.launching.is_none()
        });
        nothing
            || match self.core.outcome(name) {
                Outcome::Failed(_) => self.core.view(name).is_some_and(|view| !view.wanted),
                Outcome::Pending(_) | Outcome::Ready | Outcome::Done | Outcome::Down => false,
            }
    }

    fn stop_answer(&self, stop: &Stop) -> api::StopAnswer {
        let mut left = Vec::new();
        for name in &stop.names {
            let lives = self.managed.get(name).is_some_and(|one| one.present.is_some());
            if !lives {
                continue;
            }
            let message = self.core.view(name).and_then(|view| view.message);
            let pids = self.left_pids(name);
            let why = message.unwrap_or_else(|| "could not be ended".to_string());
            left.extend(pids.into_iter().map(|pid| api::StoppedLeft {
                name: name.clone(),
                pid,
                command: forge_inspect::tree::command_text(pid, "?"),
                why: why.clone(),
            }));
        }
        for (name, port) in &stop.ports {
            let taken = crate::ports::taken(&self.listening, self.layout.workspace(), *port);
            if let Some((taken, spec)) = taken.zip(self.core.spec(name)) {
                let conflict = taken.conflict(spec, &self.live());
                left.push(api::StoppedLeft {
                    name: name.clone(),
                    pid: conflict.pid.unwrap_or(0),
                    command: conflict.command.unwrap_or_default(),
                    why: format!("still listens on port {port}"),
                });
            }
        }
        api::StopAnswer {
            ok: left.is_empty(),
            stopped: stop.stopped.clone(),
            already: stop.already.clone(),
            left,
            notes: stop.notes.clone(),
        }
    }

    fn left_pids(&self, name: &str) -> Vec<i32> {
        let Some(managed) = self.managed.get(name) else {
            return Vec::new();
        };
        match (managed.shim_pid(), &managed.adopted) {
            (_, Some(adopted)) => vec![adopted.pid],
            (Some(shim), None) => forge_os::Tree::below(shim).pids(),
            (None, None) => Vec::new(),
        }
    }

    fn look_at_wait(&mut self, mut wait: Wait, late: bool) -> Option<Wait> {
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
            let status = self.core.view(name).map_or("unknown", |view| view.status.name());
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

    /// `daemon stop`: once all are down, shims are let go and the keeper is told to end.
    fn look_at_ending(&mut self, stop: Stop, asked: bool) -> Option<Kind> {
        let (progress, open) = self.stop_progress(&stop);
        stop.sink.progress(progress);
        if open {
            return Some(Kind::Ending { stop, asked });
        }
        if !asked {
            self.shut_down();
        }
        let shims = self.managed.values().any(|one| !matches!(one.link, Link::None));
        if shims {
            return Some(Kind::Ending { stop, asked: true });
        }
        stop.sink.done(&serde_json::json!({"ok": true}));
        self.over = true;
        None
    }

    /// Whoever waits for the end of everything.
    pub(crate) fn take_ending(&mut self) -> Option<Sink> {
        let waiters = std::mem::take(&mut self.waiters);
        let mut ending = None;
        for waiter in waiters {
            match waiter.kind {
                Kind::Ending { stop, .. } => ending = Some(stop.sink),
                kind @ (Kind::Start(_) | Kind::Stop(_) | Kind::Wait(_)) => {
                    self.waiters.push(Waiter {
                        kind,
                        deadline: waiter.deadline,
                    });
                }
            }
        }
        ending
    }
}
