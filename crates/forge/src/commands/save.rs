//! `forge dev save`: what runs now becomes a profile of the file.

use forge_api::{RunningAnswer, path};
use forge_config::CONFIG_FILE;
use forge_core::spec::ProcessSpec;

use super::import::{not_saved, replace_file};
use crate::args::SaveArgs;
use crate::configuration;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::units::count;

pub(crate) fn run(args: &SaveArgs, context: &Context) -> Outcome {
    let profile = args.profile.as_str();
    check(profile)?;
    let place = context.place()?;
    let nothing = || {
        Failure::failed("nothing runs that could be saved").hint(
            "`forge dev start` starts the processes of a profile, `forge dev run` any command",
        )
    };
    context.wait(async {
        let Some(mut link) = Link::open_if_any(&place).await? else {
            return Err(nothing());
        };
        let running = link.get::<RunningAnswer>(path::RUNNING, "").await?;
        if running.processes.is_empty() {
            return Err(nothing());
        }
        let specs = running.processes.into_iter();
        let specs: Vec<ProcessSpec> = specs
            .map(serde_json::from_value)
            .collect::<Result<_, _>>()
            .map_err(|error| {
                Failure::failed(format!("what runs cannot be read: {error}"))
                    .hint("`forge daemon restart` brings the supervisor to this version")
            })?;
        write(place.workspace(), profile, &specs, context)?;
        let processes = count(specs.len(), "process", "processes");
        context.ui.out.line(&format!(
            "wrote {processes} into profile `{profile}` of {CONFIG_FILE}"
        ));
        Ok(exit::DONE)
    })
}

/// A name that the file can hold as a profile.
fn check(profile: &str) -> Result<(), Failure> {
    let mut letters = profile.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphanumeric());
    let rest = letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let free = profile != "settings" && !profile.starts_with("x-");
    if first && rest && free {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "`{}` is no name of a profile",
        profile.escape_debug()
    ))
    .hint("letters, digits, `_`, `.` and `-`; not `settings`, nor what begins with `x-`"))
}

/// Puts the profile into the file; a file that would be worse than before stays as it was.
fn write(
    folder: &std::path::Path,
    profile: &str,
    specs: &[ProcessSpec],
    context: &Context,
) -> Result<(), Failure> {
    let file = configuration::file(folder);
    let before = match std::fs::read_to_string(&file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(Failure::failed(format!(
                "cannot read {}: {error}",
                file.display()
            )));
        }
    };
    // Without it, the words of the file would be lost, and secrets be written in clear.
    let config = match before {
        Some(_) => Some(configuration::load(folder, None, context)?),
        None => None,
    };
    let existing = before.as_deref().unwrap_or_default();
    let text = forge_exchange::save_running(existing, folder, config.as_ref(), profile, specs)
        .map_err(|error| not_saved(&error))?;
    replace_file(&file, &text)?;
    let Err(mistakes) = configuration::load(folder, Some(profile), context) else {
        return Ok(());
    };
    match &before {
        Some(text) => replace_file(&file, text)?,
        None => std::fs::remove_file(&file).map_err(|error| {
            Failure::failed(format!("cannot remove {}: {error}", file.display()))
        })?,
    }
    Err(mistakes.hint(format!("{CONFIG_FILE} is as it was")))
}
