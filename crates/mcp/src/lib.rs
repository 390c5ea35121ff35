//! The same verbs for agents: the Model Context Protocol on standard input and output.
//!
//! # Theory of operation
//!
//! An agent reads everything it is told, and pays for each word. So every answer has a short text and
//! the same as data, bounded in lines and characters; what repeats is folded; cursors and a memory of
//! what was shown last tell what is new; waiting is one call instead of many; and an error says which
//! call comes next.
//!
//! Nothing is decided here. Each tool ([`tools`]) asks the supervisor, whose API all other clients use
//! as well, so several agents and people see one truth. A connection is made for each request and made
//! anew when the supervisor dies in between ([`link`]). How a supervisor is found and started, and what
//! needs no supervisor, is the business of the [`Host`].
//!
//! Secrets never leave: what the API masks stays masked, and text that looks like a secret is masked
//! once more ([`mask`]). What Forge did not start is not ended, unless [`Options::allow_foreign_kill`]
//! says so.

mod budget;
mod fold;
mod host;
pub mod install;
mod jsonc;
mod link;
mod mask;
mod prompts;
mod reply;
mod resources;
mod server;
mod session;
mod text;
mod tools;

pub use host::{Connecting, Host, Options};
pub use server::serve;
