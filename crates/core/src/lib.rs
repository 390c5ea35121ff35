//! What should happen: specifications, states, dependencies, restarts. Decides, never acts.
//!
//! # Theory of operation
//!
//! A [`Workspace`] is told what has happened ([`Event`](event::Event)) and when
//! ([`Now`](event::Now)); it answers with what the world is to do ([`Effect`](event::Effect)). It
//! reads no clock, keeps no timer and touches nothing outside: [`Workspace::deadline`] tells how
//! long the caller may sleep, and a moment that has passed is noticed by whichever step comes next.
//!
//! Each process has an *intent* (is it meant to be up?) and a *state* (what is true of it). A step
//! has three parts:
//!
//! 1. the event changes the state or the intent of the processes that it names;
//! 2. what follows for others is spread along the graph (`on_down`, `on_exit`);
//! 3. the graph is walked twice: dependents first, to bring down what is to go down, then
//!    dependencies first, to let go whatever is down, meant to be up and has what it needs.
//!
//! The last sentence is start, restart, retry and resume alike: every stop ends in *down*, and what
//! follows is decided from the intent. A run begins only from *down*, which is reached only when
//! nothing of the former run is left, so that there are never two runs of one process.
//!
//! A supervisor that comes back gives [`Event::Recall`](event::Event::Recall) for each process and
//! then a `Tick`; what ended meanwhile is judged as if it had ended now.

pub mod event;
pub mod spec;
pub mod template;

mod graph;
mod health;
mod process;
mod restart;
mod verdict;
mod words;
mod workspace;

pub use words::{exit_words, signal_name};
pub use workspace::{Reason, Workspace};
