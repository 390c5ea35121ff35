//! From a repository to what a developer of it would start.
//!
//! # Theory of operation
//!
//! One walk lists the files that may be evidence (`repo`, `evidence`). Detectors, one for each kind
//! of manifest, read them and suggest candidates, each with the place that speaks for it. A shared
//! reader of shell commands (`command`, `tools`) knows what programs of the field do: serve, work,
//! watch, build, store. Then all candidates are weighed (`select`): what one starts is not suggested
//! again, production servers and examples are left out, documentation counts where there is nothing
//! else. Services come from compose files, connection strings and client libraries (`services`), and
//! are given a command that this machine has (`start`).
//!
//! `init` writes what was found as a configuration, each entry with its reason.
//!
//! Nothing is run, and what cannot be read is no evidence: a hostile repository leads to few
//! suggestions, never to an error.

mod command;
mod compose;
mod detect;
mod evidence;
mod files;
mod init;
mod kinds;
mod lang;
mod machine;
mod model;
mod node;
mod procfile;
mod repo;
mod select;
mod services;
mod settings;
mod tasks;
mod tools;
mod yaml;

pub use detect::detect;
pub use init::render;
pub use machine::{Having, Machine, ThisMachine};
pub use model::{Detection, Process, Service};
