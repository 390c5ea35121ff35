//! What the processes of a workspace use, over time: CPU, memory, threads, files, storage, network, ports.
//!
//! # Theory of operation
//!
//! One pass a second looks at everything at once ([`Sampler::sample`]); nothing here has a thread, a
//! timer or a screen. Time comes in as a [`Moment`].
//!
//! * **Who belongs to whom** ([`Trees`]). A process that Forge started has a shim above it which adopts
//!   the orphans of its tree, so the tree is what descends from the shim. Where a process belongs never
//!   changes while it lives; it is therefore decided once, when the process is first seen. That a new
//!   one may exist is told by the last pid given; which it is, by the listing of `/proc` alone. So
//!   a quiet second costs next to nothing, and a busy one reads only what is new.
//! * **What they use** ([`Usage`]). Counters are read of every process of a tree and their growth is
//!   added up. When a process ends, its parent inherits its counters; `ledger` takes out what was
//!   already counted, so that the sum neither jumps nor goes backwards, and what a process did after
//!   the last look still counts.
//! * **Memory** is resident bytes, each second, and, more rarely because it is dear (`shared_memory`), with the pages
//!   that several processes share divided among them: a hundred workers of one program do not use a hundred times
//!   its size.
//! * **Network**. The kernel counts bytes for each TCP connection, not for each process. Connections are
//!   matched to trees by who holds their socket, by the port they came in on, and, for those that are
//!   gone before anybody could look, by what is known of their other end. UDP has no such counts, and a process in
//!   another network namespace cannot be seen: that is `None`.
//! * **Waiting for input** ([`waits_for_input`]) tells the call in which a process sleeps.
//! * **History** ([`History`]) keeps each second for a quarter of an hour and coarser averages for longer,
//!   in a fixed amount of memory and of disk.
//! * **Ports and process trees** for people: [`ports`], [`tree`], [`hogs`], [`orphans`]. Whose a process is
//!   tells its [`mark`], or that of its parents.
//! * **Ending what is in the way** ([`kill_port`], [`orphans::end`]): looked at, decided, pinned, looked at
//!   once more, and only then signalled; so a pid that changes hands is never hit.
//! * **Ports that Forge chooses** ([`auto_port`]) and **warnings** ([`warnings`]) from what was sampled.
//!
//! What cannot be read is `None`. It is never 0.

pub mod auto_port;
pub mod conflict;
mod ending;
mod flows;
pub mod history;
pub mod hogs;
mod key;
pub mod kill_port;
mod ledger;
mod machine;
pub mod mark;
mod member;
mod moment;
mod network;
pub mod orphans;
mod owner;
pub mod ports;
mod sampler;
mod shared_memory;
pub mod tree;
mod tree_meter;
mod trees;
mod usage;
mod waiting;
pub mod warnings;

pub use ending::{Ending, Left, Patience};
pub use history::{History, MachineMetric, Metric};
pub use key::ProcessKey;
pub use machine::MachineUsage;
pub use moment::Moment;
pub use owner::{Claim, Owner, Viewpoint};
pub use sampler::{Sampler, Settings};
pub use trees::{Member, Root, Table, Trees};
pub use usage::{Sample, Usage};
pub use waiting::waits_for_input;
