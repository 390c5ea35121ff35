//! `forge hook`: a shell tells where it goes, and is told what runs there. Nothing of a repository runs by
//! itself before its user has said `forge trust` to that very content.

mod shells;

use std::path::Path;

use forge_api::{Status, path};
use forge_supervisor::trust;

use crate::args::{HookArgs, HookShell};
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::text::safe;
use crate::place::{Bases, Place};

const BASH: &str = include_str!("hook/hook.bash");
const ZSH: &str = include_str!("hook/hook.zsh");
const FISH: &str = include_str!("hook/hook.fish");

pub(crate) fn run(args: &HookArgs, context: &Context) -> Outcome {
    match (&args.enter, &args.leave) {
        (Some(folder), _) => enter(args, folder, context),
        (None, Some(folder)) => leave(args, folder, context),
        (None, None) => {
            context.ui.out.text(&script(args)?);
            Ok(exit::DONE)
        }
    }
}

fn script(args: &HookArgs) -> Result<String, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::failed(format!("this program has no path: {error}")))?;
    let program = program.to_string_lossy().replace('\'', "'\\''");
    let (shell, text) = match args.shell {
        HookShell::Bash => ("bash", BASH),
        HookShell::Zsh => ("zsh", ZSH),
        HookShell::Fish => ("fish", FISH),
    };
    let mut call = format!("'{program}' hook {shell}");
    for (given, word) in [(args.start, " --start"), (args.stop, " --stop")] {
        if given {
            call.push_str(word);
        }
    }
    Ok(text.replace("@FORGE@", &call))
}

fn place_of(folder: &Path) -> Result<(Place, Bases), Failure> {
    let bases = Bases::from_environment()?;
    let folder = folder
        .canonicalize()
        .map_err(|error| Failure::usage(format!("cannot use {}: {error}", folder.display())))?;
    Ok((Place::of(&folder, &bases), bases))
}

fn enter(args: &HookArgs, folder: &Path, context: &Context) -> Outcome {
    let (place, bases) = place_of(folder)?;
    if let (true, Some(pid)) = (args.stop, args.pid) {
        shells::note(&place, pid);
    }
    let name = safe(&place.workspace().to_string_lossy());
    let trusted = trust::is_trusted(&trust::store(&bases.state), place.workspace());
    if args.start && trusted {
        return dev(&place, &["start", "--no-wait"], context);
    }
    context.wait(async {
        // Only what runs already is asked: nothing is started, and the file is not even read.
        let said = match Link::open(&place).await? {
            Some(mut link) => {
                let status = link.get::<Status>(path::STATUS, "").await?;
                let of = status.processes.len();
                format!("{} of {of} processes run", status.totals.running)
            }
            None => "nothing runs; `forge dev start` starts it".to_string(),
        };
        context.ui.note(&format!("forge: {name}: {said}"));
        if args.start {
            context.ui.note(
                "forge: this file is not trusted as it is: read it, then `forge trust` lets it start by itself",
            );
        }
        Ok(exit::DONE)
    })
}

fn leave(args: &HookArgs, folder: &Path, context: &Context) -> Outcome {
    let Ok((place, bases)) = place_of(folder) else {
        // Its folder is gone, and so is what there was to be told.
        return Ok(exit::DONE);
    };
    let (true, Some(pid)) = (args.stop, args.pid) else {
        return Ok(exit::DONE);
    };
    let last = shells::leave(&place, pid);
    let trusted = trust::is_trusted(&trust::store(&bases.state), place.workspace());
    match last && trusted {
        true => dev(&place, &["stop"], context),
        false => Ok(exit::DONE),
    }
}

/// The command as a person would type it there.
fn dev(place: &Place, words: &[&str], context: &Context) -> Outcome {
    let workspace = place.workspace().to_string_lossy().into_owned();
    let mut line = vec!["dev".to_string()];
    line.extend(words.iter().map(|word| (*word).to_string()));
    line.extend(["--workspace".to_string(), workspace]);
    Ok(crate::cli::run_line(line, context))
}
