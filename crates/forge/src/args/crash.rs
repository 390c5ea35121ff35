//! Arguments of the verbs that explain crashes.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::completion;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev crashes backend")]
pub(crate) struct CrashesArgs {
    /// A name, group or glob [default: all]
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) name: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  forge dev crash backend\n  forge dev crash backend 7 --full\n  forge dev crash backend --open\n  forge dev crash backend --json | jq -r .summary\n\nExit code 3: there is no such crash."
)]
pub(crate) struct CrashArgs {
    /// A name, group or glob [default: all]
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) name: Option<String>,
    /// The number of the crash [default: the latest]
    #[arg(value_name = "ID")]
    pub(crate) id: Option<u64>,
    /// All frames, all changed lines, and the last lines of the output
    #[arg(long)]
    pub(crate) full: bool,
    /// Open the file at the line in $VISUAL or $EDITOR
    #[arg(long, conflicts_with_all = ["full", "json", "revert"])]
    pub(crate) open: bool,
    /// Take back what is not committed in the file; a patch of it is saved first
    #[arg(long, conflicts_with_all = ["full", "open"])]
    pub(crate) revert: bool,
    /// Do not ask before taking it back
    #[arg(short, long, requires = "revert")]
    pub(crate) yes: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev changes backend\n\nOf settings and variables only hashes are kept: their names are shown, never their values."
)]
pub(crate) struct ChangesArgs {
    /// The process
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::names))]
    pub(crate) name: String,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "Examples:\n  npm test 2>&1 | forge explain\n  forge explain build.log --cwd backend"
)]
pub(crate) struct ExplainArgs {
    /// The text; `-` is standard input [default: -]
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    pub(crate) path: Option<PathBuf>,
    /// The folder in which it was written: its relative paths begin there [default: the current one]
    #[arg(long, value_name = "D", value_hint = clap::ValueHint::DirPath)]
    pub(crate) cwd: Option<PathBuf>,
    /// The exit code of the program that wrote it
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) exit_code: Option<i32>,
    /// All frames and all changed lines
    #[arg(long)]
    pub(crate) full: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
