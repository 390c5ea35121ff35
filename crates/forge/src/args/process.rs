//! Arguments of the verbs that deal with one process.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use forge_api::WaitFor;

use super::values::{duration, wait_for};
use crate::completion;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev signal worker USR1\n\nUSR1, SIGUSR1 and 10 name the same signal."
)]
pub(crate) struct SignalArgs {
    /// A name, group or glob
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) target: String,
    /// The signal: a name or a number
    #[arg(value_name = "SIGNAL", add = ArgValueCandidates::new(completion::signals))]
    pub(crate) signal: String,
    /// To the whole tree, not only to the process that the command started
    #[arg(long)]
    pub(crate) tree: bool,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev send console 'User.count'")]
pub(crate) struct SendArgs {
    /// A name, group or glob
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) target: String,
    /// The text; a newline is added
    #[arg(
        value_name = "TEXT",
        required_unless_present = "eof",
        allow_hyphen_values = true
    )]
    pub(crate) text: Option<String>,
    /// Add no newline
    #[arg(long)]
    pub(crate) no_newline: bool,
    /// Close the input behind it
    #[arg(long)]
    pub(crate) eof: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev attach console\n\nCtrl-] leaves. A process without `tty: true` gets your input line by line."
)]
pub(crate) struct AttachArgs {
    /// The process
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::names))]
    pub(crate) name: String,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  forge dev wait backend --for ready --timeout 30s\n  forge dev wait migrate --for exit\n  forge dev wait worker --for log='connected to .*'"
)]
pub(crate) struct WaitArgs {
    /// A name, group or glob: all of it
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) target: String,
    /// What to wait for
    #[arg(long = "for", value_name = "ready|exit|log=RE", default_value = "ready", value_parser = wait_for)]
    pub(crate) until: WaitFor,
    /// How long [default: for ever]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev exec backend -- go test ./...\n\nEnds with the command's own exit code."
)]
pub(crate) struct ExecArgs {
    /// The process whose folder and environment are used
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::names))]
    pub(crate) name: String,
    /// The profile [default: the one in use, else settings.default_profile]
    #[arg(short, long, value_name = "PROFILE", add = ArgValueCandidates::new(completion::profiles))]
    pub(crate) profile: Option<String>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev ps backend")]
pub(crate) struct PsArgs {
    /// The process [default: all]
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(completion::names))]
    pub(crate) name: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
