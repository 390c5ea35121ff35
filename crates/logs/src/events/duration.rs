//! Durations as programs write them: `791 ms`, `6.2s`, `1m 20s`, `1,234ms`, `00:01.5`.

/// Milliseconds; `None` for what is no duration.
pub(super) fn milliseconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut sum = 0.0;
    let mut any = false;
    while !rest.is_empty() {
        let digits = rest
            .bytes()
            .take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
            .count();
        let number: f64 = number(&rest[..digits])?;
        rest = rest[digits..].trim_start_matches([' ', '_', '\u{a0}']);
        let letters: usize = rest
            .chars()
            .take_while(|c| c.is_alphabetic())
            .map(char::len_utf8)
            .sum();
        sum += number * unit(&rest[..letters].to_ascii_lowercase())?;
        rest = rest[letters..].trim_start_matches([' ', ',']);
        any = true;
    }
    any.then_some(sum)
}

/// `1,234.5` and `1234,5`: a comma before three digits separates thousands.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_end_matches([',', '.']);
    let thousands = text.split_once(',').is_some_and(|(_, behind)| {
        behind.len() == 3
            || behind
                .as_bytes()
                .get(3)
                .is_some_and(|b| matches!(b, b'.' | b','))
    });
    let text = match thousands {
        true => text.replace(',', ""),
        false => text.replace(',', "."),
    };
    text.parse().ok()
}

fn unit(text: &str) -> Option<f64> {
    Some(match text {
        "ns" | "nanoseconds" => 1e-6,
        "us" | "µs" | "μs" | "microseconds" => 1e-3,
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1e3,
        "m" | "min" | "mins" | "minute" | "minutes" => 60e3,
        "h" | "hr" | "hour" | "hours" => 3600e3,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_all_their_units() {
        let read = |text| milliseconds(text).map(|ms| (ms * 1000.0).round() / 1000.0);
        assert_eq!(read("791 ms"), Some(791.0));
        assert_eq!(read("6.2s"), Some(6200.0));
        assert_eq!(read("1m 20s"), Some(80_000.0));
        assert_eq!(read("1,234ms"), Some(1234.0));
        assert_eq!(read("1,5 s"), Some(1500.0));
        assert_eq!(read("12.5µs"), Some(0.013));
        assert_eq!(read("2 seconds"), Some(2000.0));
        assert_eq!(read("12 apples"), None);
        assert_eq!(read("12"), None);
        assert_eq!(read(""), None);
    }
}
