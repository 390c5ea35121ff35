//! `forge dev init`: writes what is detected as `.forge/processes.yml`, after showing it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use forge_config::CONFIG_FILE;

use super::detect::look;
use crate::args::InitArgs;
use crate::configuration;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::text::safe_lines;

pub(crate) fn run(args: &InitArgs, context: &Context) -> Outcome {
    let folder = context.global.workspace.clone();
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let file = folder.join(CONFIG_FILE);
    if file.symlink_metadata().is_ok() {
        return Err(
            Failure::failed(format!("{} is there already", file.display()))
                .hint("edit it, or look at what `forge dev detect` suggests now"),
        );
    }
    let found = look(&folder)?;
    if found.processes.is_empty() {
        return Err(Failure::failed("nothing here looks like something to keep running")
            .hint(format!("write {CONFIG_FILE} by hand: a profile, and in it processes with a name and a command")));
    }
    if !args.yes && !context.ui.can_ask {
        return Err(Failure::failed(format!(
            "{} is not written without being asked",
            file.display()
        ))
        .hint("`forge dev init -y` writes it, `forge dev detect` only shows what would be in it"));
    }
    let text = forge_detect::render(&found);
    context.ui.out.line(&safe_lines(text.trim_end()));
    if !args.yes && !agreed(&file, context) {
        return Err(Failure::failed("nothing was written"));
    }
    write(&folder, &text)?;
    if let Err(mistakes) = configuration::load_all(&folder.canonicalize().unwrap_or(folder)) {
        return Err(Failure::rendered(mistakes.render(context.ui.colour_err)));
    }
    context.ui.note(&format!(
        "wrote {}; `forge dev start` starts it",
        file.display()
    ));
    Ok(exit::DONE)
}

/// Asks at the terminal; the end of its input is a no.
fn agreed(file: &Path, context: &Context) -> bool {
    let question = format!("Write {}? [Y/n] ", file.display());
    context.ui.out.text(&safe_lines(&question));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    let answer = answer.trim().to_lowercase();
    matches!(read, Ok(length) if length > 0) && ["", "y", "yes"].contains(&answer.as_str())
}

/// Writes the file whole, and never over another; what its services keep is left out of git.
fn write(folder: &Path, text: &str) -> Result<(), Failure> {
    let file = folder.join(CONFIG_FILE);
    let place = file.parent().unwrap_or(folder);
    let told = |error: std::io::Error| {
        Failure::failed(format!("cannot write {}: {error}", file.display()))
    };
    std::fs::create_dir_all(place).map_err(told)?;
    let mut draft = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(place)
        .map_err(told)?;
    draft.write_all(text.as_bytes()).map_err(told)?;
    draft.as_file().sync_all().map_err(told)?;
    draft
        .persist_noclobber(&file)
        .map_err(|error| told(error.error))?;
    let ignore = place.join(".gitignore");
    if text.contains(".forge/data") && !ignore.exists() {
        std::fs::write(&ignore, "/data/\n").map_err(told)?;
    }
    Ok(())
}
