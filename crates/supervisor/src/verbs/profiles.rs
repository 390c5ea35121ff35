//! `profiles`: those of the file, and what of them runs.

use forge_api::{Problem, ProfileRow, ProfilesAnswer};

use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn all_profiles(&self) -> Result<ProfilesAnswer, Problem> {
        let environment = self
            .managed
            .values()
            .next()
            .map_or_else(Supervisor::bare_environment, |one| one.environment.clone());
        let config = self.load_config(&environment, None)?;
        let default = config.default_profile().map(|one| one.name.clone());
        let row = |profile: &forge_core::spec::Profile| {
            let names: Vec<String> = profile
                .processes
                .iter()
                .map(|spec| spec.name.clone())
                .collect();
            let runs = |name: &&String| {
                let spec = self.core.latest_spec(name);
                spec.is_some_and(|spec| spec.profile == profile.name)
                    && self.core.view(name).is_some_and(|view| view.pid.is_some())
            };
            ProfileRow {
                name: profile.name.clone(),
                default: default.as_ref() == Some(&profile.name),
                running: names.iter().filter(runs).cloned().collect(),
                processes: names,
            }
        };
        Ok(ProfilesAnswer {
            profiles: config.profiles.iter().map(row).collect(),
        })
    }
}
