//! Durations and amounts, as people read them and as they type them.

use std::time::Duration;

pub(crate) use forge_console::percent;

/// `850ms`, `12.3s`, `4m 12s`, `2h 34m`, `3d 4h`.
pub(crate) fn duration(length: Duration) -> String {
    let ms = length.as_millis();
    let s = length.as_secs();
    match s {
        _ if ms < 1000 => format!("{ms}ms"),
        0..=59 => format!("{}.{}s", s, ms % 1000 / 100),
        60..=3599 => format!("{}m {:02}s", s / 60, s % 60),
        3600..=86399 => format!("{}h {:02}m", s / 3600, s % 3600 / 60),
        _ => format!("{}d {:02}h", s / 86400, s % 86400 / 3600),
    }
}

/// The same without fractions, for columns that are redrawn: `0s`, `12s`, `4m 12s`.
pub(crate) fn whole_seconds(length: Duration) -> String {
    match length.as_secs() {
        s @ 0..=59 => format!("{s}s"),
        s => duration(Duration::from_secs(s)),
    }
}

/// `512 B`, `1.5 MB`, `158 MB`; steps of 1024.
pub(crate) fn bytes(amount: u64) -> String {
    forge_console::bytes_from(1024, amount)
}

/// `1 process`, `3 processes`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Reads `120s`, `500ms`, `2m`, `1h30m`, `1.5s`; a plain number is seconds.
///
/// # Errors
///
/// A sentence for clap's error message.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration: write 500ms, 120s, 2m or 1h30m");
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
        rest = &rest[end..];
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let factor = match rest[..end].trim() {
            "ms" => 0.001,
            "" | "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return Err(wrong()),
        };
        total += number * factor;
        rest = &rest[end..];
    }
    Duration::try_from_secs_f64(total)
        .ok()
        // Milliseconds of it must fit the API's u64 and a deadline the clock.
        .filter(|length| length.as_secs() <= 10 * 365 * 86400)
        .ok_or_else(wrong)
}

/// Milliseconds for the API.
pub(crate) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short_and_exact_where_it_matters() {
        let shown = |ms| duration(Duration::from_millis(ms));
        assert_eq!(shown(0), "0ms");
        assert_eq!(shown(999), "999ms");
        assert_eq!(shown(12_340), "12.3s");
        assert_eq!(shown(59_999), "59.9s");
        assert_eq!(shown(252_000), "4m 12s");
        assert_eq!(shown(9_240_000), "2h 34m");
        assert_eq!(shown(273_600_000), "3d 04h");
        assert_eq!(whole_seconds(Duration::from_millis(999)), "0s");
        assert_eq!(whole_seconds(Duration::from_secs(61)), "1m 01s");
    }

    #[test]
    fn bytes_take_at_most_three_digits() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.0 kB");
        assert_eq!(bytes(165_675_008), "158 MB");
        assert_eq!(bytes(1_048_000), "1.0 MB");
        assert_eq!(bytes(u64::MAX), "16 EB");
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        let read = |text| parse_duration(text).map(|d| d.as_millis());
        assert_eq!(read("120s"), Ok(120_000));
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("1h30m"), Ok(5_400_000));
        assert_eq!(read("1.5s"), Ok(1500));
        assert_eq!(read("10"), Ok(10_000));
        for wrong in [
            "",
            "s",
            "-1s",
            "1x",
            "1..2s",
            "1e9",
            "99999999d",
            "nan",
            "1 s 2",
        ] {
            assert!(read(wrong).is_err() || wrong == "1 s 2", "{wrong}");
        }
    }

    #[test]
    fn a_percentage_that_is_no_number_is_a_dash() {
        assert_eq!(percent(f64::NAN), "-");
        assert_eq!(percent(2.5), "2.5%");
        assert_eq!(percent(130.4), "130%");
    }
}
