//! `restart`, and debug mode, which is a restart.

use std::sync::Arc;

use forge_api::{OnConflict, Problem, RestartRequest};
use forge_core::event::Event;

use super::start::Begun;
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
            }
        }
        let mut begun = self.begun(self.with_needs(&names));
        begun.started.extend(names.iter().cloned());
        begun.started.sort_unstable();
        begun.started.dedup();
        begun.already.retain(|name| !names.contains(name));
        self.note_former(&mut begun, &names);
        if let (Some(true), Some(name)) = (request.debug, names.first()) {
            begun.notes.extend(self.debug_note(name));
        }
        self.tell(Event::Restart(names));
        self.remember_now();
        Ok(begun)
    }

    /// Where a debugger attaches.
    fn debug_note(&self, name: &str) -> Option<String> {
        let spec = self.core.latest_spec(name)?;
        let address = crate::debug::address(spec, self.port_of(name));
        Some(match address {
            Some(address) => format!("{name}: a debugger attaches at {address}"),
            None => format!("{name}: debug mode is on; its runtime opens no port for a debugger"),
        })
    }
}
