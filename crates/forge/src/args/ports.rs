//! Arguments of the verbs about ports and what was left behind.

use clap::Args;

#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:\n  forge dev ports\n  forge dev ports --all")]
pub(crate) struct PortsArgs {
    /// Also what is outside this workspace
    #[arg(long)]
    pub(crate) all: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev port 3000")]
pub(crate) struct PortArgs {
    /// The port
    #[arg(value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev kill-port 3000\n\nShows who listens there and asks. A process of the workspace is stopped as `forge dev stop` does."
)]
pub(crate) struct KillPortArgs {
    /// The port
    #[arg(value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// SIGKILL at once
    #[arg(long)]
    pub(crate) force: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "Example: forge dev orphans --kill\n\nWhat a live run owns is never listed and never ended."
)]
pub(crate) struct OrphansArgs {
    /// End them, whole trees
    #[arg(long)]
    pub(crate) kill: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
