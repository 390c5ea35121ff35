//! Arguments of `logs`, `search` and `events`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use forge_logs::{FieldIs, Level};

use super::values::{level, since, until};
use crate::completion;

/// Which lines, from when to when, in what form.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Selection {
    /// Go on with what is written from now on; Ctrl-C ends it
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only the last N lines (of all processes together)
    #[arg(short = 'n', long = "lines", value_name = "N")]
    pub(crate) lines: Option<usize>,
    /// Only from then on: 10m (ago), 14:30, 2025-11-21T14:30:00
    #[arg(long, value_name = "T", value_parser = since)]
    pub(crate) since: Option<u64>,
    /// Only until then
    #[arg(long, value_name = "T", value_parser = until, conflicts_with = "follow")]
    pub(crate) until: Option<u64>,
    /// Only this level and above: trace, debug, info, warn, error, fatal
    #[arg(long, value_name = "L", value_parser = level, add = ArgValueCandidates::new(completion::levels))]
    pub(crate) level: Option<Level>,
    /// Only lines of JSON or key=value pairs with this field; several must all hold
    #[arg(long = "field", value_name = "KEY=VALUE")]
    pub(crate) fields: Vec<FieldIs>,
    /// Ignore the case of letters in the pattern
    #[arg(short = 'i', long)]
    pub(crate) ignore_case: bool,
    /// Show N lines of the same process around each hit
    #[arg(short = 'C', long, value_name = "N")]
    pub(crate) context: Option<usize>,
    /// One JSON object for each line
    #[arg(long, conflicts_with = "raw")]
    pub(crate) json: bool,
    /// The bytes as they were written, control sequences and all
    #[arg(long)]
    pub(crate) raw: bool,
    /// Write them into this file instead; its ending decides: text, .jsonl or .json, .gz of either
    #[arg(long, value_name = "FILE", conflicts_with = "follow", value_hint = clap::ValueHint::FilePath)]
    pub(crate) export: Option<PathBuf>,
    /// Only one run of each process: `last` is the one before this one
    #[arg(long, value_name = "last|ID", conflicts_with = "follow")]
    pub(crate) run: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "Examples:\n  forge dev logs backend -n 50 -f\n  forge dev logs --since 10m --level warn\n  forge dev logs --grep 'timeout|refused' -C 3\n  npm test 2>&1 | forge dev logs --file - --level error\n\nReads the files directly: it works whether anything runs or not."
)]
pub(crate) struct LogsArgs {
    /// Names, groups or globs [default: all]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
    /// Only lines that match this regular expression
    #[arg(long, value_name = "RE")]
    pub(crate) grep: Option<String>,
    /// Read this file instead (`-` is standard input): any text, nothing needs to run
    #[arg(long, value_name = "PATH", conflicts_with_all = ["targets", "follow", "run"], value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) select: Selection,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev search 'user \\d+ not found' backend -C 2")]
pub(crate) struct SearchArgs {
    /// The regular expression
    #[arg(value_name = "RE")]
    pub(crate) pattern: String,
    /// Names, groups or globs [default: all]
    #[arg(value_name = "TARGET", add = ArgValueCandidates::new(completion::targets))]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) select: Selection,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: forge dev events --since 1h -f")]
pub(crate) struct EventsArgs {
    /// Only from then on: 10m (ago), 14:30, 2025-11-21T14:30:00
    #[arg(long, value_name = "T", value_parser = since)]
    pub(crate) since: Option<u64>,
    /// Find the events in this file instead (`-` is standard input): any text, nothing needs to run
    #[arg(long, value_name = "PATH", conflicts_with = "follow", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Go on with what happens from now on; Ctrl-C ends it
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// One JSON object for each event
    #[arg(long)]
    pub(crate) json: bool,
}
