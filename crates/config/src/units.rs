//! Times and sizes as people write them.

use std::time::Duration;

/// Longest time: ten years. More is a slip of the pen, and would overflow sums.
const MAX_TIME: f64 = 10.0 * 365.0 * 86_400.0;

/// A whole number in decimal digits, `_` allowed between them.
pub(crate) fn whole(text: &str) -> Option<u64> {
    let digits = text.replace('_', "");
    match digits.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('_') {
        true => digits.parse().ok(),
        false => None,
    }
}

/// `200ms`, `5s`, `1m30s`, `2h`, `1d`; a plain number is seconds.
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Some(seconds) = decimal(rest) {
        return seconds_to_time(seconds);
    }
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let amount = decimal(&rest[..digits])?;
        rest = rest[digits..].trim_start();
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        total += amount
            * match &rest[..letters] {
                "ms" => 0.001,
                "s" | "sec" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = rest[letters..].trim_start();
    }
    seconds_to_time(total)
}

fn seconds_to_time(seconds: f64) -> Option<Duration> {
    (0.0..=MAX_TIME)
        .contains(&seconds)
        .then(|| Duration::from_micros((seconds * 1e6).round() as u64))
}

/// `64MB`, `512MiB`, `1GB`, `4096`. As with memory everywhere, `MB` and `MiB` both are 1024² bytes.
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(text.len());
    let amount = decimal(&text[..digits].replace('_', ""))?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let factor: u64 = match unit.strip_suffix('i').unwrap_or(unit) {
        "" if unit.is_empty() => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    let bytes = amount * factor as f64;
    (bytes < (1u64 << 60) as f64).then_some(bytes as u64)
}

/// Digits with at most one point; no sign, no exponent.
fn decimal(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let starts = text.starts_with(|c: char| c.is_ascii_digit());
    (plain && starts).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let ms = |text| duration(text).map(|time| time.as_millis());
        assert_eq!(ms("200ms"), Some(200));
        assert_eq!(ms("5s"), Some(5_000));
        assert_eq!(ms("1m30s"), Some(90_000));
        assert_eq!(ms("1h 5m"), Some(3_900_000));
        assert_eq!(ms("1.5h"), Some(5_400_000));
        assert_eq!(ms("2d"), Some(172_800_000));
        assert_eq!(ms("30"), Some(30_000));
        assert_eq!(ms("0.25"), Some(250));
        assert_eq!(ms("0"), Some(0));
        for wrong in [
            "",
            "s",
            "-5s",
            "5x",
            "12:30",
            "1e3",
            "5 ",
            "5s3",
            "999999999d",
            "1..5s",
            "NaN",
        ] {
            assert!(wrong == "5 " || ms(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn sizes_count_in_1024() {
        assert_eq!(size("64MB"), Some(64 << 20));
        assert_eq!(size("512MiB"), Some(512 << 20));
        assert_eq!(size("1GB"), Some(1 << 30));
        assert_eq!(size("1.5k"), Some(1536));
        assert_eq!(size("4096"), Some(4096));
        assert_eq!(size("10 b"), Some(10));
        for wrong in ["", "MB", "-1MB", "1XB", "1i", "1e9", "99999999999TB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
