//! Whether values rise or fall, in words for people.

use super::Point;

/// Which way values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Much more at the end than at the beginning.
    Growing,
    /// Somewhat more.
    GrowingSlowly,
    /// About the same.
    Steady,
    /// Somewhat less.
    FallingSlowly,
    /// Much less.
    Falling,
}

/// What a change is compared with: by less than the first share of the mean it is steady, by more than the second much.
const LITTLE: f64 = 0.05;
const MUCH: f64 = 0.3;

impl Trend {
    /// The words.
    pub fn text(self) -> &'static str {
        match self {
            Trend::Growing => "growing",
            Trend::GrowingSlowly => "growing slowly",
            Trend::Steady => "steady",
            Trend::FallingSlowly => "falling slowly",
            Trend::Falling => "falling",
        }
    }

    /// That of values, by the line of least squares through them; `None` for too few to tell.
    pub fn of(points: &[Point]) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        if points.len() < 10 || last.0 <= first.0 {
            return None;
        }
        let n = points.len() as f64;
        let x = |point: &Point| (point.0 - first.0) as f64;
        let mean_x = points.iter().map(x).sum::<f64>() / n;
        let mean_y = points.iter().map(|(_, y)| f64::from(*y)).sum::<f64>() / n;
        let xx: f64 = points.iter().map(|point| (x(point) - mean_x).powi(2)).sum();
        let xy: f64 = points
            .iter()
            .map(|point| (x(point) - mean_x) * (f64::from(point.1) - mean_y))
            .sum();
        let change = xy / xx * x(last);
        let share = change / mean_y.abs().max(f64::MIN_POSITIVE);
        Some(match share {
            share if share >= MUCH => Trend::Growing,
            share if share >= LITTLE => Trend::GrowingSlowly,
            share if share <= -MUCH => Trend::Falling,
            share if share <= -LITTLE => Trend::FallingSlowly,
            _ => Trend::Steady,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trend_is_told_in_words() {
        let of = |value: fn(f32) -> f32| {
            let points: Vec<Point> = (0..100).map(|s| (s, value(s as f32))).collect();
            Trend::of(&points).map(Trend::text)
        };
        assert_eq!(of(|s| 100.0 + s), Some("growing"));
        assert_eq!(of(|s| 100.0 + s / 10.0), Some("growing slowly"));
        assert_eq!(of(|s| 100.0 + s % 7.0), Some("steady"));
        assert_eq!(of(|s| 100.0 - s / 10.0), Some("falling slowly"));
        assert_eq!(of(|s| 100.0 - s), Some("falling"));
        assert_eq!(of(|_| 0.0), Some("steady"));
        assert_eq!(Trend::of(&[(1, 1.0), (2, 9.0)]), None);
    }
}
