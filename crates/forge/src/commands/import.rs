//! `forge dev import`: a profile from the file of another tool, and what became of each field of it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use forge_config::CONFIG_FILE;
use forge_exchange::{
    EditError, Fate, Format, How, ImportError, ImportOptions, Imported, Report, ReportEntry,
};

use crate::args::ImportArgs;
use crate::configuration;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::colour::{Style, paint};
use crate::output::out::complain;
use crate::output::text::{safe, safe_lines};
use crate::output::units::count;

/// The profile that a file becomes when none is named.
const PROFILE: &str = "dev";

pub(crate) fn run(args: &ImportArgs, context: &Context) -> Outcome {
    let folder = workspace(context)?;
    let options = ImportOptions {
        workspace: &folder,
        profile: args.profile.as_deref().unwrap_or(PROFILE),
        native: args.native,
        strict: args.strict,
        format: args.format.as_deref().and_then(Format::from_name),
    };
    let imported = forge_exchange::import(&absolute(&args.file), &options).map_err(told)?;
    let file = folder.join(CONFIG_FILE);
    if !args.dry_run {
        write(&folder, &imported, args.replace, context)?;
    }
    if args.json {
        context
            .ui
            .out
            .json(&document(&imported, &file, !args.dry_run));
        return Ok(exit::DONE);
    }
    if args.dry_run {
        context.ui.out.text(&safe_lines(&imported.text()));
        context.ui.out.text("\n");
    }
    match args.dry_run {
        true => tell_report(&imported.report, context),
        false => {
            let lines = report_lines(&imported.report, context.ui.colour);
            context.ui.out.lines(&lines);
        }
    }
    if !args.dry_run {
        let processes = count(imported.processes.len(), "process", "processes");
        let profile = options.profile;
        context.ui.note(&format!(
            "wrote {processes} into profile `{profile}` of {CONFIG_FILE}; `forge dev start -p {profile}` starts it"
        ));
    }
    Ok(exit::DONE)
}

/// The workspace that is meant; the current folder, where there is none yet.
fn workspace(context: &Context) -> Result<PathBuf, Failure> {
    let named = context.global.workspace.clone();
    let folder = named.clone().unwrap_or_else(|| PathBuf::from("."));
    let folder = folder
        .canonicalize()
        .map_err(|error| Failure::usage(format!("cannot use {}: {error}", folder.display())))?;
    Ok(match named {
        Some(_) => folder,
        None => configuration::find_workspace(&folder).unwrap_or(folder),
    })
}

/// Links on the way to a file are followed, so that it is seen to lie in the workspace.
fn absolute(file: &Path) -> PathBuf {
    let parent = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    match (parent.canonicalize(), file.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        (_, _) => file.to_path_buf(),
    }
}

fn told(error: ImportError) -> Failure {
    match &error {
        ImportError::Unreadable { .. } => Failure::usage(error.to_string()),
        ImportError::Dropped(_) => {
            Failure::failed(error.to_string()).hint("without --strict the rest is imported")
        }
    }
}

/// Puts the profile into the file; a file that would be worse than before stays as it was.
fn write(
    folder: &Path,
    imported: &Imported,
    replace: bool,
    context: &Context,
) -> Result<(), Failure> {
    let file = folder.join(CONFIG_FILE);
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
    let nothing = BTreeSet::new();
    let how = match replace {
        true => How::Replace {
            unchanged: &nothing,
        },
        false => How::Append,
    };
    let existing = before.as_deref().unwrap_or_default();
    let text = forge_exchange::save(existing, &imported.profile, &imported.processes, how)
        .map_err(|error| not_saved(&error))?;
    replace_file(&file, &text)?;
    ignore_data(&file, &text)?;
    let Err(mistakes) = configuration::load_all(folder) else {
        return Ok(());
    };
    let back = match &before {
        Some(text) => replace_file(&file, text),
        None => std::fs::remove_file(&file).map_err(|error| not_written(&file, &error)),
    };
    back?;
    let hint = format!("{CONFIG_FILE} is as it was; --dry-run shows what was to be written");
    Err(Failure::rendered(mistakes.render(context.ui.colour_err)).hint(hint))
}

/// What native services keep is left out of git.
fn ignore_data(file: &Path, text: &str) -> Result<(), Failure> {
    let ignore = file.with_file_name(".gitignore");
    match text.contains(".forge/data") && !ignore.exists() {
        true => replace_file(&ignore, "/data/\n"),
        false => Ok(()),
    }
}

pub(super) fn not_saved(error: &EditError) -> Failure {
    let failure = Failure::failed(format!("{CONFIG_FILE} is left as it is: {error}"));
    match error {
        EditError::Exists(_) => {
            failure.hint("choose another profile with -p, or put it in place with --replace")
        }
        EditError::Unreadable { .. } => {
            failure.hint("`forge dev check` shows what is wrong with it")
        }
        EditError::Form(_) => failure.hint("--dry-run prints the profile, to be pasted"),
    }
}

fn not_written(file: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {error}", file.display()))
}

/// Writes a file whole or not at all, with the permissions that it had.
pub(super) fn replace_file(file: &Path, text: &str) -> Result<(), Failure> {
    let told = |error: std::io::Error| not_written(file, &error);
    let target = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let place = target.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(place).map_err(told)?;
    let mode = match std::fs::metadata(&target) {
        Ok(data) => data.permissions(),
        Err(_) => std::os::unix::fs::PermissionsExt::from_mode(0o644),
    };
    let mut draft = tempfile::Builder::new()
        .permissions(mode)
        .tempfile_in(place)
        .map_err(told)?;
    draft.write_all(text.as_bytes()).map_err(told)?;
    draft.as_file().sync_all().map_err(told)?;
    draft.persist(&target).map_err(|error| told(error.error))?;
    Ok(())
}

/// The report beside what was asked for.
pub(super) fn tell_report(report: &Report, context: &Context) {
    for line in report_lines(report, context.ui.colour_err) {
        complain(&line);
    }
}

fn document(imported: &Imported, file: &Path, written: bool) -> serde_json::Value {
    let names: Vec<&str> = imported
        .processes
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let (exact, approximated, dropped) = imported.report.counts();
    serde_json::json!({
        "format": imported.format.name(),
        "profile": imported.profile,
        "processes": names,
        "file": file,
        "written": written,
        "text": imported.text(),
        "counts": {"exact": exact, "approximated": approximated, "dropped": dropped},
        "fields": imported.report.to_json(),
    })
}

/// What is not as it was, one a line, then the numbers.
pub(super) fn report_lines(report: &Report, colour: bool) -> Vec<String> {
    let mut lines: Vec<String> = report
        .entries()
        .filter(|entry| !matches!(entry.fate, Fate::Exact(_)))
        .map(|entry| line(entry, colour))
        .collect();
    let (exact, approximated, dropped) = report.counts();
    lines.push(format!(
        "{exact} carried exactly, {approximated} approximated, {dropped} dropped"
    ));
    lines
}

fn line(entry: &ReportEntry, colour: bool) -> String {
    let style = match &entry.fate {
        Fate::Exact(_) => Style::Dim,
        Fate::Approximated(_) => Style::Warn,
        Fate::Dropped(_) => Style::Bad,
    };
    let place = match entry.line {
        0 => String::new(),
        _ => format!("{}: ", entry.place()),
    };
    let process = entry.process.as_ref();
    let process = process.map_or_else(String::new, |process| format!("{process}: "));
    let note = entry.note().unwrap_or_default();
    format!(
        "{}{}: {}",
        safe(&place),
        paint(colour, style, entry.word()),
        safe(&format!("{process}{}: {note}", entry.field)),
    )
}
