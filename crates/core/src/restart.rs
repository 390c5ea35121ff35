//! Whether, and when, a process that has ended is tried again.

use std::time::Duration;

use crate::event::Now;
use crate::process::{Ending, Failure, Past, Rest, Then};
use crate::spec::{OnDeterministic, RestartPolicy, RestartSpec};
use crate::words::{lasting, restarts, span};

/// Whether the same end is to be expected of another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    Surely,
    Perhaps,
}

/// What follows an end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    pub(crate) rest: Rest,
    /// For people: `restarts in 5 s`.
    pub(crate) next: String,
    /// Ends within the window that count towards giving up, this one included.
    pub(crate) count: u32,
}

/// Decides what follows an end that nobody asked for; `message` says how it ended. The end is added
/// to the past.
pub(crate) fn decide(
    spec: &RestartSpec,
    past: &mut Past,
    ending: Ending,
    repeats: Repeats,
    message: &str,
    now: Now,
) -> Decision {
    let count = note_failure(spec, past, now);
    let down = |message: String, then, next: &str| Decision {
        rest: Rest::Crashed { message, then },
        next: next.to_string(),
        count,
    };
    match (spec.policy, ending) {
        (RestartPolicy::Never, _) | (RestartPolicy::OnFailure, Ending::Well) => {
            return down(message.to_string(), Then::Stay, "stays down");
        }
        (RestartPolicy::OnFailure, Ending::Badly) | (RestartPolicy::Always, _) => {}
    }
    match (repeats, spec.on_deterministic) {
        (Repeats::Surely, OnDeterministic::Wait) => {
            let next = "waits for a change of its files";
            return down(format!("{message}; {next}"), Then::Change, next);
        }
        (Repeats::Surely, OnDeterministic::Retry) | (Repeats::Perhaps, _) => {}
    }
    if count > spec.max_restarts {
        let gave_up = match spec.max_restarts {
            0 => "is not to be restarted (`max_restarts` is 0)".to_string(),
            most => format!("gave up after {} in {}", restarts(most), span(spec.window)),
        };
        let next = format!("stays down: {gave_up}");
        return down(format!("{gave_up}: {message}"), Then::Stay, &next);
    }
    let delay = back_off(spec, count);
    let next = match delay {
        Duration::ZERO => "restarts now".to_string(),
        delay => format!("restarts in {}", lasting(delay)),
    };
    let rest = Rest::Delay {
        until: now.mono.saturating_add(delay),
        message: message.to_string(),
    };
    Decision { rest, next, count }
}

/// Adds a failure to the past, lets go of those that have left the window, and counts the rest.
pub(crate) fn note_failure(spec: &RestartSpec, past: &mut Past, now: Now) -> u32 {
    past.failures
        .retain(|failure| failure.is_within(spec.window, now));
    past.failures.push(Failure::at(now));
    u32::try_from(past.failures.len()).unwrap_or(u32::MAX)
}

/// The wait before the restart that follows the `count`th failure in the window.
///
/// A first delay that is longer than `max_delay` is kept: who writes only `delay: 2m` means it.
pub(crate) fn back_off(spec: &RestartSpec, count: u32) -> Duration {
    let longest = spec.max_delay.max(spec.delay);
    let exponent = i32::try_from(count.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = spec.delay.as_secs_f64() * spec.backoff.powi(exponent);
    if seconds.is_nan() || seconds < 0.0 {
        return spec.delay;
    }
    match Duration::try_from_secs_f64(seconds) {
        Ok(delay) => delay.min(longest),
        Err(_) => longest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now {
            mono: Duration::from_secs(seconds),
            unix_ns: seconds * 1_000_000_000,
        }
    }

    fn spec() -> RestartSpec {
        RestartSpec {
            max_restarts: 3,
            ..RestartSpec::default()
        }
    }

    fn fail(spec: &RestartSpec, past: &mut Past, seconds: u64) -> String {
        let now = at(seconds);
        decide(
            spec,
            past,
            Ending::Badly,
            Repeats::Perhaps,
            "exit code 1",
            now,
        )
        .next
    }

    #[test]
    fn each_wait_is_longer_until_the_longest() {
        let spec = RestartSpec::default();
        let waits: Vec<u64> = (1..=6).map(|n| back_off(&spec, n).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn hostile_numbers_give_a_wait_all_the_same() {
        for (backoff, seconds) in [
            (f64::NAN, 5),
            (f64::INFINITY, 60),
            (-2.0, 5),
            (1e300, 60),
            (0.0, 0),
        ] {
            let spec = RestartSpec {
                backoff,
                ..RestartSpec::default()
            };
            assert_eq!(back_off(&spec, 4).as_secs(), seconds, "{backoff}");
        }
    }

    #[test]
    fn a_first_delay_beyond_the_longest_is_kept() {
        let spec = RestartSpec {
            delay: Duration::from_secs(120),
            ..RestartSpec::default()
        };
        assert_eq!(back_off(&spec, 1).as_secs(), 120);
        assert_eq!(back_off(&spec, 2).as_secs(), 120);
    }

    #[test]
    fn three_restarts_and_then_it_stays_down() {
        let (spec, mut past) = (spec(), Past::default());
        assert_eq!(fail(&spec, &mut past, 0), "restarts in 5 s");
        assert_eq!(fail(&spec, &mut past, 10), "restarts in 10 s");
        assert_eq!(fail(&spec, &mut past, 30), "restarts in 20 s");
        assert_eq!(
            fail(&spec, &mut past, 60),
            "stays down: gave up after 3 restarts in 10m"
        );
    }

    #[test]
    fn failures_that_leave_the_window_are_forgotten() {
        let (spec, mut past) = (spec(), Past::default());
        for round in 0..50 {
            assert_eq!(fail(&spec, &mut past, round * 601), "restarts in 5 s");
        }
        assert_eq!(past.failures.len(), 1);
    }

    #[test]
    fn failures_from_before_a_boot_keep_their_age() {
        let spec = spec();
        let mut past = Past::default();
        let now = Now {
            mono: Duration::from_secs(10),
            unix_ns: 10_000 * 1_000_000_000,
        };
        past.failures = vec![
            Failure::remembered(9_000 * 1_000_000_000, now),
            Failure::remembered(9_800 * 1_000_000_000, now),
        ];
        assert_eq!(note_failure(&spec, &mut past, now), 2);
    }

    #[test]
    fn without_restarts_the_first_failure_is_the_last() {
        let spec = RestartSpec {
            max_restarts: 0,
            ..RestartSpec::default()
        };
        assert_eq!(
            fail(&spec, &mut Past::default(), 0),
            "stays down: is not to be restarted (`max_restarts` is 0)"
        );
    }

    #[test]
    fn what_would_only_repeat_waits_for_a_change() {
        let mut past = Past::default();
        let now = at(0);
        let spec = RestartSpec::default();
        let decision = decide(&spec, &mut past, Ending::Badly, Repeats::Surely, "x", now);
        assert_eq!(decision.next, "waits for a change of its files");
        let retry = RestartSpec {
            on_deterministic: OnDeterministic::Retry,
            ..spec
        };
        let decision = decide(&retry, &mut past, Ending::Badly, Repeats::Surely, "x", now);
        assert_eq!(decision.next, "restarts in 10 s");
    }
}
