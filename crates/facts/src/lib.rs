//! The language between supervisor, keeper and shims, and what they leave on disk.
//!
//! # Theory of operation
//!
//! A keeper and its shims outlive many supervisors, and may be older than the one that talks to
//! them. What they say to each other is therefore small and frozen, and lives here, apart from
//! what any of them thinks.
//!
//! * Orders go down ([`Order`], [`KeeperOrder`]), facts come up ([`Fact`], [`KeeperFact`]).
//! * Orders, facts and journal entries are all [`Record`]s: one record is one line of text that
//!   ends in a newline and begins with a checksum of the rest. The same line that stands in a
//!   journal travels over the socket, so that replaying a journal and hearing the news are one
//!   piece of code. A line whose checksum is wrong is damage and is skipped, never guessed at.
//! * A fact is in the journal before it is sent. What is not in the file did not happen.
//! * Logs are raw bytes; when and in which run they were written stands beside them in an
//!   [`index`](IndexRecord) of fixed-size records.
//! * [`layout`] says where all of this lies.
//!
//! Nothing here talks to the operating system beyond reading and appending files.

mod custody;
mod fact;
mod id;
mod index;
pub mod journal;
pub mod layout;
mod order;
mod record;

pub use custody::{Custody, Spare};
pub use fact::{Entry, Exit, Fact, Identity, KeeperFact};
pub use id::RunId;
pub use index::{INDEX_RECORD_LEN, IndexKind, IndexRecord, Stream};
pub use order::{Hello, KeeperOrder, Launch, LogRules, Order, Role, Scope, TerminalSize};
pub use record::{Malformed, Record, crc32};

/// The version of the protocol between supervisor, keeper and shims.
///
/// Both sides say theirs in [`Hello`]. Fields may be added within a version: a reader ignores what
/// it does not know. A kind of record that changes its meaning needs a new version.
pub const PROTOCOL: u32 = 1;

/// Environment variables by which every process of a tree can be recognised.
pub mod mark {
    /// Absolute path of the workspace.
    pub const WORKSPACE: &str = "FORGE_WORKSPACE";
    /// Name of the profile that the process was started from.
    pub const PROFILE: &str = "FORGE_PROFILE";
    /// Name of the process.
    pub const PROCESS: &str = "FORGE_PROCESS";
    /// Id of the run, unique on this machine.
    pub const RUN_ID: &str = "FORGE_RUN_ID";
    /// Number of the replica, for a process with `replicas`.
    pub const REPLICA: &str = "FORGE_REPLICA";
}
