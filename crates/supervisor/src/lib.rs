//! The supervisor: the daemon of a workspace. Turns events into steps and effects into deeds.
//!
//! # Theory of operation
//!
//! One loop owns everything ([`supervisor`]); nothing is shared and nothing is locked. Tasks around
//! it turn bytes into [`input::Input`]s and do nothing else: the connections to the keeper and to
//! the shims, the API's server, health checks, hooks, the watcher of files.
//!
//! What should happen is decided by `forge-core`, purely. An input becomes a core event, the core
//! answers with effects, [`effects`] carries them out, and what comes of it is another input.
//!
//! The supervisor may die at any moment. Its children are not its children (each has a shim), their
//! output does not pass through it (shims write files, it reads them), and what has happened is in
//! the shims' journals. What users want is written to [`memory`] before it is carried out. A
//! supervisor that starts therefore asks nobody what happened: it replays ([`recall`]).

mod adopt;
mod clock;
mod conflict;
mod containers;
pub mod crash;
mod daemon;
mod debug;
mod effects;
mod environment;
mod facts;
mod health;
mod history;
mod hooks;
mod idle_shims;
mod input;
mod input_wait;
mod launch;
mod links;
mod log_cap;
mod logs_api;
pub mod machine;
mod managed;
mod memory;
mod of_file;
mod output;
mod output_events;
mod own_port;
mod ports;
mod recall;
mod sampling;
mod schedule;
mod secrets;
mod server;
mod spawn_failure;
mod statistics;
mod supervisor;
mod targets;
pub mod trust;
mod verbs;
mod view;
mod waiters;
mod warnings;
mod watch;

pub use daemon::{Options, StartKeeper, run};
pub use of_file::stopped;
