//! The values of one process over time, in tiers of fixed size.

use std::time::Duration;

use super::Point;

/// Seconds that the first tier reaches back, a value for each second.
const FINE: u32 = 15 * 60;
/// Seconds that the second tier reaches back, a value for each ten.
const MIDDLE: u32 = 60 * 60;
const MIDDLE_STEP: u32 = 10;
/// The last tier has so many values at most.
const COARSE_SLOTS: u32 = 24 * 60;
const COARSE_STEP: u32 = 60;
const LONGEST: u32 = COARSE_SLOTS * MIDDLE;

/// `N` values side by side, at all times of all tiers.
#[derive(Debug)]
pub(super) struct Series<const N: usize> {
    pub(super) tiers: Vec<Tier<N>>,
    /// Whether the file on disk has the form of this series.
    pub(super) on_disk: bool,
}

/// One tier: a ring in which the slot of a time is that time modulo the size.
#[derive(Debug)]
pub(super) struct Tier<const N: usize> {
    /// Seconds that a slot stands for.
    pub(super) step: u32,
    /// Which interval, in steps since 1970, each slot holds; 0 for none.
    pub(super) intervals: Vec<u32>,
    /// NaN is what was not known.
    pub(super) values: Vec<[f32; N]>,
    /// Slots that changed since they were saved, one bit each.
    pub(super) changed: Vec<u64>,
}

impl<const N: usize> Series<N> {
    pub(super) fn new(keep: Duration) -> Self {
        let keep = u32::try_from(keep.as_secs()).unwrap_or(u32::MAX);
        let keep = keep.clamp(60, LONGEST);
        let mut tiers = vec![Tier::new(1, keep.min(FINE))];
        if keep > FINE {
            tiers.push(Tier::new(
                MIDDLE_STEP,
                keep.min(MIDDLE).div_ceil(MIDDLE_STEP),
            ));
        }
        if keep > MIDDLE {
            let step = keep.div_ceil(COARSE_SLOTS).next_multiple_of(COARSE_STEP);
            tiers.push(Tier::new(step.min(MIDDLE), keep.div_ceil(step)));
        }
        Series {
            tiers,
            on_disk: false,
        }
    }

    /// Notes values at a second since 1970; a later call for the same second replaces them.
    pub(super) fn record(&mut self, second: u32, values: [Option<f32>; N]) {
        let values = values.map(|value| value.unwrap_or(f32::NAN));
        self.tiers[0].set(second, values);
        for place in 1..self.tiers.len() {
            let step = self.tiers[place].step;
            let interval = second / step;
            let mean = self.tiers[place - 1].mean(interval * step, step);
            self.tiers[place].set(interval, mean);
        }
    }

    /// One kind of value in a span before `now`, each time from the finest tier that reaches it.
    pub(super) fn query(&self, kind: usize, now: u32, span: Duration) -> Vec<Point> {
        let span = u32::try_from(span.as_secs()).unwrap_or(u32::MAX);
        let from = now.saturating_sub(span);
        let mut points = Vec::new();
        let mut until = now.saturating_add(1);
        for (place, tier) in self.tiers.iter().enumerate() {
            let reach = tier.step.saturating_mul(tier.intervals.len() as u32 - 1);
            let mut begin = now.saturating_sub(reach);
            // The next tier takes over where one of its intervals ends.
            if let Some(next) = self.tiers.get(place + 1) {
                begin = begin.next_multiple_of(next.step);
            }
            let first = begin.max(from).div_ceil(tier.step);
            let part = (first..until.div_ceil(tier.step))
                .rev()
                .filter_map(|interval| {
                    let value = tier.get(interval)?[kind];
                    (!value.is_nan()).then(|| (u64::from(interval) * u64::from(tier.step), value))
                });
            points.extend(part);
            until = begin;
            if begin <= from {
                break;
            }
        }
        points.reverse();
        points
    }

    /// The last second of which anything is known.
    pub(super) fn newest(&self) -> Option<u32> {
        let ends = |tier: &Tier<N>| {
            let newest = tier.intervals.iter().max().filter(|newest| **newest > 0)?;
            Some(
                newest
                    .saturating_mul(tier.step)
                    .saturating_add(tier.step - 1),
            )
        };
        self.tiers.iter().filter_map(ends).max()
    }

    pub(super) fn size(&self) -> usize {
        let slots: usize = self.tiers.iter().map(|tier| tier.intervals.len()).sum();
        slots * (4 + 4 * N) + slots / 8
    }
}

impl<const N: usize> Tier<N> {
    fn new(step: u32, slots: u32) -> Self {
        let slots = slots.max(1) as usize;
        // Zeroed memory takes no room until it is written to.
        Tier {
            step,
            intervals: vec![0; slots],
            values: vec![[0.0; N]; slots],
            changed: vec![0; slots.div_ceil(64)],
        }
    }

    /// Notes the values of an interval.
    pub(super) fn set(&mut self, interval: u32, values: [f32; N]) {
        let slot = interval as usize % self.intervals.len();
        self.intervals[slot] = interval;
        self.values[slot] = values;
        self.changed[slot / 64] |= 1 << (slot % 64);
    }

    pub(super) fn get(&self, interval: u32) -> Option<&[f32; N]> {
        let slot = interval as usize % self.intervals.len();
        (interval != 0 && self.intervals[slot] == interval).then(|| &self.values[slot])
    }

    /// The mean of what is known of some seconds.
    fn mean(&self, from: u32, seconds: u32) -> [f32; N] {
        let mut sums = [(0.0f64, 0u32); N];
        let slots = self.intervals.len() as u32;
        let count = (seconds / self.step).min(slots);
        for interval in (from / self.step..).take(count as usize) {
            let Some(values) = self.get(interval) else {
                continue;
            };
            for (sum, value) in sums.iter_mut().zip(values) {
                if !value.is_nan() {
                    sum.0 += f64::from(*value);
                    sum.1 += 1;
                }
            }
        }
        sums.map(|(sum, count)| (sum / f64::from(count)) as f32)
    }
}
