//! Arguments of the verbs that take profiles in from other tools and out to them.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap_complete::engine::ArgValueCandidates;
use forge_exchange::{ExportFormat, Format};

use crate::completion;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  forge dev import Procfile\n  forge dev import compose.yaml -p services --native\n  forge dev import process-compose.yaml --dry-run\n\nKnown are Procfile, docker compose, process-compose, mprocs, pitchfork.toml, package.json and .vscode/tasks.json."
)]
pub(crate) struct ImportArgs {
    /// The other tool's file
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// The profile that it becomes, or is added to [default: dev]
    #[arg(short, long, value_name = "PROFILE", add = ArgValueCandidates::new(completion::profiles))]
    pub(crate) profile: Option<String>,
    /// Put it in place of what the profile holds now
    #[arg(long)]
    pub(crate) replace: bool,
    /// Run services of known images by a native command instead of Docker
    #[arg(long)]
    pub(crate) native: bool,
    /// Fail, and write nothing, when something cannot be carried over
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print the profile instead of writing it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The tool that the file belongs to, where that is not plain
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name)))]
    pub(crate) format: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  forge dev export --to kubernetes -o k8s.yaml\n  forge dev export -p test --to systemd -o ~/.config/systemd/user"
)]
pub(crate) struct ExportArgs {
    /// The profile [default: as for start]
    #[arg(short, long, value_name = "PROFILE", add = ArgValueCandidates::new(completion::profiles))]
    pub(crate) profile: Option<String>,
    /// What to write it as
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(ExportFormat::ALL.map(ExportFormat::name)))]
    pub(crate) to: String,
    /// Where to write it; for systemd a folder [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
}
