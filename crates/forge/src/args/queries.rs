//! Arguments of the verbs that only ask.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::completion;

#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "Examples:\n  forge dev status\n  forge dev status --watch\n  forge dev status --json | jq '.processes[] | select(.status == \"crashed\") | .name'"
)]
pub(crate) struct StatusArgs {
    /// Names, groups or globs [default: all]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
    /// Print one JSON document (with --watch: one on each change)
    #[arg(long)]
    pub(crate) json: bool,
    /// Show it anew on every change; Ctrl-C ends it
    #[arg(long, conflicts_with = "all")]
    pub(crate) watch: bool,
    /// Every workspace on this machine
    #[arg(long, conflicts_with = "targets")]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev why backend\n\nShows the chain of reasons, and where each setting and variable came from; secrets are masked."
)]
pub(crate) struct WhyArgs {
    /// The process
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::names))]
    pub(crate) name: String,
    /// Show the values of variables whose names look secret
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev graph")]
pub(crate) struct GraphArgs {
    /// The profile [default: the one in use, else settings.default_profile]
    #[arg(short, long, value_name = "PROFILE", add = ArgValueCandidates::new(completion::profiles))]
    pub(crate) profile: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct JsonArgs {
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
