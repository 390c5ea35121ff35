//! When the next picture may be drawn: at most 30 a second, of which some are kept back for keys, so
//! that a flood of news never lets a key wait for long.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Pictures in any second.
const MOST: usize = 30;
/// Between pictures of news: 20 a second, which leaves ten for keys.
const NEWS: Duration = Duration::from_millis(50);
/// Between pictures that answer keys: those that come at once are answered together.
const KEYS: Duration = Duration::from_millis(8);

/// The pictures of the last second.
#[derive(Debug, Default)]
pub(super) struct Pace {
    drawn: VecDeque<Instant>,
}

impl Pace {
    /// When the next picture may be drawn; one that answers a key comes sooner.
    pub(super) fn due(&self, answers_key: bool, now: Instant) -> Instant {
        let Some(last) = self.drawn.back() else {
            return now;
        };
        let next = *last + if answers_key { KEYS } else { NEWS };
        match self.drawn.front() {
            Some(first) if self.drawn.len() >= MOST => next.max(*first + Duration::from_secs(1)),
            Some(_) | None => next,
        }
    }

    /// A picture was drawn.
    pub(super) fn drew(&mut self, now: Instant) {
        self.drawn.push_back(now);
        if self.drawn.len() > MOST {
            self.drawn.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws as soon as it may; how many pictures there are in each of the seconds.
    fn drawn(seconds: u64, is_key: impl Fn(u64) -> bool) -> Vec<usize> {
        let begin = Instant::now();
        let mut pace = Pace::default();
        let mut each = vec![0; usize::try_from(seconds).unwrap()];
        for ms in 0..seconds * 1000 {
            let now = begin + Duration::from_millis(ms);
            if pace.due(is_key(ms), now) <= now {
                pace.drew(now);
                each[usize::try_from(ms / 1000).unwrap()] += 1;
            }
        }
        each
    }

    #[test]
    fn there_are_at_most_thirty_pictures_a_second_and_some_are_kept_for_keys() {
        assert!(drawn(3, |_| false).iter().all(|count| *count == 20));
        assert!(drawn(3, |_| true).iter().all(|count| *count <= 30));
        // A key each 200 ms among a flood is answered within 8 ms.
        let begin = Instant::now();
        let mut pace = Pace::default();
        for ms in 0..5000 {
            let now = begin + Duration::from_millis(ms);
            let is_key = ms % 200 >= 100 && ms % 200 < 109;
            let due = pace.due(is_key, now);
            assert!(!is_key || ms % 200 < 108 || due <= now, "{ms}");
            if due <= now {
                pace.drew(now);
            }
        }
    }
}
