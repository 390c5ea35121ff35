//! Amounts, durations and times, as people read them in a narrow column.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// As [`bytes_from`], in at most six characters.
pub(crate) fn bytes(amount: u64) -> String {
    bytes_from(1000, amount)
}

/// `512 B`, `1.5 MB`, `158 MB`; steps of 1024. What is less than `plain` is told in bytes.
pub fn bytes_from(plain: u64, amount: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if amount < plain {
        return format!("{amount} B");
    }
    let mut value = amount as f64 / 1024.0;
    let mut unit = 0;
    // 999.5 would be written as 1000, which is wider than the next unit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 9.95 {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
}

/// `2.5%`, `130%`.
pub fn percent(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_string();
    }
    if value.abs() < 99.95 {
        format!("{value:.1}%")
    } else {
        format!("{value:.0}%")
    }
}

/// At most six characters: `12s`, `4m12s`, `2h34m`, `3d04h`.
pub(crate) fn uptime(ms: u64) -> String {
    let s = ms / 1000;
    match s {
        0..=59 => format!("{s}s"),
        60..=3599 => format!("{}m{:02}s", s / 60, s % 60),
        3600..=86399 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        _ => format!("{}d{:02}h", s / 86400, s % 86400 / 3600),
    }
}

/// A moment of the API as `14:30:15`; as many blanks where it is none.
pub(crate) fn clock(text: &str, zone: &TimeZone) -> String {
    match text.parse::<Timestamp>() {
        Ok(moment) => moment
            .to_zoned(zone.clone())
            .strftime("%H:%M:%S")
            .to_string(),
        Err(_) => " ".repeat(8),
    }
}

/// The same with its day where that is not today.
pub(crate) fn moment(text: &str, zone: &TimeZone, now: Timestamp) -> String {
    let Ok(moment) = text.parse::<Timestamp>() else {
        return text.to_string();
    };
    let moment = moment.to_zoned(zone.clone());
    let form = if moment.date() == now.to_zoned(zone.clone()).date() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M"
    };
    moment.strftime(form).to_string()
}

/// A bar of eighths, as high as its value, for each of the last `width` values.
pub(crate) fn spark(
    values: impl DoubleEndedIterator<Item = f64>,
    width: usize,
    top: f64,
) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut shown: Vec<char> = values
        .rev()
        .take(width)
        .map(|value| {
            let part = if top > 0.0 { value / top } else { 0.0 };
            STEPS[((part.clamp(0.0, 1.0) * 7.0).round() as usize).min(7)]
        })
        .collect();
    shown.reverse();
    shown.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_fit_narrow_columns() {
        let shown = [0, 999, 1024, 1_600_000, 165_675_008, u64::MAX].map(bytes);
        assert_eq!(
            shown,
            ["0 B", "999 B", "1.0 kB", "1.5 MB", "158 MB", "16 EB"]
        );
        assert_eq!(percent(2.54), "2.5%");
        assert_eq!(percent(f64::NAN), "-");
        assert_eq!(uptime(9_240_000), "2h34m");
        assert_eq!(uptime(59_000), "59s");
    }

    #[test]
    fn a_spark_shows_the_latest_values() {
        assert_eq!(spark([0.0, 50.0, 100.0].into_iter(), 2, 100.0), "▅█");
        assert_eq!(spark([f64::NAN].into_iter(), 2, 0.0), "▁");
    }
}
