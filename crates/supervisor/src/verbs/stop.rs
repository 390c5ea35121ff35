//! `stop`: takes down what is named, and answers once that is verified.

use std::time::Duration;

use forge_api::{Problem, StopAnswer, StopRequest};
use forge_core::event::{Event, Status};
use tokio::time::Instant;

use crate::input::Sink;
use crate::managed::Managed;
use crate::supervisor::Supervisor;
use crate::view::fixed_port;
use crate::waiters::{Stop, Waiter};

impl Supervisor {
    pub(crate) fn stop(&mut self, request: &StopRequest, sink: Sink) {
        match self.resolve(&request.targets) {
            Ok(names) => {
                let stop = self.begin_stop(names, request, sink);
                self.waiters.push(Waiter::stop(stop));
                self.changed();
            }
            Err(problem) => match self.only_in_the_file(&request.targets) {
                Some(already) => sink.done(&StopAnswer {
                    ok: true,
                    already,
                    ..StopAnswer::default()
                }),
                None => sink.problem(problem),
            },
        }
    }

    /// What these targets mean in the file, where nothing of it was ever started here: it is stopped.
    fn only_in_the_file(&self, targets: &[String]) -> Option<Vec<String>> {
        let specs = self.in_file(targets)?;
        let names: Vec<String> = specs.into_iter().map(|spec| spec.name).collect();
        let known = names.iter().any(|name| self.core.view(name).is_some());
        (!known).then_some(names)
    }

    /// Takes these down.
    pub(crate) fn begin_stop(
        &mut self,
        names: Vec<String>,
        request: &StopRequest,
        sink: Sink,
    ) -> Stop {
        let (stopped, already): (Vec<String>, Vec<String>) =
            names.iter().cloned().partition(|name| self.is_up(name));
        let ports = self.listened_ports(&stopped);
        let waited = self.with_dependents_that_stop(&stopped);
        for name in &names {
            if let Some(managed) = self.managed.get_mut(name) {
                managed.to_restore = false;
            }
        }
        let runs = waited.iter().filter_map(|name| {
            let run = self.managed.get(name).and_then(Managed::run)?;
            Some((name.clone(), run))
        });
        let runs = runs.collect();
        let before = self.history.count();
        self.tell(Event::Stop {
            names,
            timeout: request.timeout_ms.map(Duration::from_millis),
            force: request.force,
        });
        self.remember_now();
        let notes = self.history.since(before);
        let notes = notes.filter(|event| event.kind == "warning").map(|event| {
            let name = event.process.as_deref().unwrap_or_default();
            format!("{name}: {}", event.message)
        });
        Stop {
            sink,
            began: Instant::now(),
            notes: notes.collect(),
            names: waited,
            runs,
            stopped,
            already,
            ports,
        }
    }

    /// Whether there is anything to be stopped: something lives, or is about to.
    fn is_up(&self, name: &str) -> bool {
        let present = self
            .managed
            .get(name)
            .is_some_and(|managed| managed.present.is_some() || managed.launching.is_some());
        present
            || self.core.view(name).is_some_and(|view| match view.status {
                Status::Waiting
                | Status::Starting
                | Status::Running
                | Status::Stopping
                | Status::Restarting
                | Status::Paused => true,
                Status::Stopped | Status::Crashed | Status::Exited => false,
            })
    }

    /// Ports that these have been seen to listen on: they must be free when they are down.
    fn listened_ports(&self, names: &[String]) -> Vec<(String, u16)> {
        let mut ports = Vec::new();
        for name in names {
            let Some((managed, spec)) = self.managed.get(name).zip(self.core.spec(name)) else {
                continue;
            };
            if managed.present.is_none() || managed.conflict.is_some() {
                continue;
            }
            let seen = managed.usage.as_ref().map(forge_inspect::Usage::ports);
            let declared = managed.port.or(fixed_port(spec)).into_iter();
            for port in declared.chain(spec.ports.iter().copied()) {
                let listened =
                    managed.listened || seen.as_ref().is_some_and(|seen| seen.contains(&port));
                if listened {
                    ports.push((name.clone(), port));
                }
            }
        }
        ports
    }

    /// Dependents with `on_down: stop` go down too, and are waited for.
    fn with_dependents_that_stop(&self, names: &[String]) -> Vec<String> {
        let mut found: Vec<String> = names.to_vec();
        let mut at = 0;
        while let Some(name) = found.get(at).cloned() {
            at += 1;
            for other in self.core.names() {
                let Some(spec) = self.core.latest_spec(other) else {
                    continue;
                };
                let stops = spec
                    .depends_on
                    .iter()
                    .any(|need| need.on == name && need.on_down == forge_core::spec::OnDown::Stop);
                if stops && !found.iter().any(|known| known == other) {
                    found.push(other.to_string());
                }
            }
        }
        found
    }

    /// `daemon stop`: everything down, then Forge itself.
    pub(crate) fn daemon_stop(&mut self, sink: Sink) {
        let names: Result<Vec<String>, Problem> = self.resolve(&[]);
        match names {
            Ok(names) => {
                let stop = self.begin_stop(names, &StopRequest::default(), sink);
                self.waiters.push(Waiter::ending(stop));
                self.changed();
            }
            Err(problem) => sink.problem(problem),
        }
    }
}
