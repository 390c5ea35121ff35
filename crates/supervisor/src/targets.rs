//! What the targets of a request mean among the processes that the supervisor knows.

use forge_api::Problem;
use forge_config::resolve_targets;
use forge_core::spec::{ProcessSpec, Profile};

use crate::supervisor::Supervisor;

impl Supervisor {
    /// All processes that are known, in the order in which they are shown.
    pub(crate) fn known_specs(&self) -> Vec<ProcessSpec> {
        let names = self.core.names().into_iter();
        names
            .filter_map(|name| self.core.latest_spec(name).cloned())
            .collect()
    }

    /// The names that these targets mean among the known ones; all without targets.
    ///
    /// # Errors
    ///
    /// The first target that means nothing (3), or processes that only the file knows (1).
    pub(crate) fn resolve(&self, targets: &[String]) -> Result<Vec<String>, Problem> {
        let all = Profile {
            name: self.profile_name().unwrap_or_default(),
            processes: self.known_specs(),
        };
        let unknown = match resolve_targets(&all, targets) {
            Ok(names) => return Ok(names),
            Err(unknown) => unknown,
        };
        if let Some(specs) = self.in_file(targets) {
            return Err(not_started(&specs));
        }
        let default = self
            .file()
            .and_then(|config| config.default_profile().cloned())
            .filter(|_| all.processes.is_empty())
            .and_then(|profile| resolve_targets(&profile, targets).err());
        Err(Problem::unknown(default.unwrap_or(unknown).to_string()))
    }

    /// The profiles in use as one name.
    pub(crate) fn profile_name(&self) -> Option<String> {
        (!self.profiles.is_empty()).then(|| self.profiles.join("+"))
    }

    /// These processes and all that they need, in the order in which they are shown.
    pub(crate) fn with_needs(&self, names: &[String]) -> Vec<String> {
        let mut found: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut at = 0;
        while let Some(name) = found.get(at).copied() {
            at += 1;
            let Some(spec) = self.core.latest_spec(name) else {
                continue;
            };
            for need in &spec.depends_on {
                if !found.contains(&need.on.as_str()) {
                    found.push(&need.on);
                }
            }
        }
        let known = self.core.names().into_iter();
        known
            .filter(|name| found.contains(name))
            .map(str::to_string)
            .collect()
    }
}

/// Nobody has started these here.
fn not_started(specs: &[ProcessSpec]) -> Problem {
    let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    let profile = specs.first().map_or("", |spec| spec.profile.as_str());
    let verb = if names.len() == 1 { "does" } else { "do" };
    let it = if names.len() == 1 { "it" } else { "them" };
    let names = names.join(" ");
    Problem::failed(format!("{names} {verb} not run")).with_hint(format!(
        "`forge dev start {names} -p {profile}` starts {it}"
    ))
}
