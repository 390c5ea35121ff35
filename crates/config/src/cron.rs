//! Cron expressions of five fields (crontab(5)) and their next time in local time.
//!
//! As in cron, a day counts where either of two restricted day fields matches. Times that a change
//! of the clock leaves out are moved to the first moment behind the gap; times that it repeats
//! happen once.

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};

/// A parsed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// `*` in the day of month, and in the day of week.
    any_day: bool,
    any_weekday: bool,
}

/// What is wrong with an expression, and at which bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronError {
    /// Bytes of the expression.
    pub at: std::ops::Range<usize>,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for CronError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CronError {}

struct FieldKind {
    name: &'static str,
    min: u64,
    max: u64,
    words: &'static [&'static str],
}

const FIELDS: [FieldKind; 5] = [
    FieldKind {
        name: "minute",
        min: 0,
        max: 59,
        words: &[],
    },
    FieldKind {
        name: "hour",
        min: 0,
        max: 23,
        words: &[],
    },
    FieldKind {
        name: "day of month",
        min: 1,
        max: 31,
        words: &[],
    },
    FieldKind {
        name: "month",
        min: 1,
        max: 12,
        words: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    FieldKind {
        name: "day of week",
        min: 0,
        max: 7,
        words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// Leap days are at most eight years apart, and fall on each weekday within forty.
const HORIZON_DAYS: u32 = 41 * 366;

impl Cron {
    /// Parses `minute hour day-of-month month day-of-week`, or `@hourly`, `@daily`, `@weekly`,
    /// `@monthly`, `@yearly`.
    ///
    /// # Errors
    ///
    /// What is wrong and where, also for a date that never comes.
    pub fn parse(text: &str) -> Result<Cron, CronError> {
        let trimmed = text.trim();
        if trimmed.starts_with('@') {
            return match trimmed {
                "@hourly" => Cron::parse("0 * * * *"),
                "@daily" | "@midnight" => Cron::parse("0 0 * * *"),
                "@weekly" => Cron::parse("0 0 * * 0"),
                "@monthly" => Cron::parse("0 0 1 * *"),
                "@yearly" | "@annually" => Cron::parse("0 0 1 1 *"),
                _ => Err(CronError {
                    at: 0..text.len(),
                    message: "expected @hourly, @daily, @weekly, @monthly or @yearly".into(),
                }),
            };
        }
        let words: Vec<(usize, &str)> = text
            .split_ascii_whitespace()
            .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
            .collect();
        if words.len() != 5 {
            return Err(CronError {
                at: 0..text.len(),
                message: format!(
                    "expected five fields (minute, hour, day of month, month, day of week), found {}",
                    words.len()
                ),
            });
        }
        let mut sets = [0u64; 5];
        for ((set, kind), (at, word)) in sets.iter_mut().zip(&FIELDS).zip(&words) {
            *set = parse_field(word, kind).map_err(|message| CronError {
                at: *at..*at + word.len(),
                message,
            })?;
        }
        let cron = Cron {
            minutes: sets[0],
            hours: sets[1],
            days: sets[2],
            months: sets[3],
            weekdays: (sets[4] | sets[4] >> 7) & 0x7f,
            any_day: words[2].1.starts_with('*'),
            any_weekday: words[4].1.starts_with('*'),
        };
        if cron.never() {
            return Err(CronError {
                at: words[2].0..words[3].0 + words[3].1.len(),
                message: "this day never comes in these months".into(),
            });
        }
        Ok(cron)
    }

    /// The first time behind `after`, in its time zone. `None` only where the calendar ends.
    pub fn next_after(&self, after: &Zoned) -> Option<Zoned> {
        let mut date = after.date();
        for _ in 0..HORIZON_DAYS {
            if self.has_date(date)
                && let Some(found) = self.on_date(date, after)
            {
                return Some(found);
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn on_date(&self, date: Date, after: &Zoned) -> Option<Zoned> {
        let zone = after.time_zone();
        // Where a time of day falls into a gap it comes later than written: look at all of them.
        let times =
            bits(self.hours).flat_map(|hour| bits(self.minutes).map(move |minute| (hour, minute)));
        times
            .filter_map(|(hour, minute)| {
                let civil = date.at(hour as i8, minute as i8, 0, 0);
                let zoned = civil.to_zoned(zone.clone()).ok()?;
                (zoned > *after).then_some(zoned)
            })
            .min()
    }

    fn has_date(&self, date: Date) -> bool {
        let has = |set: u64, n: i8| set & (1 << n) != 0;
        if !has(self.months, date.month()) {
            return false;
        }
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        match self.any_day || self.any_weekday {
            true => day && weekday,
            false => day || weekday,
        }
    }

    /// Only a day of month can be impossible, and only where no weekday stands in for it.
    fn never(&self) -> bool {
        let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let first = bits(self.days).next().unwrap_or(32);
        let possible = bits(self.months).any(|month| first <= longest[month as usize - 1]);
        !possible && (self.any_day || self.any_weekday)
    }
}

/// The first time behind `after` of an expression in text, where it parses.
pub fn next_after(expression: &str, after: &Zoned) -> Option<Zoned> {
    Cron::parse(expression).ok()?.next_after(after)
}

fn bits(set: u64) -> impl Iterator<Item = u64> {
    (0..64).filter(move |bit| set & (1 << bit) != 0)
}

fn parse_field(word: &str, kind: &FieldKind) -> Result<u64, String> {
    let mut set = 0;
    for item in word.split(',') {
        let (range, step) = match item.split_once('/') {
            None => (item, 1),
            Some((range, step)) => match step.parse::<u64>() {
                Ok(step) if step > 0 => (range, step.min(64)),
                _ => {
                    return Err(format!(
                        "expected a number from 1 behind `/` in the {}",
                        kind.name
                    ));
                }
            },
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (kind.min, kind.max.min(if kind.max == 7 { 6 } else { 63 })),
            Some((from, to)) => (value(from, kind)?, value(to, kind)?),
            None => {
                let from = value(range, kind)?;
                (from, if item.contains('/') { kind.max } else { from })
            }
        };
        if from > to {
            return Err(format!(
                "the range `{range}` of the {} runs backwards",
                kind.name
            ));
        }
        set |= (from..=to)
            .step_by(step as usize)
            .fold(0, |set, n| set | 1 << n);
    }
    Ok(set)
}

fn value(text: &str, kind: &FieldKind) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    if let Some(at) = kind.words.iter().position(|word| *word == lower) {
        return Ok(at as u64 + kind.min);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(number) if digits && (kind.min..=kind.max).contains(&number) => Ok(number),
        _ => Err(format!(
            "expected {} {} from {} to {}, found `{}`",
            if kind.name == "hour" { "an" } else { "a" },
            kind.name,
            kind.min,
            kind.max,
            crate::visible::visible(text)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, after: &str, expect: &str) {
        let after: Zoned = after.parse().expect("a time");
        let next = next_after(expression, &after).map(|time| time.to_string());
        assert_eq!(next.as_deref(), Some(expect), "{expression}");
    }

    #[test]
    fn the_next_time_is_found() {
        let at = "2025-03-14T10:17:30[UTC]";
        check("* * * * *", at, "2025-03-14T10:18:00+00:00[UTC]");
        check("*/15 * * * *", at, "2025-03-14T10:30:00+00:00[UTC]");
        check("5-10/5 9,17 * * *", at, "2025-03-14T17:05:00+00:00[UTC]");
        check("0 3 * * mon-fri", at, "2025-03-17T03:00:00+00:00[UTC]");
        check("0 3 * * 7", at, "2025-03-16T03:00:00+00:00[UTC]");
        check("@monthly", at, "2025-04-01T00:00:00+00:00[UTC]");
        check("0 0 29 2 *", at, "2028-02-29T00:00:00+00:00[UTC]");
        check("17 10 14 3 *", at, "2026-03-14T10:17:00+00:00[UTC]");
    }

    #[test]
    fn either_of_two_day_fields_counts() {
        check(
            "0 0 13 * fri",
            "2025-06-02T00:00:00[UTC]",
            "2025-06-06T00:00:00+00:00[UTC]",
        );
        check(
            "0 0 13 * *",
            "2025-06-02T00:00:00[UTC]",
            "2025-06-13T00:00:00+00:00[UTC]",
        );
    }

    #[test]
    fn a_gap_of_the_clock_moves_and_a_fold_happens_once() {
        let zone = "[Europe/Berlin]";
        check(
            "30 2 * * *",
            &format!("2025-03-30T00:00:00{zone}"),
            "2025-03-30T03:30:00+02:00[Europe/Berlin]",
        );
        check(
            "30 2 * * *",
            &format!("2025-10-26T02:30:00+02:00{zone}"),
            "2025-10-27T02:30:00+01:00[Europe/Berlin]",
        );
    }

    #[test]
    fn mistakes_name_the_field() {
        let error = |text: &str| {
            let error = Cron::parse(text).expect_err(text);
            format!("{} at `{}`", error.message, &text[error.at])
        };
        assert_eq!(
            error("61 * * * *"),
            "expected a minute from 0 to 59, found `61` at `61`"
        );
        assert_eq!(
            error("* * * foo *"),
            "expected a month from 1 to 12, found `foo` at `foo`"
        );
        assert_eq!(
            error("0 0 30 2 *"),
            "this day never comes in these months at `30 2`"
        );
        assert_eq!(
            error("5-1 * * * *"),
            "the range `5-1` of the minute runs backwards at `5-1`"
        );
        assert_eq!(
            error("*/0 * * * *"),
            "expected a number from 1 behind `/` in the minute at `*/0`"
        );
        assert!(error("* * * *").contains("found 4"));
        assert!(error("@often").contains("@hourly"));
    }
}
