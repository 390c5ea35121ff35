//! From a health check to a verdict. Knows no supervisor: what is asked is whole, what is answered is final.
//!
//! # Theory of operation
//!
//! * A [`Check`] is a question without open ends: addresses, ports and variables are filled in
//!   ([`Check::resolve`] makes one from a spec). [`check()`] asks it once, within a time limit, and always
//!   answers with a [`Verdict`]: there are no errors beside "not healthy, and this is why".
//! * [`watch()`] asks again and again, one after the other and never two at once, and hands over each
//!   verdict. What the verdicts mean (how many failures make a process unhealthy, how long a start may
//!   take) is decided elsewhere.
//! * Everything is one future without tasks of its own. Dropping it closes its sockets and kills the
//!   whole tree of a command that was running: nothing is left behind.
//! * [`NotifySocket`] is the other direction: the process says by itself how it is (sd_notify(3)).

mod address;
mod check;
mod command;
mod http;
mod leash;
mod notify;
mod race;
mod resolve;
mod tcp;
mod text;
mod tls;
mod url;
mod watch;

pub use check::{Check, Listens, Run, Verdict, check};
pub use notify::{Notification, NotifySocket};
pub use resolve::{Context, Unresolved};
pub use watch::{Rules, watch};
