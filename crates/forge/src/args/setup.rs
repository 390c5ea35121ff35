//! Arguments of the verbs that look at a repository before there is a configuration.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  forge dev detect\n  forge dev detect ../shop --json | jq '.processes[].command'"
)]
pub(crate) struct DetectArgs {
    /// The repository [default: the current folder]
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev init && forge dev start\n\nNothing is overwritten: a folder that has a .forge/processes.yml keeps it."
)]
pub(crate) struct InitArgs {
    /// Write the file without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
}
