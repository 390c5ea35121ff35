//! When the memory of a tree is measured with shared pages divided.
//!
//! The kernel walks all pages of a process for it: tens of microseconds for a small one, milliseconds for a
//! large one. So it is done rarely, sooner where the tree has changed, and never for more than a small part
//! of the time.

use std::time::Duration;

/// A tree that has changed is measured again after this time.
const SOON: Duration = Duration::from_secs(5);
/// Measuring may take this part of the time: a thousandth of a core.
pub(crate) const SHARE: u32 = 1000;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    /// When, since the machine started.
    pub(crate) at: Duration,
    /// `None` where the kernel did not tell.
    pub(crate) bytes: Option<u64>,
    /// Resident bytes then.
    pub(crate) resident: u64,
    /// How many processes there were.
    pub(crate) members: usize,
}

impl Measured {
    /// Whether what was found can no longer be near the truth.
    pub(crate) fn has_changed(&self, resident: u64, members: usize) -> bool {
        members != self.members || resident.abs_diff(self.resident) > self.resident / 20
    }

    /// How urgent it is to measure again; `None`: not yet.
    pub(crate) fn due(&self, now: Duration, every: Duration, changed: bool) -> Option<Duration> {
        let age = now.saturating_sub(self.at);
        // Waiting counts double for what has changed.
        match changed {
            true if age >= SOON.min(every) => Some(age.saturating_mul(2)),
            true => None,
            false => (age >= every).then_some(age),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_is_measured_sooner_and_what_stays_rarely() {
        let measured = Measured {
            at: Duration::from_secs(100),
            bytes: Some(10 << 20),
            resident: 20 << 20,
            members: 3,
        };
        assert!(!measured.has_changed(20 << 20, 3));
        assert!(!measured.has_changed(20 << 20 | 4096, 3));
        assert!(measured.has_changed(20 << 20, 4));
        assert!(measured.has_changed(22 << 20, 3));
        assert!(measured.has_changed(18 << 20, 3));
        let every = Duration::from_secs(60);
        let due = |age: u64, changed| measured.due(Duration::from_secs(100 + age), every, changed);
        assert_eq!((due(59, false), due(4, true)), (None, None));
        assert!(due(60, false).is_some() && due(5, true).is_some());
        assert!(due(40, true) > due(70, false));
        assert_eq!(measured.due(Duration::ZERO, every, true), None);
    }
}
