//! How many events a process may tell in a while: output that repeats itself fills no history.

use std::time::{Duration, Instant};

/// Events that may come at once,
const AT_ONCE: u32 = 20;

/// and how soon there may be another one after these.
const ANOTHER_EVERY: Duration = Duration::from_secs(1);

/// What one process may still tell.
pub(super) struct Allowance {
    left: u32,
    counted_at: Instant,
    /// What was left out since the last one that was told.
    omitted: u64,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Allowance {
            left: AT_ONCE,
            counted_at: now,
            omitted: 0,
        }
    }

    /// Whether one more may be told; then how many were left out before it.
    pub(super) fn take(&mut self, now: Instant) -> Option<u64> {
        let passed = now.saturating_duration_since(self.counted_at);
        let more = u32::try_from(passed.as_secs() / ANOTHER_EVERY.as_secs()).unwrap_or(u32::MAX);
        if more > 0 {
            self.left = self.left.saturating_add(more).min(AT_ONCE);
            self.counted_at = now;
        }
        if self.left == 0 {
            self.omitted += 1;
            return None;
        }
        self.left -= 1;
        Some(std::mem::take(&mut self.omitted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted_and_told_with_the_next_one() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        for _ in 0..AT_ONCE {
            assert_eq!(allowance.take(start), Some(0));
        }
        assert_eq!(allowance.take(start), None);
        assert_eq!(allowance.take(start), None);
        assert_eq!(allowance.take(start + ANOTHER_EVERY), Some(2));
        assert_eq!(allowance.take(start + ANOTHER_EVERY), None);
        let later = start + ANOTHER_EVERY * 1000;
        assert_eq!(allowance.take(later), Some(1));
        for _ in 1..AT_ONCE {
            assert_eq!(allowance.take(later), Some(0));
        }
        assert_eq!(allowance.take(later), None);
    }
}
