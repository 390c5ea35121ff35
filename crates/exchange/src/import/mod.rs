//! From a file of another tool to a profile, with a report of what became of every field.

mod base;
mod compose;
mod compose_files;
mod compose_health;
mod compose_native;
mod compose_ports;
mod mprocs;
mod package_json;
mod pitchfork;
mod pitchfork_checks;
mod process_compose;
mod process_compose_files;
mod process_compose_forge;
mod process_compose_life;
mod process_compose_more;
mod process_compose_probes;
mod process_compose_text;
pub(crate) mod procfile;
mod templates;
mod vscode;

use std::fmt;
use std::path::Path;

use crate::draft::Draft;
use crate::recognise::{Format, recognise};
use crate::report::{Fate, Report};
use crate::settle::settle;
use base::Base;
pub(crate) use process_compose_forge::FORGE_ONLY;

/// Largest file that is read.
const MAX_FILE: u64 = 8 << 20;

/// How to import.
#[derive(Debug, Clone)]
pub struct ImportOptions<'a> {
    /// The folder that holds, or is going to hold, `.forge/processes.yml`; absolute.
    pub workspace: &'a Path,
    /// The profile that comes of it.
    pub profile: &'a str,
    /// Run known services of a compose file by a native command instead of a container.
    pub native: bool,
    /// Fail when anything was dropped.
    pub strict: bool,
    /// The format, where it is not to be recognised.
    pub format: Option<Format>,
}

/// A profile that has been imported.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The format of the file.
    pub format: Format,
    /// The name of the profile.
    pub profile: String,
    /// Its processes.
    pub processes: Vec<Draft>,
    /// What became of every field.
    pub report: Report,
}

impl Imported {
    /// The profile as YAML, as it can stand in `.forge/processes.yml`.
    pub fn text(&self) -> String {
        crate::edit::profile_text(&self.profile, &self.processes)
    }
}

/// Why a file cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportError {
    /// It cannot be read or is not what it should be.
    Unreadable {
        /// The file, as it was named.
        file: String,
        /// The line; 0 where the file as a whole is meant.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// `strict`, and something was dropped.
    Dropped(Report),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Unreadable { file, line: 0, why } => write!(f, "{file}: {why}"),
            ImportError::Unreadable { file, line, why } => write!(f, "{file}:{line}: {why}"),
            ImportError::Dropped(report) => {
                let (_, _, count) = report.counts();
                let things = if count == 1 { "field" } else { "fields" };
                write!(f, "{count} {things} cannot be carried over:")?;
                for entry in report.dropped() {
                    let (place, field) = (entry.place(), &entry.field);
                    let note = entry.note().unwrap_or_default();
                    write!(f, "\n  {place}: {field}: {note}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ImportError {}

/// Imports a file.
///
/// # Errors
///
/// A file that cannot be read or belongs to no known tool; with `strict`, anything dropped.
pub fn import(path: &Path, options: &ImportOptions<'_>) -> Result<Imported, ImportError> {
    let mut base = Base::open(path, options)?;
    let text = base.text(0).to_string();
    let Some(format) = options.format.or_else(|| recognise(path, &text)) else {
        let names: Vec<&str> = Format::ALL.map(Format::name).into();
        let why = format!(
            "this is no file of a known tool; known are {}",
            names.join(", ")
        );
        return Err(base.error(0, 0, &why));
    };
    let mut drafts = match format {
        Format::Procfile => procfile::read(&base),
        Format::Compose => compose::read(&mut base)?,
        Format::ProcessCompose => process_compose::read(&mut base)?,
        Format::Mprocs => mprocs::read(&mut base)?,
        Format::Pitchfork => pitchfork::read(&mut base)?,
        Format::PackageJson => package_json::read(&base)?,
        Format::VsCodeTasks => vscode::read(&base)?,
    };
    for draft in &mut drafts {
        if draft.comments.is_empty() {
            draft.comments = base.comments_above(draft.place);
        }
        if draft.name != draft.source {
            let how = format!("is named `{}` here", draft.name);
            base.ledger.note(
                draft.place,
                Some(&draft.source),
                "name",
                Fate::Approximated(how),
            );
        }
    }
    settle(&mut drafts, &base.ledger);
    let report = base.ledger.finish();
    if options.strict && report.dropped().next().is_some() {
        return Err(ImportError::Dropped(report));
    }
    Ok(Imported {
        format,
        profile: options.profile.to_string(),
        processes: drafts,
        report,
    })
}
