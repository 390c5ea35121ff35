//! Ids for new runs: never the same twice, later ones greater, and the same for the same seed.

use forge_facts::RunId;

use crate::event::Now;

/// Makes the ids of runs.
#[derive(Debug)]
pub(super) struct Runs {
    chance: u32,
    last: RunId,
}

impl Runs {
    pub(super) fn new(seed: u32) -> Self {
        Runs {
            // Xorshift must not begin with zero.
            chance: seed ^ 0x9e37_79b9 | 1,
            last: RunId(0),
        }
    }

    /// No id that is handed out from now on is as small as this one.
    pub(super) fn seen(&mut self, run: RunId) {
        self.last = self.last.max(run);
    }

    pub(super) fn next(&mut self, now: Now) -> RunId {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        let drawn = RunId::new(now.unix_ns / 1_000_000, self.chance);
        // Within a millisecond, and while the clock is set back, they go on counting, by uneven
        // steps: another supervisor may be counting from the same id.
        let step = 1 + u64::from(self.chance >> 20 & 0xff);
        let run = drawn.max(RunId(self.last.0.saturating_add(step)));
        self.last = run;
        run
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(unix_ms: u64) -> Now {
        Now {
            mono: Duration::ZERO,
            unix_ns: unix_ms * 1_000_000,
        }
    }

    #[test]
    fn later_runs_have_greater_ids_even_when_the_clock_is_set_back() {
        let mut runs = Runs::new(0);
        let mut last = RunId(0);
        for unix_ms in [5, 5, 5, 7, 6, 1, 8] {
            let run = runs.next(at(unix_ms));
            assert!(run > last);
            last = run;
        }
    }

    #[test]
    fn workspaces_with_other_seeds_get_other_ids() {
        assert_ne!(Runs::new(1).next(at(9)), Runs::new(2).next(at(9)));
        assert_eq!(Runs::new(1).next(at(9)), Runs::new(1).next(at(9)));
    }
}
