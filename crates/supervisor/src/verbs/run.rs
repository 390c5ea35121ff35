//! `run`: a process that is not in the file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use forge_api::{OnConflict, Problem, RunRequest};
use forge_core::event::Event;
use forge_core::spec::{CommandSpec, PortSpec, ProcessSpec};
use forge_core::template::Template;

use super::begun::Begun;
use crate::input::Sink;
use crate::managed::Managed;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn run_ad_hoc(&mut self, request: RunRequest, sink: Sink) {
        match self.begin_run(&request) {
            Ok(begun) => self.follow_start(begun, request.wait, request.timeout_ms, sink),
            Err(problem) => sink.problem(problem),
        }
    }

    fn begin_run(&mut self, request: &RunRequest) -> Result<Begun, Problem> {
        check_name(&request.name)?;
        if request.command.first().is_none_or(String::is_empty) {
            return Err(Problem::usage("there is no command to run"));
        }
        let name = request.name.clone();
        if let Some(known) = self.core.latest_spec(&name) {
            let ad_hoc = self.managed.get(&name).is_some_and(|one| one.ad_hoc);
            if !ad_hoc {
                return Err(Problem::usage(format!(
                    "`{name}` is a process of profile `{}`; choose another name",
                    known.profile
                )));
            }
        }
        let spec = self.ad_hoc_spec(request);
        let environment = Arc::new(request.environment.clone());
        let managed = self
            .managed
            .entry(name.clone())
            .or_insert_with(|| Managed::new(environment.clone()));
        managed.ad_hoc = true;
        managed.port = request.port;
        let same = self.core.latest_spec(&name) == Some(&spec);
        self.tell(Event::Define(vec![spec]));
        let names = vec![name.clone()];
        self.give_environment(&names, &environment, OnConflict::Fail);
        let mut begun = self.begun(names.clone());
        if same || begun.already.is_empty() {
            self.tell(Event::Start(names));
        } else {
            // Another command under the same name takes the place of the first.
            begun.started = std::mem::take(&mut begun.already);
            self.note_former(&mut begun, &names);
            self.tell(Event::Restart(names));
        }
        self.remember_now();
        Ok(begun)
    }

    fn ad_hoc_spec(&self, request: &RunRequest) -> ProcessSpec {
        let words = request.command.iter().map(Template::text);
        let cwd = request.cwd.as_ref().map(PathBuf::from);
        let profile = self.profiles.first().map_or("", String::as_str);
        let mut spec = ProcessSpec::new(
            profile,
            &request.name,
            CommandSpec::Argv(words.collect()),
            cwd.unwrap_or_else(|| self.workspace()),
        );
        spec.env = request
            .env
            .iter()
            .map(|(name, value)| (name.clone(), Some(Template::text(value))))
            .collect::<BTreeMap<_, _>>();
        spec.port = request.port.map(PortSpec::Fixed);
        spec.tty = request.tty;
        if let Some(agent) = &request.agent {
            // Told in the status; and `stop AGENT` ends all that it has started.
            spec.description = Some(format!("started by {agent}"));
            spec.groups = vec![agent.clone()];
            spec.env
                .insert("FORGE_AGENT".to_string(), Some(Template::text(agent)));
        }
        spec
    }
}

/// Names become names of files and of variables' values.
fn check_name(name: &str) -> Result<(), Problem> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphanumeric());
    let rest = letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    if first && rest && name.len() <= 100 {
        return Ok(());
    }
    Err(Problem::usage(format!(
        "`{}` is no name of a process: letters, digits, `_`, `.` and `-`, at most 100, a letter or digit first",
        name.escape_debug()
    )))
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_that_could_be_paths_or_options_are_refused() {
        for bad in ["", ".", "..", "../x", "a/b", "-rf", "a b", "a\0", "é"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        for good in ["a", "web-1", "api.v2", "0"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        assert!(check_name(&"x".repeat(300)).is_err());
    }
}
