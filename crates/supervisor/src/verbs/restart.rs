//! `restart`, and debug mode, which is a restart.

use std::sync::Arc;

use forge_api::{OnConflict, Problem, RestartRequest};
use forge_core::event::Event;

use super::begun::Begun;
use crate::debug::DebugPort;
use crate::environment::Environment;
use crate::input::Sink;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn restart(&mut self, request: RestartRequest, sink: Sink) {
        match self.begin_restart(&request) {
            Ok(begun) => self.follow_start(begun, request.wait, request.timeout_ms, sink),
            Err(problem) => sink.problem(problem),
        }
    }

    fn begin_restart(&mut self, request: &RestartRequest) -> Result<Begun, Problem> {
        let mut names = self.resolve(&request.targets)?;
        if request.targets.is_empty() {
            names.retain(|name| self.lives(name));
        }
        if let (Some(_), Some(name)) = (request.debug, names.get(1)) {
            return Err(Problem::usage(format!(
                "debug mode is for one process; the target also means `{name}`"
            )));
        }
        let environment = Arc::new(request.environment.clone());
        for name in &names {
            let Some(managed) = self.managed.get_mut(name) else {
                continue;
            };
            // Read anew at every start; who restarts by hand is the client that starts it.
            managed.environment = environment.clone();
            managed.on_conflict = OnConflict::Fail;
            if let Some(debug) = request.debug {
                managed.debug = debug;
                managed.debug_port = managed.debug_port.filter(|_| debug);
            }
        }
        let stale = self.read_variables_anew(&names, &request.environment);
        let mut begun = self.begun(self.with_needs(&names));
        begun.notes.extend(stale);
        begun.started.extend(names.iter().cloned());
        begun.started.sort_unstable();
        begun.started.dedup();
        begun.already.retain(|name| !names.contains(name));
        self.note_former(&mut begun, &names);
        if let (Some(true), Some(name)) = (request.debug, names.first()) {
            self.choose_debug_port(name);
            begun.notes.extend(self.debug_notes(name));
        }
        self.tell(Event::Restart(names));
        self.remember_now();
        Ok(begun)
    }

    /// Variables are read anew at every start, so also what dotenv files say; anything else of an
    /// edited file is left to `reload`. Returns what people should know.
    fn read_variables_anew(
        &mut self,
        names: &[String],
        environment: &Environment,
    ) -> Option<String> {
        let mut note = None;
        let mut changed = Vec::new();
        for profile in self.profiles.clone() {
            let Ok(config) = self.load_config(environment, Some(&profile)) else {
                let text =
                    "the file has mistakes, which `forge dev check` shows: restarted as it was";
                note = Some(text.to_string());
                continue;
            };
            let profile = config.profile(&profile).into_iter();
            for spec in profile.flat_map(|profile| &profile.processes) {
                let Some(known) = self.core.latest_spec(&spec.name) else {
                    continue;
                };
                let mut same = known.clone();
                same.env.clone_from(&spec.env);
                if names.contains(&spec.name) && known != spec && same == *spec {
                    changed.push(same);
                }
            }
        }
        if !changed.is_empty() {
            self.tell(Event::Define(changed));
        }
        note
    }

    /// How a debugger attaches.
    fn debug_notes(&self, name: &str) -> Vec<String> {
        let spec = self.core.latest_spec(name);
        spec.map_or(Vec::new(), |spec| {
            let port = self.managed.get(name).and_then(|one| one.debug_port);
            crate::debug::attach(spec, port)
        })
    }

    /// The port of a debugger: kept until debug mode ends, and nobody else's when it is chosen.
    fn choose_debug_port(&mut self, name: &str) {
        let Some(spec) = self.core.latest_spec(name) else {
            return;
        };
        let others: Vec<u16> = self
            .managed
            .iter()
            .flat_map(|(other, one)| {
                let debugger = one.debug_port.filter(|_| other != name);
                one.port.into_iter().chain(debugger)
            })
            .collect();
        let had = self.managed.get(name).and_then(|one| one.debug_port);
        let port = match crate::debug::port_of(spec) {
            DebugPort::Said(port) => Some(port),
            DebugPort::None => None,
            DebugPort::From(_) if had.is_some() => had,
            DebugPort::From(port) => {
                crate::ports::next_free(port.saturating_sub(1), &self.listening, &others)
            }
        };
        if let Some(managed) = self.managed.get_mut(name) {
            managed.debug_port = port;
        }
    }
}
