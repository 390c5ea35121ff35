//! Targets: names of processes, names of groups, globs.

use std::fmt;

use forge_core::spec::Profile;

use crate::near::near;
use crate::visible::{quoted, visible};

/// A target that means nothing in a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTarget {
    /// As it was given.
    pub target: String,
    /// The profile that was asked.
    pub profile: String,
    /// Names that may have been meant, best first.
    pub near: Vec<String>,
    /// All processes and groups of the profile.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        let (target, profile) = (quoted(&self.target), visible(&self.profile));
        match self.target.contains(['*', '?', '[', '{']) {
            true => write!(f, "no process of profile `{profile}` matches {target}")?,
            false => write!(f, "no process or group {target} in profile `{profile}`")?,
        }
        match (self.near.as_slice(), self.known.as_slice()) {
            ([], []) => Ok(()),
            ([], known) => write!(f, "; there are {}", list(known)),
            (near, _) => write!(f, "; did you mean {}?", list(near)),
        }
    }
}

impl std::error::Error for UnknownTarget {}

/// The processes that these targets name, in the order of the profile, each once; without targets
/// all of the profile. A name means the process of that name, else the group, else a glob over the
/// names of processes.
///
/// # Errors
///
/// The first target that names nothing.
pub fn resolve_targets(
    profile: &Profile,
    targets: &[String],
) -> Result<Vec<String>, UnknownTarget> {
    let processes = &profile.processes;
    let mut chosen = vec![targets.is_empty(); processes.len()];
    for target in targets {
        let by_name = |at: usize| processes[at].name == *target;
        let by_group = |at: usize| processes[at].groups.contains(target);
        let mut found: Vec<usize> = (0..processes.len()).filter(|at| by_name(*at)).collect();
        if found.is_empty() {
            found = (0..processes.len()).filter(|at| by_group(*at)).collect();
        }
        if found.is_empty()
            && let Ok(glob) = globset::Glob::new(target)
        {
            let matcher = glob.compile_matcher();
            found = (0..processes.len())
                .filter(|at| matcher.is_match(&processes[*at].name))
                .collect();
        }
        if found.is_empty() {
            return Err(unknown(profile, target));
        }
        found.into_iter().for_each(|at| chosen[at] = true);
    }
    let names = processes.iter().zip(chosen).filter(|(_, chosen)| *chosen);
    Ok(names.map(|(process, _)| process.name.clone()).collect())
}

fn unknown(profile: &Profile, target: &str) -> UnknownTarget {
    let mut known: Vec<String> = Vec::new();
    let processes = profile.processes.iter();
    let names = processes.clone().map(|process| &process.name);
    for name in names.chain(processes.flat_map(|process| &process.groups)) {
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
    let near = near(target, known.iter().map(String::as_str));
    UnknownTarget {
        target: target.to_string(),
        profile: profile.name.clone(),
        near: near.into_iter().map(str::to_string).collect(),
        known,
    }
}

#[cfg(test)]
mod tests {
    use forge_core::spec::{CommandSpec, ProcessSpec};
    use forge_core::template::Template;

    use super::*;

    fn profile() -> Profile {
        let process = |name: &str, groups: &[&str]| {
            let command = CommandSpec::Shell(Template::text("true"));
            let mut spec = ProcessSpec::new("dev", name, command, "/".into());
            spec.groups = groups.iter().map(|group| group.to_string()).collect();
            spec
        };
        Profile {
            name: "dev".into(),
            processes: vec![
                process("db", &[]),
                process("api-users", &["api"]),
                process("api-orders", &["api"]),
                process("web", &[]),
            ],
        }
    }

    fn check(targets: &[&str], expect: &str) {
        let targets: Vec<String> = targets.iter().map(|target| target.to_string()).collect();
        let shown = match resolve_targets(&profile(), &targets) {
            Ok(names) => names.join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expect, "{targets:?}");
    }

    #[test]
    fn targets_are_names_groups_and_globs() {
        check(&[], "db api-users api-orders web");
        check(&["web", "db", "web"], "db web");
        check(&["api"], "api-users api-orders");
        check(&["api-*", "db"], "db api-users api-orders");
        check(&["*b"], "db web");
    }

    #[test]
    fn an_unknown_target_names_what_may_have_been_meant() {
        check(
            &["wbe"],
            "no process or group `wbe` in profile `dev`; did you mean `web`?",
        );
        check(
            &["zzz*"],
            "no process of profile `dev` matches `zzz*`; there are `db`, `api-users`, `api-orders`, `web`, `api`",
        );
        check(
            &["\u{1b}[2J"],
            "no process of profile `dev` matches `\\u{1b}[2J`; there are `db`, `api-users`, `api-orders`, `web`, `api`",
        );
    }
}
