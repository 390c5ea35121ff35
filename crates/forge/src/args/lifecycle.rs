//! Arguments of the verbs that start and stop.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::values::{ConflictChoice, Switch, duration, variable};
use crate::completion;

/// How long a start may take when nothing is said.
pub(crate) const START_TIMEOUT: &str = "120s";

/// Options of everything that starts processes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Frame {
    /// Return once the processes are ordered, without waiting until they are ready
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait; the processes go on behind it
    #[arg(long, value_name = "TIME", default_value = START_TIMEOUT, value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Print one JSON document instead of progress and a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  forge dev start                  everything of the default profile\n  forge dev start backend          backend and what it depends on\n  forge dev start 'api-*' -p test  every process of profile test whose name begins with api-"
)]
pub(crate) struct StartArgs {
    /// Names, groups or globs [default: all of the profile with autostart]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
    /// The profile; several, where no names clash, by several `-p` [default: the one in use, else
    /// settings.default_profile]
    #[arg(short, long, value_name = "PROFILE", add = ArgValueCandidates::new(completion::profiles))]
    pub(crate) profile: Vec<String>,
    #[command(flatten)]
    pub(crate) frame: Frame,
    /// What to do about a port that is taken
    #[arg(long, value_enum, value_name = "CHOICE", default_value = "ask")]
    pub(crate) on_conflict: ConflictChoice,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev up backend\n\nEnds when everything has ended, with the exit code of the first process that failed.\nCtrl-C stops what runs (130); a second Ctrl-C kills it. Closing the terminal does the same."
)]
pub(crate) struct UpArgs {
    /// Names, groups or globs [default: all of the profile with autostart]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
    /// The profile; several, where no names clash, by several `-p` [default: the one in use, else
    /// settings.default_profile]
    #[arg(short, long, value_name = "PROFILE", add = ArgValueCandidates::new(completion::profiles))]
    pub(crate) profile: Vec<String>,
    /// What to do about a port that is taken
    #[arg(long, value_enum, value_name = "CHOICE", default_value = "ask")]
    pub(crate) on_conflict: ConflictChoice,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  forge dev stop              everything of this workspace\n  forge dev stop backend      only backend; what depends on it runs on\n\nReturns when it has verified that nothing is left, and names what could not be ended."
)]
pub(crate) struct StopArgs {
    /// Names, groups or globs [default: all of the workspace]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
    /// How long until SIGKILL [default: as each process says, 10s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// SIGKILL at once
    #[arg(long, conflicts_with = "timeout")]
    pub(crate) force: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev restart backend")]
pub(crate) struct RestartArgs {
    /// Names, groups or globs [default: all that run]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) frame: Frame,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev reload\n\nChanged processes restart, removed ones stop, new ones start, the rest are left alone."
)]
pub(crate) struct ReloadArgs {
    #[command(flatten)]
    pub(crate) frame: Frame,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TargetsArgs {
    /// Names, groups or globs [default: all]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev run tunnel --port 4040 -- ssh -N -L 4040:localhost:4040 staging"
)]
pub(crate) struct RunArgs {
    /// Its name from now on
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The port that it will listen on; it is ready when it does
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// The folder to run in [default: the current one]
    #[arg(long, value_name = "D", value_hint = clap::ValueHint::DirPath)]
    pub(crate) cwd: Option<PathBuf>,
    /// A variable for its environment; may be given many times
    #[arg(long, value_name = "K=V", value_parser = variable)]
    pub(crate) env: Vec<(String, String)>,
    /// Run it on a terminal of its own, for `forge dev attach`
    #[arg(long)]
    pub(crate) tty: bool,
    #[command(flatten)]
    pub(crate) frame: Frame,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev debug backend on")]
pub(crate) struct DebugArgs {
    /// The process
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::names))]
    pub(crate) name: String,
    /// On or off
    #[arg(value_enum, value_name = "on|off")]
    pub(crate) switch: Switch,
    #[command(flatten)]
    pub(crate) frame: Frame,
}
