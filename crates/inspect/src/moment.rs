//! When something was looked at, by both clocks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use forge_os::process_table;

/// A point in time by the clock that never jumps and by the one on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since the machine started; for intervals.
    pub since_boot: Duration,
    /// Since 1970; for people and for history.
    pub unix: Duration,
}

impl Moment {
    /// The present.
    pub fn now() -> Self {
        Moment {
            since_boot: process_table::since_boot(),
            unix: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }

    /// Seconds from an earlier moment to this one; `None` if no time has passed.
    pub(crate) fn seconds_after(self, earlier: Moment) -> Option<f64> {
        let passed = self.since_boot.checked_sub(earlier.since_boot)?;
        (!passed.is_zero()).then_some(passed.as_secs_f64())
    }

    /// This moment in the unit in which the kernel says when a process started.
    pub(crate) fn start_ticks(self) -> u64 {
        let ticks = u128::from(process_table::ticks_per_second());
        (self.since_boot.as_nanos() * ticks / 1_000_000_000) as u64
    }
}
