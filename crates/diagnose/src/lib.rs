//! From evidence to a crash report: why it died, where in the code, what changed, what now.
//!
//! # Theory of operation
//!
//! [`diagnose()`] is given what is known of an end (the output, the exit code or signal, where it ran)
//! and answers with a [`Diagnosis`]; [`explain()`] is the same for a text alone. Nothing is guessed:
//! what no evidence tells is null.
//!
//! A text may be anything: binary noise, 100 MB in one line, several programs through one pipe. It is
//! taken in blocks from its end, so that memory is bounded and the newest is found first; only blocks
//! with a word that every trace has are read (`text`). Lines lose escape sequences and the prefixes
//! of multiplexers, and each program's lines become a row of their own. The readers of the languages
//! (`lang`) find errors with their frames; rules, which are data, find causes that need no trace
//! (`rules`, `alone`). Of several errors the one that ended the program is chosen (`choose`), and its
//! frames are judged: whose code they are (`libraries`), and how their paths are told (`place`). What
//! the end itself says comes last (`exit`).
//!
//! What changed since it was well is another question, asked of Git and of hashes: [`mod@changes`] and
//! [`fingerprint`]. What is kept of all this has its secrets masked: [`mask()`].

mod alone;
pub mod changes;
mod choose;
mod diagnose;
mod evidence;
mod exit;
pub mod fingerprint;
mod judge;
mod lang;
mod libraries;
mod mask;
mod pattern;
mod place;
mod report;
pub mod rules;
pub mod snippet;
mod sourcemap;
mod text;
mod trace;

pub use diagnose::{diagnose, explain};
pub use evidence::Evidence;
pub use exit::name as signal_name;
pub use mask::{MASK, mask};
pub use report::{Cause, Diagnosis, Frame, Kind, Language, LineRange, Location, Suggestion};
