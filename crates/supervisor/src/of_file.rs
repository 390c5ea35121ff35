//! Processes that the file has and that nobody has started here: they are stopped, and are shown so.

use forge_api as api;
use forge_config::{Config, resolve_targets};
use forge_core::spec::ProcessSpec;

use crate::supervisor::Supervisor;
use crate::view::fixed_port;

/// A process of which nothing runs and nothing is remembered.
pub fn stopped(spec: &ProcessSpec) -> api::Process {
    let port = fixed_port(spec);
    api::Process {
        name: spec.name.clone(),
        profile: spec.profile.clone(),
        groups: spec.groups.clone(),
        status: "stopped".to_string(),
        health: api::Health {
            state: "none".to_string(),
            ..api::Health::default()
        },
        port,
        requested_port: port,
        tty: spec.tty,
        description: spec.description.clone(),
        ..api::Process::default()
    }
}

impl Supervisor {
    /// The status of these; where no profile was started, also of what the file would start.
    pub(crate) fn status_of(&self, targets: &[String]) -> Result<api::Status, api::Problem> {
        let names = match self.resolve(targets) {
            Ok(names) => names,
            Err(problem) => {
                let specs = self.in_file(targets).ok_or(problem)?;
                return Ok(api::Status {
                    totals: api::Totals::default(),
                    processes: specs.iter().map(stopped).collect(),
                    ..self.status()
                });
            }
        };
        let mut status = self.status();
        if !targets.is_empty() {
            status.processes.retain(|one| names.contains(&one.name));
        } else if self.profiles.is_empty()
            && let Some(config) = self.file()
            && let Some(profile) = config.default_profile()
        {
            let new = |spec: &&ProcessSpec| !names.contains(&spec.name);
            let unstarted = profile.processes.iter().filter(new).map(stopped);
            status.processes.extend(unstarted);
        }
        Ok(status)
    }

    /// What these targets mean in the file, in the first profile that knows them all.
    pub(crate) fn in_file(&self, targets: &[String]) -> Option<Vec<ProcessSpec>> {
        let config = self.file()?;
        config.profiles.into_iter().find_map(|profile| {
            let names = resolve_targets(&profile, targets).ok()?;
            let named = |spec: &ProcessSpec| names.contains(&spec.name);
            Some(profile.processes.into_iter().filter(named).collect())
        })
    }

    /// The file as it is now; nothing where it has mistakes, which others tell.
    pub(crate) fn file(&self) -> Option<Config> {
        let environment = Supervisor::bare_environment();
        self.load_config(&environment, None).ok()
    }
}
