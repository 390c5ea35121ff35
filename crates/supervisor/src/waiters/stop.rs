//! Who waits for a stop, or for the end of Forge.

use std::collections::BTreeMap;

use forge_api as api;
use forge_core::event::Outcome;
use forge_facts::RunId;
use tokio::time::Instant;

use super::Kind;
use crate::input::Sink;
use crate::managed::{Link, Managed};
use crate::supervisor::Supervisor;

/// A stop.
pub(crate) struct Stop {
    pub(crate) sink: Sink,
    pub(crate) began: Instant,
    pub(crate) names: Vec<String>,
    /// What lived when it began. A run that somebody begins afterwards is none of its business.
    pub(crate) runs: BTreeMap<String, RunId>,
    pub(crate) stopped: Vec<String>,
    pub(crate) already: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// Ports that were listened on and are to be free.
    pub(crate) ports: Vec<(String, u16)>,
}

impl Supervisor {
    pub(super) fn look_at_stop(&mut self, stop: Stop) -> Option<Stop> {
        if stop.sink.abandoned() {
            return None;
        }
        let (progress, open) = self.stop_progress(&stop, |name| self.is_down_for(&stop, name));
        stop.sink.progress(progress);
        if open {
            return Some(stop);
        }
        let answer = self.stop_answer(&stop);
        stop.sink.done(&answer);
        None
    }

    /// Whether a stop need not wait for a process any longer: it is down, or what lives there now was
    /// begun by somebody else meanwhile.
    fn is_down_for(&self, stop: &Stop, name: &str) -> bool {
        self.is_down(name) || self.began_anew(stop, name)
    }

    fn began_anew(&self, stop: &Stop, name: &str) -> bool {
        let now = self.managed.get(name).and_then(Managed::run);
        let wanted = self.core.view(name).is_some_and(|view| view.wanted);
        wanted && now.is_some_and(|run| stop.runs.get(name) != Some(&run))
    }

    fn stop_progress(&self, stop: &Stop, is_down: impl Fn(&str) -> bool) -> (api::Progress, bool) {
        let mut open = false;
        let mut lines = Vec::with_capacity(stop.names.len());
        for name in &stop.names {
            let (mut line, _) = self.progress_line(name);
            let down = is_down(name);
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
        let nothing =
            managed.is_none_or(|managed| managed.present.is_none() && managed.launching.is_none());
        nothing
            || match self.core.outcome(name) {
                Outcome::Failed(_) => self.core.view(name).is_some_and(|view| !view.wanted),
                Outcome::Pending(_) | Outcome::Ready | Outcome::Done | Outcome::Down => false,
            }
    }

    fn stop_answer(&self, stop: &Stop) -> api::StopAnswer {
        let mut left = Vec::new();
        let mut notes = stop.notes.clone();
        for name in &stop.names {
            if self.began_anew(stop, name) {
                notes.push(format!("{name}: it was started again meanwhile"));
                continue;
            }
            let lives = self
                .managed
                .get(name)
                .is_some_and(|one| one.present.is_some());
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
            if self.began_anew(stop, name) {
                continue;
            }
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
            notes,
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

    /// `daemon stop`: once all are down, shims are let go and the keeper is told to end.
    pub(super) fn look_at_ending(&mut self, stop: Stop, asked: bool) -> Option<Kind> {
        let (progress, open) = self.stop_progress(&stop, |name| self.is_down(name));
        stop.sink.progress(progress);
        if open {
            return Some(Kind::Ending { stop, asked });
        }
        if !asked {
            self.shut_down();
        }
        let shims = self
            .managed
            .values()
            .any(|one| !matches!(one.link, Link::None));
        if shims {
            return Some(Kind::Ending { stop, asked: true });
        }
        stop.sink.done(&serde_json::json!({"ok": true}));
        self.over = true;
        None
    }
}
