//! From bytes on disk to lines, levels and questions about them.
//!
//! # Theory of operation
//!
//! What a process writes lies on disk as it wrote it: for each of its streams a row of segments,
//! plain bytes, and beside each segment a sidecar that says when which bytes were written, where
//! runs begin and where bytes are missing (see `forge_facts::layout`). A shim is writing all of that
//! while it is read here, by the supervisor and by commands that need none. So nothing is taken for
//! granted but this: bytes that are there stay as they are, the size of a file says how many there
//! are, and segments are finished in order. Sidecars may lag, be cut or be missing, which costs exact
//! times and nothing else; the oldest segments may be removed at any moment; a user may empty or
//! replace a file. Files are read with `pread`, never mapped: a mapped file that shrinks kills its
//! reader.
//!
//! Everything is built on three things:
//!
//! * A [`Place`] is a position in a stream, segment and offset in one number. It is a cursor, it
//!   sorts, and it is what [`Line::seq`] is made of.
//! * *Reading forward* from a place to lines (`forward`) is the only way to read. Reading backward,
//!   for the last `n` lines, is reading forward in windows, the last window first (`tail`), and so
//!   cannot disagree. Following is reading forward and being told when there is more (`follow`).
//! * *Merging* (`merge`) puts streams in order by time, process, stream, place.
//!
//! A line ends at a newline, where another run begins, and at a gap. Its time is that of the chunk
//! that holds its first byte; bytes that no chunk covers have the time at which their file was last
//! written. Lines are handed out as slices of the block they lie in and copied only when they are
//! asked for; of a line of 100 MB, 64 KiB are held ([`LINE_CAP`]), and its raw form is copied from
//! disk. Searching looks for the expression in whole blocks and splits only those lines that match;
//! lines with escape sequences are looked at one by one, without these.
//!
//! ```no_run
//! use forge_logs::{Grep, Level, Logs, Query, TextForm};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let logs = Logs::new("/home/u/.local/state/forge/workspaces/shop-…/processes".as_ref());
//! let query = Query {
//!     level: Some(Level::Warn),
//!     grep: Some(Grep::new("timeout|refused", true)?),
//!     tail: Some(20),
//!     ..Query::default()
//! };
//! let processes = logs.processes()?;
//! let mut form = TextForm::new(processes.iter().map(String::as_str), true, jiff::tz::TimeZone::system());
//! for item in logs.query(&query)? {
//!     println!("{}", form.item(&item?));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! To go on with what comes, set [`Query::whole_lines`], take [`Items::ends`] before reading, and
//! give them to a [`Follower`] as [`Start::At`]; a [`Sieve`] applies the same query to its items.
//!
//! Each stream that is being read holds two descriptors while it has unread bytes, so a question to
//! hundreds of processes needs a soft limit of open files to match.

mod backward;
mod clock;
mod events;
mod fields;
mod file;
mod finder;
mod fold;
mod follow;
mod forward;
mod grep;
mod level;
mod line;
mod merge;
mod pieces;
#[cfg(test)]
mod properties;
mod query;
mod reader;
mod render;
mod segments;
mod sidecar;
mod sieve;
mod span;
mod tail;
pub mod testing;
mod text;
mod time;
mod watch;

pub use events::{
    EventDetector, EventFields, EventKind, EventRule, EventRuleError, EventRules, LogEvent,
    NotAKind, event_of,
};
pub use fields::{FieldIs, NotAField, Structured, structure};
pub use file::{TextLine, TextLines, read_text};
pub use fold::Fold;
pub use follow::{Follow, Follower, HOLD, PATIENCE, QUIET, Start};
pub use grep::{Grep, GrepError};
pub use level::{Level, LevelRules, Leveller, NotALevel, RuleError, level_of};
pub use line::{Gap, Item, LINE_CAP, Line, LineEnd, Part, Place, RunStart, Source};
pub use query::{Items, Logs, Query, QueryError, RunChoice};
pub use render::{TextForm, colour_of, json_line, message, printable_json, rfc3339};
pub use sieve::Sieve;
pub use text::{last_state, safe, strip_ansi};
pub use time::{Bound, NotATime, parse_time};
