//! Names of processes as this crate uses them: opaque, cheap to copy.

use std::fmt;
use std::sync::Arc;

/// Names a managed process, for good: its history is kept under it across runs and restarts.
///
/// What it is made of (profile and name, say) is its user's choice.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessKey(Arc<str>);

impl ProcessKey {
    /// The text it was made from.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ProcessKey {
    fn from(text: &str) -> Self {
        ProcessKey(text.into())
    }
}

impl From<String> for ProcessKey {
    fn from(text: String) -> Self {
        ProcessKey(text.into())
    }
}

impl fmt::Display for ProcessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProcessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
