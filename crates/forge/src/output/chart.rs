//! Bars and sparklines: shares and values over time in one line of text.

/// Eighths of a character, from nothing to all of it.
const ACROSS: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
const UP: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar of so many columns, filled by this share of 1. What is no number fills nothing.
pub(crate) fn bar(share: f64, columns: usize) -> String {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let eighths = (share * columns as f64 * 8.0).round() as usize;
    let mut text = "█".repeat(eighths / 8);
    let rest = ACROSS[eighths % 8];
    text.push_str(rest);
    let used = eighths / 8 + usize::from(!rest.is_empty());
    text.push_str(&"░".repeat(columns.saturating_sub(used)));
    text
}

/// Second since 1970 and value.
pub(crate) type Point = (u64, f64);

/// The time that a sparkline shows and the values of its lowest and highest mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) from: u64,
    pub(crate) until: u64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Values over time in so many columns, each the mean of its part; a part without values is blank.
pub(crate) fn sparkline(points: &[Point], frame: Frame, columns: usize) -> String {
    let span = frame.until.saturating_sub(frame.from).max(1);
    let mut sums = vec![(0.0, 0u32); columns];
    for (at, value) in points {
        let Some(after) = at.checked_sub(frame.from) else {
            continue;
        };
        let place = (u128::from(after) * columns as u128 / u128::from(span)) as usize;
        // The end of the time belongs to its last part.
        let place = place.min(columns.saturating_sub(1));
        if let Some(sum) = sums.get_mut(place)
            && value.is_finite()
            && *at <= frame.until
        {
            *sum = (sum.0 + value, sum.1 + 1);
        }
    }
    fill_holes(&mut sums, points.len());
    sums.iter()
        .map(|(sum, count)| match count {
            0 => ' ',
            count => mark(sum / f64::from(*count), frame),
        })
        .collect()
}

/// Where there are fewer values than columns, a column without one shows the value before it; a hole
/// that is wider than the values lie apart is a time without values.
fn fill_holes(sums: &mut [(f64, u32)], points: usize) {
    let first = sums.iter().position(|(_, count)| *count > 0);
    let last = sums.iter().rposition(|(_, count)| *count > 0);
    let (Some(first), Some(last)) = (first, last) else {
        return;
    };
    let apart = (last - first + 1).div_ceil(points.max(1)).max(1) * 2;
    let mut known = sums[first];
    let mut hole = 0;
    for at in first..=last {
        if sums[at].1 > 0 {
            known = sums[at];
            hole = 0;
            continue;
        }
        hole += 1;
        let next = sums[at..=last].iter().position(|(_, count)| *count > 0);
        if hole + next.unwrap_or(0) <= apart {
            sums[at] = known;
        }
    }
}

fn mark(value: f64, frame: Frame) -> char {
    let room = frame.high - frame.low;
    let share = if room > 0.0 {
        (value - frame.low) / room
    } else {
        0.0
    };
    let step = (share.clamp(0.0, 1.0) * (UP.len() - 1) as f64).round() as usize;
    UP[step.min(UP.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::text::width;

    const FRAME: Frame = Frame {
        from: 100,
        until: 180,
        low: 0.0,
        high: 7.0,
    };

    #[test]
    fn a_bar_has_its_width_whatever_the_share() {
        assert_eq!(bar(0.5, 4), "██░░");
        assert_eq!(bar(0.0, 3), "░░░");
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.5, 3), "█▌░");
        for share in [-1.0, 0.001, 0.33, 0.999, 7.0, f64::NAN, f64::INFINITY] {
            for columns in 0..20 {
                assert_eq!(width(&bar(share, columns)), columns, "{share}");
            }
        }
    }

    #[test]
    fn a_sparkline_shows_the_mean_of_each_part() {
        let points: Vec<Point> = (0..80).map(|s| (100 + s, (s / 10) as f64)).collect();
        assert_eq!(sparkline(&points, FRAME, 8), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&points, FRAME, 4), "▂▄▆█");
        assert_eq!(sparkline(&points, FRAME, 0), "");
    }

    #[test]
    fn a_time_without_values_is_blank_and_thin_values_are_not() {
        let run = |from: u64, until: u64| (from..until).map(|s| (100 + s, 7.0));
        let points: Vec<Point> = run(0, 20).chain(run(60, 80)).collect();
        assert_eq!(sparkline(&points, FRAME, 8), "██    ██");
        let thin: Vec<Point> = (0..4).map(|s| (100 + s * 20, 7.0)).collect();
        assert_eq!(sparkline(&thin, FRAME, 8), "███████ ");
        assert_eq!(sparkline(&[], FRAME, 3), "   ");
    }

    #[test]
    fn strange_values_stay_in_the_line() {
        let points = [(0, 1.0), (100, f64::NAN), (180, 99.0), (500, 1.0)];
        assert_eq!(sparkline(&points, FRAME, 8), "       █");
        let flat = Frame { high: 0.0, ..FRAME };
        assert_eq!(sparkline(&[(179, 5.0)], flat, 8), "       ▁");
    }
}
