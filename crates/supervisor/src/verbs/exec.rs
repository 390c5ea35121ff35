//! `exec`: folder and environment of a process, for a command of a client.

use std::sync::Arc;

use forge_api::{ExecAnswer, ExecRequest, Problem};
use forge_config::resolve_targets;
use forge_core::event::Event;

use super::start::profile_of;
use crate::environment::{Surroundings, compose};
use crate::managed::Managed;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn exec(&mut self, request: ExecRequest) -> Result<ExecAnswer, Problem> {
        let asked = request.profile.is_none();
        let spec = match self.core.latest_spec(&request.name).filter(|_| asked) {
            Some(spec) => spec.clone(),
            None => self.spec_from_file(&request)?,
        };
        let managed = self.managed.get(&request.name);
        let port = managed
            .and_then(|managed| managed.port)
            .or(crate::view::fixed_port(&spec));
        let environment = compose(
            &spec,
            &Surroundings {
                client: &request.environment,
                workspace: self.layout.workspace(),
                run: None,
                port,
                debug: None,
                notify_socket: None,
            },
            &|name: &str| self.port_of(name),
        )
        .map_err(Problem::failed)?;
        Ok(ExecAnswer {
            cwd: spec.cwd.to_string_lossy().into_owned(),
            environment,
        })
    }

    fn spec_from_file(
        &mut self,
        request: &ExecRequest,
    ) -> Result<forge_core::spec::ProcessSpec, Problem> {
        let config = self.load_config(&request.environment, request.profile.as_deref())?;
        let profile = profile_of(&config, request.profile.as_deref())?;
        let names = resolve_targets(profile, std::slice::from_ref(&request.name))
            .map_err(|unknown| Problem::unknown(unknown.to_string()))?;
        let spec = profile
            .processes
            .iter()
            .find(|spec| names.first() == Some(&spec.name))
            .cloned()
            .ok_or_else(|| Problem::unknown(format!("no process `{}`", request.name)))?;
        // What it refers to is known from now on, also when nothing of it runs.
        let environment = Arc::new(request.environment.clone());
        let unknown: Vec<_> = profile
            .processes
            .iter()
            .filter(|one| self.core.latest_spec(&one.name).is_none())
            .cloned()
            .collect();
        for one in &unknown {
            let managed = self
                .managed
                .entry(one.name.clone())
                .or_insert_with(|| Managed::new(environment.clone()));
            managed.port = crate::view::fixed_port(one);
        }
        self.tell(Event::Define(unknown.clone()));
        for one in &unknown {
            if one.port == Some(forge_core::spec::PortSpec::Auto) {
                self.choose_automatic_port(&one.name);
            }
        }
        Ok(spec)
    }
}
