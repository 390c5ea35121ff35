//! Arguments of `daemon`, `completions` and `man`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum DaemonCommand {
    /// Show the pids of all processes of Forge in this workspace
    #[command(after_help = "Example: forge daemon status --json")]
    Status(DaemonStatusArgs),
    /// Replace the supervisor by a new one; the processes go on
    #[command(after_help = "Example: forge daemon restart")]
    Restart(DaemonAllArgs),
    /// Stop the processes, then the supervisor and the keeper
    #[command(after_help = "Example: forge daemon stop --all")]
    Stop(DaemonAllArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DaemonStatusArgs {
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Of every workspace on this machine
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DaemonAllArgs {
    /// Of every workspace on this machine
    #[arg(long)]
    pub(crate) all: bool,
}

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// Put `source <(forge completions bash)` into ~/.bashrc
    Bash,
    /// Put `source <(forge completions zsh)` into ~/.zshrc
    Zsh,
    /// Put `forge completions fish | source` into ~/.config/fish/config.fish
    Fish,
    /// Put `forge completions elvish | slurp | eval` into ~/.elvish/rc.elv
    Elvish,
    /// Put `forge completions powershell | Out-String | Invoke-Expression` into $PROFILE
    Powershell,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: source <(forge completions bash)\n\nNames of processes, groups and profiles are completed from the workspace's file; nothing is started for it."
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
    /// A script that knows the commands alone and never calls forge, for packages
    #[arg(long = "static")]
    pub(crate) fixed: bool,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  forge man | man -l -\n  forge man dev start | man -l -")]
pub(crate) struct ManArgs {
    /// The command [default: forge itself]
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}
