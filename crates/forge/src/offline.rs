//! Answers that need no supervisor: where none runs, everything is stopped, and the configuration
//! says the rest. Nothing here starts anything.

use std::path::Path;

use forge_api::{
    Because, GraphAnswer, GraphNode, Process, ProfileRow, ProfilesAnswer, Status, Totals, Warning,
    WhyAnswer,
};
use forge_core::spec::{Condition, ProcessSpec, Profile};
use forge_supervisor::stopped;

use crate::configuration;
use crate::context::Context;
use crate::failure::{Failure, exit};
use crate::place::Place;
use crate::targets::{self, Named};

/// Refuses a start that cannot succeed before a supervisor is started for it.
///
/// # Errors
///
/// Mistakes in the configuration and unknown profiles (2), unknown targets (3).
pub(crate) fn check_start(
    place: &Place,
    profiles: &[String],
    targets: &[String],
    context: &Context,
) -> Result<(), Failure> {
    let check = |profile: Option<&str>| {
        let config = configuration::load(place.workspace(), profile, context)?;
        let profile = configuration::profile(&config, profile, context)?;
        forge_config::resolve_targets(profile, targets)
            .map(|_| ())
            .map_err(|unknown| Failure::unknown(unknown.to_string()))
    };
    match profiles {
        [] => check(None),
        several => several.iter().try_for_each(|one| check(Some(one))),
    }
}

/// The names that the targets mean among all that the workspace knows: its configuration (where that
/// can be read) and the processes that have left something on disk.
///
/// # Errors
///
/// Unknown targets (3).
pub(crate) fn names(place: &Place, targets: &[String]) -> Result<Vec<String>, Failure> {
    targets::resolve(targets, &known(place))
}

/// All names with their groups, as in [`names`].
pub(crate) fn known(place: &Place) -> Vec<Named> {
    let mut known: Vec<Named> = Vec::new();
    for one in configuration::known(place.workspace()) {
        match known.iter_mut().find(|named| named.name == one.name) {
            Some(named) => named.groups.extend(one.groups),
            None => known.push(Named {
                name: one.name,
                groups: one.groups,
            }),
        }
    }
    let mut further: Vec<String> = std::fs::read_dir(place.layout.processes())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|folder| folder.file_name().into_string().ok())
        .filter(|name| !known.iter().any(|named| named.name == *name))
        .collect();
    further.sort();
    known.extend(further.into_iter().map(|name| Named {
        name,
        groups: Vec::new(),
    }));
    known
}

/// What the file says of a process.
///
/// # Errors
///
/// An unknown name (3).
pub(crate) fn spec(place: &Place, name: &str) -> Result<ProcessSpec, Failure> {
    let mut all = configuration::known(place.workspace()).into_iter();
    all.find(|spec| spec.name == name)
        .ok_or_else(|| targets::unknown(name, &known(place)))
}

/// Why nothing can be done to a target: it is unknown (3), or nothing runs (1).
pub(crate) fn not_running(place: &Place, target: &str) -> Failure {
    let known = known(place);
    let targets = [target.to_string()];
    if !target.is_empty()
        && let Err(unknown) = targets::resolve(&targets, &known)
    {
        return unknown;
    }
    let subject = if target.is_empty() { "nothing" } else { target };
    let verb = if target.is_empty() {
        "runs here"
    } else {
        "does not run"
    };
    let command = format!("`forge dev start {target}");
    Failure::failed(format!("{subject} {verb}")).hint(format!("{}` starts it", command.trim_end()))
}

/// The status of a workspace in which nothing runs.
///
/// # Errors
///
/// Mistakes in the configuration (2).
pub(crate) fn status(place: &Place, context: &Context) -> Result<Status, Failure> {
    if !configuration::exists(place.workspace()) {
        return Ok(empty(place.workspace()));
    }
    let config = configuration::load(place.workspace(), None, context)?;
    let profile = configuration::profile(&config, None, context)?;
    Ok(Status {
        processes: profile.processes.iter().map(stopped).collect(),
        ..empty(place.workspace())
    })
}

/// The same for a console, which shows the mistakes itself.
///
/// # Errors
///
/// Mistakes in the configuration (2), without colours.
pub(crate) fn of_file(place: &Place) -> Result<Status, Failure> {
    let workspace = place.workspace();
    if !configuration::exists(workspace) {
        return Ok(empty(workspace));
    }
    let config = configuration::load_plain(workspace)?;
    let profile = config.default_profile();
    Ok(Status {
        processes: profile.map_or_else(Vec::new, |profile| {
            profile.processes.iter().map(stopped).collect()
        }),
        ..empty(workspace)
    })
}

/// Processes of any profile that only the file knows: they are stopped. Nothing where a target means
/// nothing.
pub(crate) fn in_file(place: &Place, targets: &[String]) -> Option<Vec<Process>> {
    let specs = configuration::known(place.workspace());
    let named = specs.iter().map(|spec| Named {
        name: spec.name.clone(),
        groups: spec.groups.clone(),
    });
    let names = targets::resolve(targets, &named.collect::<Vec<_>>()).ok()?;
    let wanted = specs.iter().filter(|spec| names.contains(&spec.name));
    Some(wanted.map(stopped).collect())
}

fn empty(workspace: &Path) -> Status {
    Status {
        workspace: workspace.to_string_lossy().into_owned(),
        profile: None,
        supervisor: None,
        keeper: None,
        totals: Totals::default(),
        processes: Vec::new(),
        events: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A workspace whose status cannot be had, in a list of many.
pub(crate) fn unreadable(place: &Place, failure: &Failure) -> Status {
    let kind = match failure.code {
        exit::USAGE => "configuration",
        _ => "unreachable",
    };
    let message = match failure.code {
        exit::USAGE => "its configuration has mistakes: `forge dev check` names them".to_string(),
        _ => failure.message.clone(),
    };
    Status {
        warnings: vec![Warning {
            kind: kind.to_string(),
            message,
            ..Warning::default()
        }],
        ..empty(place.workspace())
    }
}

/// Why a process does not run: nothing does.
///
/// # Errors
///
/// Mistakes in the configuration (2), an unknown name (3).
pub(crate) fn why(
    place: &Place,
    name: &str,
    show_secrets: bool,
    context: &Context,
) -> Result<WhyAnswer, Failure> {
    let config = configuration::load(place.workspace(), None, context)?;
    let all = config.profiles.iter().flat_map(|one| &one.processes);
    let Some(spec) = all.into_iter().find(|spec| spec.name == name) else {
        return Err(targets::unknown(name, &known(place)));
    };
    let mut because = vec![Because {
        text:
            "no supervisor runs in this workspace: nothing was started, or everything was stopped"
                .to_string(),
        process: None,
    }];
    because.extend(spec.depends_on.iter().map(|need| Because {
        text: format!(
            "it will wait until {} is {}",
            need.on,
            word(&need.condition)
        ),
        process: Some(need.on.clone()),
    }));
    Ok(WhyAnswer {
        name: name.to_string(),
        status: "stopped".to_string(),
        summary: "it was not started".to_string(),
        because,
        settings: configuration::settings(&config, &spec.profile, &spec.name, show_secrets),
    })
}

fn word(condition: &Condition) -> String {
    match condition {
        Condition::Started => "started".to_string(),
        Condition::Healthy => "healthy".to_string(),
        Condition::Completed => "completed".to_string(),
        Condition::Exited => "exited".to_string(),
        Condition::Log(pattern) => format!("log={}", pattern.0),
    }
}

/// Who depends on whom.
///
/// # Errors
///
/// Mistakes in the configuration and an unknown profile (2).
pub(crate) fn graph(
    place: &Place,
    profile: Option<&str>,
    context: &Context,
) -> Result<GraphAnswer, Failure> {
    let config = configuration::load(place.workspace(), profile, context)?;
    let chosen = configuration::profile(&config, profile, context)?;
    let mut nodes: Vec<GraphNode> = Vec::new();
    let mut rest: Vec<&ProcessSpec> = chosen.processes.iter().collect();
    while !rest.is_empty() {
        let before = rest.len();
        rest.retain(|spec| {
            let level_of =
                |name: &str| nodes.iter().find(|node| node.name == name).map(|n| n.level);
            let levels: Option<Vec<usize>> = spec
                .depends_on
                .iter()
                .map(|need| level_of(&need.on))
                .collect();
            let Some(levels) = levels else { return true };
            nodes.push(GraphNode {
                name: spec.name.clone(),
                status: "stopped".to_string(),
                level: levels.into_iter().max().map_or(0, |deepest| deepest + 1),
                needs: spec
                    .depends_on
                    .iter()
                    .map(|need| (need.on.clone(), word(&need.condition)))
                    .collect(),
            });
            false
        });
        // A checked configuration has no cycles; this must end in any case.
        if rest.len() == before {
            break;
        }
    }
    Ok(GraphAnswer { nodes })
}

/// The profiles of the file.
///
/// # Errors
///
/// Mistakes in the configuration (2).
pub(crate) fn profiles(place: &Place, context: &Context) -> Result<ProfilesAnswer, Failure> {
    let config = configuration::load(place.workspace(), None, context)?;
    let default = config.default_profile().map(|profile| profile.name.clone());
    let row = |profile: &Profile| ProfileRow {
        name: profile.name.clone(),
        default: default.as_ref() == Some(&profile.name),
        processes: profile
            .processes
            .iter()
            .map(|one| one.name.clone())
            .collect(),
        running: Vec::new(),
    };
    Ok(ProfilesAnswer {
        profiles: config.profiles.iter().map(row).collect(),
    })
}
