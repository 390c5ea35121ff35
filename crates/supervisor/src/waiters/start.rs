//! Who waits for a start, a restart, a reload or a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use forge_api as api;
use forge_core::event::{Outcome, Status, View};
use forge_facts::RunId;
use forge_os::ProcessState;
use tokio::time::Instant;

use super::Kind;
use crate::clock;
use crate::input::Sink;
use crate::managed::Http;
use crate::supervisor::Supervisor;

/// Lines of a failed process that an answer holds.
const TAIL: usize = 20;

/// How long a process without a check has to live until it counts as up, unless it is seen to wait.
const BREATH: Duration = Duration::from_millis(100);
const BREATH_LOOK: Duration = Duration::from_millis(1);

/// A start does not wait for a restart that is further away.
const SOON: Duration = Duration::from_secs(10);

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
    /// What is known of the runs that it has begun.
    pub(crate) seen: Seen,
}

/// What a start has seen of the runs that it has begun.
#[derive(Default)]
pub(crate) struct Seen {
    /// Since when runs without a check have been up.
    up: BTreeMap<String, (RunId, Instant)>,
    /// Processes that have shown that they do not end at once.
    breathe: BTreeSet<String>,
    /// Whether any has still to show it.
    breathless: bool,
    /// Runs that have ended and are to be followed by others.
    crashed: BTreeMap<String, BTreeSet<RunId>>,
    /// Why some are not waited for any longer: they crash again and again.
    given_up: BTreeMap<String, String>,
    /// Why others are not: they wait for those.
    held_up: BTreeMap<String, String>,
}

impl Seen {
    /// Why a process is not waited for any longer.
    fn hopeless(&self, name: &str) -> Option<&String> {
        self.given_up.get(name).or_else(|| self.held_up.get(name))
    }
}

impl Supervisor {
    pub(super) fn look_at_start(
        &mut self,
        mut start: Start,
        late: bool,
        again: &mut Option<Instant>,
    ) -> Option<Kind> {
        if start.sink.abandoned() {
            return None;
        }
        let progress = self.progress(&mut start);
        let open = start.names.len() > start.settled.len();
        start.sink.progress(progress);
        if open && start.wait && !late {
            if start.seen.breathless {
                *again = Some(Instant::now() + BREATH_LOOK);
            }
            return Some(Kind::Start(start));
        }
        // The address of the app is worth a moment.
        if start.wait
            && !late
            && let Some(until) = self.asked_about_http(&start.names)
        {
            *again = Some(until);
            return Some(Kind::Start(start));
        }
        let answer = self.start_answer(&start, open && start.wait);
        start.sink.done(&answer);
        None
    }

    fn asked_about_http(&self, names: &[String]) -> Option<Instant> {
        let asked = names
            .iter()
            .filter_map(|name| match self.managed.get(name)?.http {
                Http::Asked(until) => Some(until),
                Http::Unknown | Http::Speaks => None,
            });
        asked.filter(|until| *until > Instant::now()).max()
    }

    fn progress(&self, start: &mut Start) -> api::Progress {
        let elapsed = u64::try_from(start.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut lines = Vec::with_capacity(start.names.len());
        start.seen.breathless = false;
        self.give_up(start);
        for name in &start.names {
            let (mut line, mut settled) = self.progress_line(name);
            let view = self.core.view(name);
            if let Some(view) = view.as_ref().filter(|_| start.wait) {
                if settled && !self.breathes(name, view, &mut start.seen) {
                    settled = false;
                    "pending".clone_into(&mut line.outcome);
                    "starting".clone_into(&mut line.status);
                    line.detail.clear();
                } else if let Some(why) = start.seen.hopeless(name) {
                    settled = true;
                    "failed".clone_into(&mut line.outcome);
                    line.detail.clone_from(why);
                }
            }
            let run = view.and_then(|view| view.run);
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

    /// Finds those that crash again and again, and those that wait for them in vain.
    fn give_up(&self, start: &mut Start) {
        let Start { names, seen, .. } = start;
        seen.held_up.clear();
        for name in &*names {
            match self.core.outcome(name) {
                Outcome::Pending(_) => {}
                Outcome::Ready | Outcome::Done | Outcome::Failed(_) | Outcome::Down => {
                    seen.given_up.remove(name);
                    continue;
                }
            }
            let view = self.core.view(name);
            let why = view.and_then(|view| crash_loop(name, &view, seen));
            if let Some(why) = why.filter(|_| !seen.given_up.contains_key(name)) {
                seen.given_up.insert(name.clone(), why);
            }
        }
        // One holds up another, which holds up a third.
        let mut more = !seen.given_up.is_empty();
        while more {
            more = false;
            for name in &*names {
                if seen.hopeless(name).is_some() {
                    continue;
                }
                let waits = self.core.view(name).map(|view| view.waiting_for);
                let waits = waits.unwrap_or_default();
                let culprit = waits.iter().find(|other| seen.hopeless(other).is_some());
                if let Some(culprit) = culprit {
                    let why = format!("waiting for `{culprit}`, which does not stay up");
                    seen.held_up.insert(name.clone(), why);
                    more = true;
                }
            }
        }
    }

    /// Whether a process without a check has shown that it does not end at once: it waits for
    /// something, or has lived for a moment. Otherwise a command that does not exist would be up.
    fn breathes(&self, name: &str, view: &View, seen: &mut Seen) -> bool {
        let unchecked = self
            .core
            .spec(name)
            .is_some_and(|spec| !spec.oneshot && spec.readiness().is_none());
        let up = view.pid.zip(view.run);
        let up = up.filter(|_| unchecked && view.status == Status::Running);
        let Some((pid, run)) = up.filter(|_| !seen.breathe.contains(name)) else {
            return true;
        };
        let now = Instant::now();
        let since = seen.up.entry(name.to_string()).or_insert((run, now));
        if since.0 != run {
            *since = (run, now);
        }
        let waits = forge_os::stat(pid).is_ok_and(|stat| stat.state == ProcessState::Sleeping);
        if waits || since.1.elapsed() >= BREATH {
            seen.breathe.insert(name.to_string());
            return true;
        }
        seen.breathless = true;
        false
    }

    fn start_answer(&self, start: &Start, timed_out: bool) -> api::StartAnswer {
        let mut failed = Vec::new();
        let mut conflicts = Vec::new();
        let mut pending = Vec::new();
        for name in &start.names {
            let message = match self.core.outcome(name) {
                Outcome::Failed(message) => {
                    let managed = self.managed.get(name);
                    conflicts.extend(managed.and_then(|managed| managed.conflict.clone()));
                    message
                }
                Outcome::Pending(what) => match start.seen.hopeless(name) {
                    Some(why) => why.clone(),
                    None => {
                        pending.push((name, what));
                        continue;
                    }
                },
                // Another process that had done its work may have ended it: then all is well.
                Outcome::Down if start.wait && self.core.exit_code() != Some(0) => {
                    "it was stopped meanwhile".to_string()
                }
                Outcome::Ready | Outcome::Done | Outcome::Down => continue,
            };
            let run = self.core.view(name).and_then(|view| view.run);
            let tail = run.map(|run| self.last_lines(name, run, TAIL));
            let crash = run.and_then(|run| self.crash_of(name, &run.to_string()));
            failed.push(api::FailedProcess {
                name: name.clone(),
                message,
                tail: tail.unwrap_or_default(),
                crash: crash.map(|crash| crash.id),
                summary: crash.map(|crash| crash.summary.clone()),
                location: crash.and_then(|crash| crash.location.clone()),
            });
        }
        if timed_out {
            failed.extend(pending.into_iter().map(|(name, what)| api::FailedProcess {
                name: name.clone(),
                message: format!("not ready in time: {what}; it goes on"),
                ..api::FailedProcess::default()
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
}

/// Why a start does not wait any longer for a process that ends again and again.
fn crash_loop(name: &str, view: &View, seen: &mut Seen) -> Option<String> {
    let at = view.restart_at?;
    let run = view.run.filter(|_| view.status == Status::Restarting)?;
    let crashed = seen.crashed.entry(name.to_string()).or_default();
    crashed.insert(run);
    let left = at.saturating_sub(clock::mono());
    (crashed.len() > 1 || left > SOON).then(|| {
        let why = view.message.as_deref().unwrap_or("it has ended");
        format!("{why}; it restarts in {}", clock::short(left))
    })
}
