//! Arguments of the verbs that keep what runs and bring it back, and of those by which it comes by itself.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Frame;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev run queue -- ./worker --verbose && forge dev save dev\n\nProcesses of the file keep their words; comments and order stay as they are."
)]
pub(crate) struct SaveArgs {
    /// The profile that what runs now becomes; what it held otherwise is replaced
    #[arg(value_name = "PROFILE")]
    pub(crate) profile: String,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev restore\n\nRuns that ended with the machine, or by a kill, begin again: the same processes with the same\nports and debug modes, dependencies first. What you have stopped stays stopped."
)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) frame: Frame,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge trust && cd .. && cd -\n\nTrust ends with the next edit of the file."
)]
pub(crate) struct TrustArgs {
    /// The file [default: the configuration of this workspace]
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
}

/// A shell that can tell of its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HookShell {
    /// Put `eval "$(forge hook bash)"` into ~/.bashrc
    Bash,
    /// Put `eval "$(forge hook zsh)"` into ~/.zshrc
    Zsh,
    /// Put `forge hook fish | source` into ~/.config/fish/config.fish
    Fish,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  eval \"$(forge hook bash)\"                  tells what runs where you go\n  eval \"$(forge hook zsh --start --stop)\"    and starts it, until the last shell has left\n\nOnly a file that you trust as it is (`forge trust`) is started."
)]
pub(crate) struct HookArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: HookShell,
    /// Start the environment on entering a workspace that is trusted
    #[arg(long)]
    pub(crate) start: bool,
    /// Stop it after the last shell has left the workspace
    #[arg(long)]
    pub(crate) stop: bool,
    /// Called by the script: a shell has come here
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) enter: Option<PathBuf>,
    /// Called by the script: a shell has left this workspace
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) leave: Option<PathBuf>,
    /// Called by the script: pid of the shell
    #[arg(long, value_name = "PID", hide = true)]
    pub(crate) pid: Option<i32>,
}
