//! Completion of commands, options, and the names in the workspace's file. Starts nothing, and
//! answers nothing rather than an error.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::CommandFactory;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::CompleteEnv;
use forge_core::spec::ProcessSpec;

use crate::args::{Cli, Global};
use crate::configuration;
use crate::place::Place;

/// The variable by which a shell's script asks for candidates.
pub(crate) const VARIABLE: &str = "FORGE_COMPLETE";

/// Answers a shell that asks for candidates; false when none does.
pub(crate) fn answer(words: &[OsString]) -> bool {
    if std::env::var_os(VARIABLE).is_none() {
        return false;
    }
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(Cli::command)
        .var(VARIABLE)
        .try_complete(words, here.as_deref())
        .unwrap_or(false)
}

/// Names and groups of processes.
pub(crate) fn targets() -> Vec<CompletionCandidate> {
    let known = known();
    let mut groups: Vec<&String> = known.iter().flat_map(|one| &one.groups).collect();
    groups.sort();
    groups.dedup();
    let groups = groups
        .into_iter()
        .map(|group| CompletionCandidate::new(group).help(Some("group".into())));
    let names = known.iter().map(|one| {
        CompletionCandidate::new(&one.name).help(one.description.clone().map(Into::into))
    });
    names.chain(groups).collect()
}

/// Names of processes.
pub(crate) fn names() -> Vec<CompletionCandidate> {
    let known = known();
    known
        .iter()
        .map(|one| {
            CompletionCandidate::new(&one.name).help(one.description.clone().map(Into::into))
        })
        .collect()
}

/// Names of profiles.
pub(crate) fn profiles() -> Vec<CompletionCandidate> {
    let mut found: Vec<String> = known().into_iter().map(|one| one.profile).collect();
    found.dedup();
    found.into_iter().map(CompletionCandidate::new).collect()
}

/// Names of signals that are sent by hand.
pub(crate) fn signals() -> Vec<CompletionCandidate> {
    [
        "HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "CONT", "STOP", "TSTP", "WINCH",
        "ALRM",
    ]
    .into_iter()
    .map(CompletionCandidate::new)
    .collect()
}

/// Names of levels.
pub(crate) fn levels() -> Vec<CompletionCandidate> {
    forge_logs::Level::ALL
        .iter()
        .map(|level| CompletionCandidate::new(level.name()))
        .collect()
}

/// Names are those of this workspace from now on: a console completes many lines in it.
pub(crate) fn within(workspace: &Path) {
    // A console is opened once.
    let _ = WORKSPACE.set(workspace.to_path_buf());
}

static WORKSPACE: OnceLock<PathBuf> = OnceLock::new();

fn known() -> Vec<ProcessSpec> {
    let chosen = WORKSPACE.get().cloned();
    let global = Global {
        workspace: chosen.or_else(|| workspace_option(std::env::args_os())),
        ..Global::default()
    };
    Place::find(&global)
        .map(|place| configuration::known(place.workspace()))
        .unwrap_or_default()
}

/// The value of `--workspace` in a line that is not complete yet.
fn workspace_option(words: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut words = words.skip_while(|word| word != "--").skip(1);
    while let Some(word) = words.next() {
        if word == "--workspace" {
            return words.next().map(PathBuf::from);
        }
        let value = word
            .to_str()
            .and_then(|word| word.strip_prefix("--workspace="));
        if let Some(value) = value {
            return Some(PathBuf::from(OsStr::new(value)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_taken_from_the_line_that_is_typed() {
        let find = |words: &[&str]| workspace_option(words.iter().map(OsString::from));
        let given = Some(PathBuf::from("/w"));
        assert_eq!(
            find(&["forge", "--", "forge", "--workspace", "/w", "dev"]),
            given
        );
        assert_eq!(find(&["forge", "--", "forge", "--workspace=/w"]), given);
        assert_eq!(find(&["forge", "--", "forge", "dev"]), None);
    }
}
