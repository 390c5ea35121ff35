//! The console: one window over everything that runs in a workspace.
//!
//! # Theory of operation
//!
//! What is shown is a function of the [`model`]; the model changes by messages only. [`update`] takes
//! a message and answers with commands; [`view`] draws the model. Both touch nothing else, so that
//! every key and every screen can be tried without a terminal.
//!
//! The [`shell`] around them owns what they do not: the terminal, the connections to the supervisor,
//! and other programs. It hears keys first, messages then, and draws at most 30 times a second and
//! only when something has changed. Messages come through a bounded channel: who writes faster than
//! can be shown waits, and what falls behind too far is skipped in the window, never on disk.
//!
//! The crate knows the API and nothing of the command line; what it needs from there comes through
//! [`Host`].

mod format;
mod keymap;
mod layout;
mod message;
mod model;
mod settings;
mod setup;
mod shell;
mod text;
mod theme;
mod update;
mod view;
mod words;

pub use format::{bytes_from, percent};
pub use setup::{Completion, Connecting, Host, Output, Setup};
pub use shell::run;
pub use words::split as split_words;
