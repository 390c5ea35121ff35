//! Crashes: what is known of each, kept for good.
//!
//! An end that nobody asked for is looked at twice. In the loop, at once: the last lines of its output
//! are read and diagnosed ([`gather`]), because whether it is worth a restart depends on it; what else
//! is known at that moment, such as the state of what it depends on, is added ([`context`]). Beside the
//! loop, on a thread of its own ([`recorder`]): the report is written, then the lines around the place
//! and what changed there are looked up and the report is written again, whole.
//!
//! Reports are files ([`store`]), so that they can be read where no supervisor runs.

mod context;
mod gather;
mod healthy;
mod masked;
mod memory;
mod recorder;
mod report;
mod revert;
mod store;
mod told;

pub(crate) use gather::Ending;
pub use healthy::changes_on_disk;
pub(crate) use healthy::{Compared, Healthy};
pub(crate) use recorder::Crashes;
pub use report::{complete, report_of};
pub use revert::revert;
pub use store::Store;
pub(crate) use told::Fields;
