//! Arguments of `selftest`.

use clap::{Args, ValueEnum};

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: forge selftest --seconds 30\n\nIn folders of its own: nothing of your workspaces is touched. Ends with 1 if anything was lost."
)]
pub(crate) struct SelftestArgs {
    /// How long to go on killing
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) seconds: u64,
    /// How often to kill, instead of how long
    #[arg(long, value_name = "N")]
    pub(crate) kills: Option<u64>,
    /// Whom to kill; may be given many times [default: each of them, by chance]
    #[arg(long, value_enum, value_name = "WHO")]
    pub(crate) kind: Vec<Victim>,
    /// Where chance begins: the same seed chooses the same
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whom a self test kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Victim {
    /// The supervisor
    Supervisor,
    /// The keeper
    Keeper,
    /// One of the shims
    Shim,
    /// All of them at once
    All,
}

impl Victim {
    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Victim::Supervisor => "supervisor",
            Victim::Keeper => "keeper",
            Victim::Shim => "shim",
            Victim::All => "all",
        }
    }
}
