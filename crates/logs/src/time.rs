//! Reading the times that people type: `--since 10m`, `--until 14:30`, `--since 2025-11-21T14:30:00`.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, Zoned};

/// The text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a time; use how long ago (10m, 2h30m, 1d), a time of day (14:30, 14:30:15), a date \
     (2025-11-21, yesterday), both (2025-11-21T14:30:00, with a zone: …Z, …+02:00), or seconds since \
     1970 (@1763735415)"
)]
pub struct NotATime(pub String);

/// Which end of an interval a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Its beginning. A time of day that is still to come means the day before.
    Since,
    /// Its end. A time of day means today.
    Until,
}

/// Reads a time as nanoseconds since 1970. What is relative or local refers to `now` and its zone; a
/// date means its first moment.
///
/// # Errors
///
/// No form that is known; the message names those that are.
pub fn parse_time(text: &str, bound: Bound, now: &Zoned) -> Result<u64, NotATime> {
    let typed = text.trim();
    let at = day_name(typed, now)
        .or_else(|| ago(typed, now))
        .or_else(|| unix(typed))
        .or_else(|| absolute(typed))
        .or_else(|| local(typed, now))
        .or_else(|| time_of_day(typed, bound, now));
    at.and_then(|at| u64::try_from(at.as_nanosecond()).ok())
        .ok_or_else(|| NotATime(text.to_string()))
}

fn day_name(text: &str, now: &Zoned) -> Option<Timestamp> {
    let midnight = |date: Date| Some(date.to_zoned(now.time_zone().clone()).ok()?.timestamp());
    match text {
        "now" => Some(now.timestamp()),
        "today" => midnight(now.date()),
        "yesterday" => midnight(now.date().yesterday().ok()?),
        _ => None,
    }
}

/// `10m`, `2h30m`, `1.5h`, `90s ago`.
fn ago(text: &str, now: &Zoned) -> Option<Timestamp> {
    let text = text.strip_suffix("ago").unwrap_or(text).trim();
    let text = text.strip_prefix('-').unwrap_or(text);
    if text.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'.')
            .count();
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match &rest[..letters] {
            "ms" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            _ => return None,
        };
        seconds += number * unit;
        rest = rest[letters..].trim_start_matches([' ', ',']);
    }
    let nanos = now.timestamp().as_nanosecond() - (seconds * 1e9) as i128;
    Timestamp::from_nanosecond(nanos.max(0)).ok()
}

/// `@1763735415`, `@1763735415.5`.
fn unix(text: &str) -> Option<Timestamp> {
    let text = text.strip_prefix('@')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Timestamp::new(whole.parse().ok()?, nanos).ok()
}

/// With a zone: RFC 3339, also with a space for the `T`, and `…[Europe/Berlin]`.
fn absolute(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| Some(text.parse::<Zoned>().ok()?.timestamp()))
}

/// A date, or a date and a time of day, in the zone of `now`.
fn local(text: &str, now: &Zoned) -> Option<Timestamp> {
    let looks_like_a_date = text.len() >= 10 && text.as_bytes()[4] == b'-';
    let civil: DateTime = looks_like_a_date.then(|| text.parse().ok()).flatten()?;
    Some(civil.to_zoned(now.time_zone().clone()).ok()?.timestamp())
}

fn time_of_day(text: &str, bound: Bound, now: &Zoned) -> Option<Timestamp> {
    let digits_first = text.starts_with(|c: char| c.is_ascii_digit());
    if !digits_first || !text.contains(':') {
        return None;
    }
    // `9:05` is `09:05`.
    let padded = match text.find(':') {
        Some(1) => format!("0{text}"),
        _ => text.to_string(),
    };
    let time: Time = padded.parse().ok()?;
    let on = |date: Date| {
        Some(
            date.to_datetime(time)
                .to_zoned(now.time_zone().clone())
                .ok()?
                .timestamp(),
        )
    };
    let today = on(now.date())?;
    match bound {
        Bound::Since if today > now.timestamp() => on(now.date().yesterday().ok()?),
        Bound::Since | Bound::Until => Some(today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, bound: Bound) -> String {
        let now: Zoned = "2025-11-21T15:00:00+01:00[Europe/Berlin]"
            .parse()
            .expect("a time");
        match parse_time(text, bound, &now) {
            Ok(time) => crate::render::rfc3339(time).replace(".000000000", ""),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_people_type_is_understood() {
        for (text, time) in [
            ("10m", "2025-11-21T13:50:00Z"),
            ("2h30m", "2025-11-21T11:30:00Z"),
            ("90s ago", "2025-11-21T13:58:30Z"),
            ("1.5h", "2025-11-21T12:30:00Z"),
            ("1d", "2025-11-20T14:00:00Z"),
            ("14:30", "2025-11-21T13:30:00Z"),
            ("14:30:15", "2025-11-21T13:30:15Z"),
            ("9:05", "2025-11-21T08:05:00Z"),
            ("23:50", "2025-11-20T22:50:00Z"),
            ("2025-11-21", "2025-11-20T23:00:00Z"),
            ("2025-11-21T14:30:00", "2025-11-21T13:30:00Z"),
            ("2025-11-21 14:30", "2025-11-21T13:30:00Z"),
            ("2025-11-21T14:30:00Z", "2025-11-21T14:30:00Z"),
            ("2025-11-21T14:30:00+02:00", "2025-11-21T12:30:00Z"),
            (
                "2025-11-21T14:30:00.000000042Z",
                "2025-11-21T14:30:00.000000042Z",
            ),
            ("yesterday", "2025-11-19T23:00:00Z"),
            ("today", "2025-11-20T23:00:00Z"),
            ("now", "2025-11-21T14:00:00Z"),
            ("@1763735415", "2025-11-21T14:30:15Z"),
        ] {
            assert_eq!(at(text, Bound::Since), time, "{text}");
        }
        assert_eq!(at("23:50", Bound::Until), "2025-11-21T22:50:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_forms_that_are() {
        for text in [
            "",
            "soon",
            "10",
            "10x",
            "25:00",
            "2025-13-01",
            "m",
            "-",
            "@x",
            "10m5",
            "é",
            "1ms2",
        ] {
            let error = at(text, Bound::Since);
            assert!(error.contains("is not a time; use"), "{text}: {error}");
        }
    }
}
