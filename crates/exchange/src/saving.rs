//! What runs now, written as a profile: in the words of the file where it comes from the file, from its
//! spec where it does not.

use std::collections::BTreeSet;
use std::path::Path;

use forge_config::Config;
use forge_core::spec::{LogSpec, PortSpec, ProcessSpec};

use crate::draft::Draft;
use crate::edit::{EditError, How, save};
use crate::export::from_written;
use crate::value::Value;
use crate::written::draft_of;

/// The text of the file in which this profile holds these processes and no others. Processes of the
/// file keep their words, references and secrets unresolved, but for a port that was moved; the text of
/// what has not changed stays as it is. Dependencies on what does not run are left out.
///
/// # Errors
///
/// As [`save`].
pub fn save_running(
    existing: &str,
    workspace: &Path,
    config: Option<&Config>,
    profile: &str,
    running: &[ProcessSpec],
) -> Result<String, EditError> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut unchanged = BTreeSet::new();
    for spec in running {
        let (draft, as_it_was) = one(workspace, config, profile, spec);
        if drafts.iter().any(|known| known.name == draft.name) {
            continue;
        }
        if as_it_was {
            unchanged.insert(draft.name.clone());
        }
        drafts.push(draft);
    }
    let known = known_names(&drafts, running);
    for draft in &mut drafts {
        if only_known(draft, &known) {
            unchanged.remove(&draft.name);
        }
    }
    let how = How::Replace {
        unchanged: &unchanged,
    };
    save(existing, profile, &drafts, how)
}

/// A process as an entry, and whether the profile has it just so.
fn one(
    workspace: &Path,
    config: Option<&Config>,
    profile: &str,
    spec: &ProcessSpec,
) -> (Draft, bool) {
    let written = config.and_then(|config| config.written(&spec.profile, &spec.name));
    let Some(fields) = written else {
        let usual = LogSpec::default();
        let log = config.map_or(&usual, |config| &config.settings.log);
        return (draft_of(spec, workspace, log, None), false);
    };
    let mut draft = from_written(&fields);
    let in_file = config
        .and_then(|config| config.profile(&spec.profile))
        .and_then(|profile| {
            let mut specs = profile.processes.iter();
            specs.find(|known| known.name == spec.name)
        });
    let moved = match (spec.port, in_file.map(|known| known.port)) {
        (Some(PortSpec::Fixed(port)), Some(known)) if known != spec.port => Some(port),
        (_, _) => None,
    };
    if let Some(port) = moved {
        draft.set("port", Value::bare(port));
    }
    (draft, moved.is_none() && spec.profile == profile)
}

/// All names that a dependency may have: processes, replicas, groups.
fn known_names(drafts: &[Draft], running: &[ProcessSpec]) -> BTreeSet<String> {
    let names = drafts.iter().map(|draft| draft.name.clone());
    let replicas = running.iter().map(|spec| spec.name.clone());
    let groups = running.iter().flat_map(|spec| spec.groups.iter().cloned());
    names.chain(replicas).chain(groups).collect()
}

/// Leaves out dependencies on what is not known; whether there were any.
fn only_known(draft: &mut Draft, known: &BTreeSet<String>) -> bool {
    let name = |value: &Value| match value {
        Value::Text(name) | Value::Bare(name) => known.contains(name),
        Value::Null | Value::List(_) | Value::Map(_) => true,
    };
    let left = match draft.get("depends_on").cloned() {
        Some(Value::List(names)) if !names.iter().all(name) => {
            Value::List(names.into_iter().filter(name).collect())
        }
        Some(Value::Map(entries)) if !entries.iter().all(|(on, _)| known.contains(on)) => {
            let entries = entries.into_iter();
            Value::Map(entries.filter(|(on, _)| known.contains(on)).collect())
        }
        Some(_) | None => return false,
    };
    match left == Value::List(Vec::new()) || left == Value::Map(Vec::new()) {
        true => draft.remove("depends_on"),
        false => draft.set("depends_on", left),
    }
    true
}
