//! Telling a leak from a warm-up, from a cache that levels off, and from the teeth of a garbage collector.
//!
//! The window is cut into ten equal parts and the least value of each is taken: what a collector cannot get rid
//! of. Those floors must lie on a line (quality), must not bend down (a warm-up and a cache do), and must be
//! higher than anything before (a long tooth comes back to where it was).

use std::time::Duration;

use crate::history::Point;

/// Windows that are looked at: a fast leak shows in the first, a slow one in the last.
const WINDOWS: [u64; 3] = [300, 900, 3600];
const PARTS: usize = 10;
/// The least share of what varies that the line must explain.
const LEAST_QUALITY: f64 = 0.9;
/// The least slope at the end, as a share of that at the beginning, of a parabola through the floors.
const LEAST_BEND: f64 = 0.6;
/// The least slope of the last parts, as a share of that of the whole.
const LEAST_RECENT: f64 = 0.5;
/// The least growth in a window: so many bytes, and this share of the mean.
const LEAST_BYTES: f64 = 8.0 * 1024.0 * 1024.0;
const LEAST_SHARE: f64 = 0.05;

/// Memory that grows steadily.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// How fast, by the line through the floors.
    pub bytes_per_s: f64,
    /// By how much in the window.
    pub bytes: f64,
    /// The window.
    pub span: Duration,
    /// How well the line fits: 1 is exactly.
    pub quality: f64,
}

/// Whether values that are the memory of one run, oldest first, grow steadily up to their end.
pub fn steady_growth(points: &[Point]) -> Option<Growth> {
    let mut found = None;
    for window in WINDOWS {
        let Some(grown) = growth_in(points, window) else {
            continue;
        };
        // The shortest window that shows it has the freshest figures.
        found = found.or(Some(grown));
    }
    found.filter(|growth| still_grows(points, growth))
}

fn growth_in(points: &[Point], window: u64) -> Option<Growth> {
    let floors = floors(points, window)?;
    let (slope, quality) = line(&floors);
    let mean = floors.iter().map(|(_, value)| value).sum::<f64>() / floors.len() as f64;
    let bytes = slope * window as f64;
    let enough = bytes >= LEAST_BYTES.max(mean * LEAST_SHARE);
    let recent = line(&floors[floors.len() - 3..])
        .0
        .min(rise_of_peaks(points, window));
    let steady =
        quality >= LEAST_QUALITY && bend(&floors) >= LEAST_BEND && recent >= slope * LEAST_RECENT;
    (enough && steady && is_highest(points, window)).then_some(Growth {
        bytes_per_s: slope,
        bytes,
        span: Duration::from_secs(window),
        quality,
    })
}

/// What is long over is no news: the shortest window must not be flat.
fn still_grows(points: &[Point], growth: &Growth) -> bool {
    let Some(floors) = floors(points, WINDOWS[0]) else {
        return false;
    };
    line(&floors).0 >= growth.bytes_per_s * LEAST_RECENT
}

/// The least value of each part of the window, by the middle of the part; `None` where too much is not known.
fn floors(points: &[Point], window: u64) -> Option<Vec<(f64, f64)>> {
    let end = points.last()?.0 + 1;
    let begin = end.checked_sub(window)?;
    // Coarser tiers have a point for each ten seconds, or each minute.
    if points.first()?.0 > begin + window / 100 {
        return None;
    }
    let width = window as f64 / PARTS as f64;
    let mut floors: [Option<f64>; PARTS] = [None; PARTS];
    for (at, value) in points.iter().filter(|(at, _)| *at >= begin) {
        let part = (((at - begin) as f64 / width) as usize).min(PARTS - 1);
        let value = f64::from(*value);
        floors[part] = Some(floors[part].map_or(value, |floor| floor.min(value)));
    }
    let known = floors.iter().enumerate();
    let known: Vec<(f64, f64)> = known
        .filter_map(|(part, floor)| Some(((part as f64 + 0.5) * width, (*floor)?)))
        .collect();
    (known.len() >= PARTS - 1 && floors[PARTS - 1].is_some()).then_some(known)
}

/// Slope and quality (R²) of the line of least squares.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    if xx == 0.0 || yy == 0.0 {
        return (0.0, 0.0);
    }
    (xy / xx, xy * xy / (xx * yy))
}

/// The slope at the end as a share of that at the beginning, of the parabola of least squares. On the
/// centred axis its linear part is the line's, and the quadratic one follows from what the line leaves.
fn bend(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let (slope, _) = line(points);
    let square = points
        .iter()
        .map(|(x, _)| (x - mean_x).powi(2))
        .sum::<f64>()
        / n;
    let (mut qq, mut qr) = (0.0, 0.0);
    for (x, y) in points {
        let x = x - mean_x;
        let q = x * x - square;
        qq += q * q;
        qr += q * (y - mean_y - slope * x);
    }
    let curve = if qq == 0.0 { 0.0 } else { qr / qq };
    let half = points.last().map_or(0.0, |(x, _)| x - mean_x);
    let at_begin = slope - 2.0 * curve * half;
    let at_end = slope + 2.0 * curve * half;
    if at_begin <= 0.0 {
        // It began flat and rises: not steady yet, but nothing that levels off either.
        return 1.0;
    }
    at_end / at_begin
}

/// How fast the peaks rose at last: the floor of a part is from its beginning and cannot tell that it ended flat.
fn rise_of_peaks(points: &[Point], window: u64) -> f64 {
    let Some(end) = points.last().map(|(at, _)| at + 1) else {
        return 0.0;
    };
    let part = window / PARTS as u64;
    let last = most(points, end - part, end);
    let before = most(points, end - 3 * part, end - 2 * part);
    f64::from(last - before) / (2 * part) as f64
}

/// Whether the last part is higher than anything before the window.
fn is_highest(points: &[Point], window: u64) -> bool {
    let Some(end) = points.last().map(|(at, _)| at + 1) else {
        return false;
    };
    let last = end.saturating_sub(window / PARTS as u64);
    most(points, last, end) > most(points, 0, end.saturating_sub(window))
}

fn most(points: &[Point], from: u64, until: u64) -> f32 {
    let part = points.iter().filter(|(at, _)| *at >= from && *at < until);
    part.map(|(_, value)| *value).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: f64 = 1024.0 * 1024.0;

    /// A value for each second, from one of mebibytes.
    fn series(seconds: u64, value: impl Fn(f64) -> f64) -> Vec<Point> {
        let at = |second: u64| (1_000_000 + second, (value(second as f64) * MIB) as f32);
        (0..seconds).map(at).collect()
    }

    /// When it is first said to grow, and for how many of its seconds.
    fn told(seconds: u64, value: impl Fn(f64) -> f64) -> (Option<u64>, u64) {
        let all = series(seconds, value);
        let looks = (10..=seconds).step_by(10);
        let told: Vec<u64> = looks
            .filter(|until| steady_growth(&all[..*until as usize]).is_some())
            .collect();
        (told.first().copied(), told.len() as u64 * 10)
    }

    #[test]
    fn a_leak_is_told_after_five_minutes_with_its_slope() {
        assert_eq!(told(360, |s| 100.0 + s * 0.5).0, Some(300));
        let growth = steady_growth(&series(400, |s| 100.0 + s * 0.5)).expect("grows");
        assert!((growth.bytes_per_s / MIB - 0.5).abs() < 0.01, "{growth:?}");
        assert!(growth.quality > 0.99 && growth.span == Duration::from_secs(300));
        // A slow one takes a longer window.
        let (first, _) = told(3700, |s| 100.0 + s * 0.01);
        assert!(
            first.is_some_and(|first| (800..=920).contains(&first)),
            "{first:?}"
        );
    }

    #[test]
    fn a_leak_below_the_teeth_of_a_collector_is_told() {
        let (first, _) = told(900, |s| 100.0 + s * 0.3 + (s % 20.0) * 2.0);
        assert!(first.is_some_and(|first| first <= 330), "{first:?}");
    }

    #[test]
    fn teeth_without_a_leak_are_not_told_however_long() {
        for period in [7.0, 45.0, 120.0, 200.0] {
            assert_eq!(
                told(3600, |s| 100.0 + (s % period) * 1.0).0,
                None,
                "{period}"
            );
        }
        // The first rise of a tooth of ten minutes looks like a leak; later ones do not.
        let (_, long) = told(3600, |s| 100.0 + (s % 600.0) * 0.5);
        assert!(long <= 330, "{long}");
    }

    #[test]
    fn a_warm_up_is_not_told() {
        for time in [10.0, 30.0, 60.0, 120.0, 240.0] {
            let warm = |s: f64| 50.0 + 400.0 * (1.0 - (-s / time).exp());
            assert_eq!(told(1800, warm).0, None, "{time}");
        }
        assert_eq!(told(1800, |s| 50.0 + 10.0 * s.min(60.0)).0, None);
    }

    #[test]
    fn a_cache_that_fills_up_and_stays_is_not_told_for_long() {
        for full in [120.0, 200.0, 250.0] {
            assert_eq!(told(1800, |s| 50.0 + s.min(full)).0, None, "{full}");
        }
        // One that fills for ten minutes does grow; it is over soon after that.
        let (first, long) = told(1800, |s| 50.0 + s.min(600.0));
        assert_eq!(first, Some(300));
        assert!(long <= 390, "{long}");
    }

    #[test]
    fn what_is_flat_falls_or_jumps_is_not_told() {
        assert_eq!(told(900, |_| 300.0).0, None);
        assert_eq!(told(900, |s| 900.0 - s * 0.5).0, None);
        assert_eq!(
            told(1800, |s| if s < 400.0 { 100.0 } else { 300.0 }).0,
            None
        );
        assert_eq!(told(1800, |s| 300.0 + (s * 0.7).sin() * 30.0).0, None);
        assert_eq!(steady_growth(&[]), None);
        assert_eq!(steady_growth(&[(5, 1.0)]), None);
        assert_eq!(steady_growth(&series(290, |s| s * 10.0)), None);
    }

    #[test]
    fn seconds_that_are_missing_do_not_make_a_leak() {
        let mut points = series(600, |s| 100.0 + s * 0.5);
        points.retain(|(at, _)| at % 7 != 0);
        assert!(steady_growth(&points).is_some());
        points.retain(|(at, _)| !(1_000_350..1_000_450).contains(at));
        assert!(steady_growth(&points).is_none());
    }
}
