//! The one place where the command line reads configuration files.

use std::path::{Path, PathBuf};

use forge_api::WhySetting;
use forge_config::{CONFIG_FILE, Config, Source};
use forge_core::spec::{LogSpec, ProcessSpec, Profile};

use crate::context::{Context, environment};
use crate::failure::Failure;
use crate::targets;

/// The file of a workspace.
pub(crate) fn file(workspace: &Path) -> PathBuf {
    workspace.join(CONFIG_FILE)
}

/// Whether a folder is a workspace by its file.
pub(crate) fn exists(folder: &Path) -> bool {
    file(folder).is_file()
}

/// The workspace that a folder lies in.
pub(crate) fn find_workspace(from: &Path) -> Option<PathBuf> {
    forge_config::find_workspace(from)
}

/// The whole configuration without a mistake in any profile.
///
/// # Errors
///
/// All mistakes (2), as [`forge_config::Diagnostics`].
pub(crate) fn load_all(workspace: &Path) -> Result<Config, forge_config::Diagnostics> {
    forge_config::load(&source(workspace))
}

/// The configuration for one profile; mistakes that only keep others from running are none.
///
/// # Errors
///
/// The mistakes, laid out (2).
pub(crate) fn load(
    workspace: &Path,
    profile: Option<&str>,
    context: &Context,
) -> Result<Config, Failure> {
    forge_config::load_for(&source(workspace), profile)
        .map_err(|mistakes| Failure::rendered(mistakes.render(context.ui.colour_err)))
}

/// The configuration for the default profile, with mistakes laid out without colours.
///
/// # Errors
///
/// As [`load`].
pub(crate) fn load_plain(workspace: &Path) -> Result<Config, Failure> {
    forge_config::load_for(&source(workspace), None)
        .map_err(|mistakes| Failure::rendered(mistakes.render(false)))
}

fn source(workspace: &Path) -> Source {
    Source::new(workspace, environment())
}

/// The profile that is meant.
///
/// # Errors
///
/// An unknown one, or one that cannot run here (2).
pub(crate) fn profile<'a>(
    config: &'a Config,
    name: Option<&str>,
    context: &Context,
) -> Result<&'a Profile, Failure> {
    let found = match name {
        Some(name) => config.profile(name),
        None => config.default_profile(),
    };
    if let Some(found) = found {
        return Ok(found);
    }
    let name = name
        .or(config.settings.default_profile.as_deref())
        .unwrap_or("dev");
    if let Some(mistakes) = config.unusable.get(name) {
        return Err(Failure::rendered(mistakes.render(context.ui.colour_err)));
    }
    let names: Vec<&str> = config
        .profiles
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let failure = Failure::usage(format!("no profile `{name}` in {CONFIG_FILE}"));
    Err(match targets::near(name, &names).first() {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("there are {}", names.join(", "))),
    })
}

/// The processes of all profiles; nothing where the file has mistakes.
pub(crate) fn known(workspace: &Path) -> Vec<ProcessSpec> {
    let config = forge_config::load_for(&source(workspace), None);
    config.map_or_else(
        |_| Vec::new(),
        |config| {
            config
                .profiles
                .into_iter()
                .flat_map(|one| one.processes)
                .collect()
        },
    )
}

/// What users say about the logs of processes: names with their rules.
pub(crate) fn log_rules(workspace: &Path) -> Vec<(String, LogSpec)> {
    let own = |spec: &LogSpec| !spec.level.is_empty() || spec.multiline.is_some();
    known(workspace)
        .into_iter()
        .filter(|spec| own(&spec.log))
        .map(|spec| (spec.name, spec.log))
        .collect()
}

/// Every setting and variable of a process and where it came from; secrets masked unless asked for.
pub(crate) fn settings(
    config: &Config,
    profile: &str,
    process: &str,
    show_secrets: bool,
) -> Vec<WhySetting> {
    let origins = config.origins(profile, process).into_iter();
    origins
        .map(|setting| WhySetting {
            value: match setting.value {
                Some(_) if setting.secret && !show_secrets => "********".to_string(),
                Some(value) => value,
                None => "(removed)".to_string(),
            },
            key: setting.key,
            from: setting.from,
        })
        .collect()
}

/// The JSON Schema of the file.
pub(crate) fn schema() -> String {
    format!("{:#}", forge_config::schema())
}
