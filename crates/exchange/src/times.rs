//! Times: as Go's tools read them, and as Forge's file writes them.

use std::time::Duration;

/// `1h30m`, `300ms`, `1.5s`; a bare number is seconds.
pub(crate) fn go(text: &str) -> Option<Duration> {
    let text = text.trim();
    let known = ["h", "m", "s", "ms", "us", "µs", "ns"];
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds_to_time(seconds);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        let unit = known.iter().position(|unit| *unit == &rest[..letters]);
        total += amount
            * match unit {
                Some(0) => 3600.0,
                Some(1) => 60.0,
                Some(2) => 1.0,
                Some(3) => 1e-3,
                Some(4 | 5) => 1e-6,
                Some(6) => 1e-9,
                _ => match &rest[..letters] {
                    "d" => 86_400.0,
                    "w" => 604_800.0,
                    _ => return None,
                },
            };
        rest = &rest[letters..];
    }
    match text.is_empty() {
        true => None,
        false => seconds_to_time(total),
    }
}

fn seconds_to_time(seconds: f64) -> Option<Duration> {
    const LONGEST: f64 = 3650.0 * 86_400.0;
    (0.0..=LONGEST)
        .contains(&seconds)
        .then(|| Duration::from_micros((seconds * 1e6).round() as u64))
}

/// A time as Forge's file says it, exactly.
pub(crate) fn text(time: Duration) -> String {
    let micros = time.as_micros();
    match () {
        () if micros == 0 => "0s".to_string(),
        () if micros.is_multiple_of(86_400_000_000) => format!("{}d", micros / 86_400_000_000),
        () if micros.is_multiple_of(3_600_000_000) => format!("{}h", micros / 3_600_000_000),
        () if micros.is_multiple_of(60_000_000) => format!("{}m", micros / 60_000_000),
        () if micros.is_multiple_of(1_000_000) => format!("{}s", micros / 1_000_000),
        () if micros.is_multiple_of(1000) => format!("{}ms", micros / 1000),
        () => format!("{}.{:03}ms", micros / 1000, micros % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let check = |from: &str, to: &str| assert_eq!(go(from).map(text).as_deref(), Some(to));
        check("1h30m", "90m");
        check("300ms", "300ms");
        check("1.5s", "1500ms");
        check("30", "30s");
        check("1500us", "1.500ms");
        for wrong in ["", "x", "5y", "-5s", "s"] {
            assert_eq!(go(wrong), None, "{wrong}");
        }
    }
}
