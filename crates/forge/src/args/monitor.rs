//! Arguments of the verbs that measure.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::values::since;
use crate::completion;

#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "Examples:\n  forge dev monitor\n  forge dev monitor backend --once --since 1h\n  forge dev monitor --json | jq '.processes[] | {name, cpu_percent, memory_bytes}'\n\nOn a terminal it is drawn anew each second: q or Ctrl-C ends it, the arrows scroll."
)]
pub(crate) struct MonitorArgs {
    /// Names, groups or globs [default: all]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
    /// Print one picture, as without a terminal
    #[arg(long)]
    pub(crate) once: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// How far back to look: 1h, 14:30, yesterday [default: 15m]
    #[arg(long, value_name = "T", value_parser = since)]
    pub(crate) since: Option<u64>,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge dev hogs\n\nCPU is measured for half a second. Works anywhere: nothing needs to run."
)]
pub(crate) struct HogsArgs {
    /// How many by CPU, and how many by memory: 10 for people, 50 in JSON, unless told
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
