//! Counting the answers of health checks: when a run becomes ready, unwell, and well again.

use crate::event::Now;
use crate::process::{Live, Pace, Phase, Wellness};
use crate::spec::HealthCheck;
use crate::words::span;

/// What an answer, or its absence, has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    Nothing,
    /// Healthy for the first time.
    Ready,
    /// Healthy again.
    Recovered,
    /// Too many failures in a row; in words.
    Unwell(String),
}

/// Takes in an answer. Failures under SIGSTOP do not count.
pub(crate) fn probed(
    check: &HealthCheck,
    live: &mut Live,
    healthy: bool,
    detail: &str,
    now: Now,
) -> Turn {
    match live.pace {
        Pace::Frozen(_) if !healthy => return Turn::Nothing,
        Pace::Frozen(_) | Pace::Going => {}
    }
    live.verdict = Some((detail.to_string(), now.unix_ns));
    if healthy {
        return well(live);
    }
    let Phase::Ready(wellness) = &mut live.phase else {
        return Turn::Nothing;
    };
    let times = match wellness {
        Wellness::Unwell => return Turn::Nothing,
        Wellness::Unchecked | Wellness::Well => 1,
        Wellness::Failing(times) => times.saturating_add(1),
    };
    if times < check.retries {
        *wellness = Wellness::Failing(times);
        return Turn::Nothing;
    }
    *wellness = Wellness::Unwell;
    Turn::Unwell(format!("unhealthy: {detail}"))
}

fn well(live: &mut Live) -> Turn {
    let turn = match &live.phase {
        Phase::Starting { .. } | Phase::Overdue { .. } => Turn::Ready,
        Phase::Ready(Wellness::Unwell) => Turn::Recovered,
        Phase::Ready(Wellness::Unchecked | Wellness::Well | Wellness::Failing(_)) => Turn::Nothing,
    };
    live.phase = Phase::Ready(Wellness::Well);
    turn
}

/// Notices that a run should have been healthy by now.
pub(crate) fn overdue(check: &HealthCheck, live: &mut Live, now: Now) -> Turn {
    let Phase::Starting { until } = &live.phase else {
        return Turn::Nothing;
    };
    match live.pace {
        Pace::Frozen(_) => return Turn::Nothing,
        Pace::Going if now.mono < *until => return Turn::Nothing,
        Pace::Going => {}
    }
    let within = span(check.start_period);
    let message = match &live.verdict {
        Some((detail, _)) => format!("not healthy within {within}: {detail}"),
        None => format!("not healthy within {within}"),
    };
    live.phase = Phase::Overdue {
        message: message.clone(),
    };
    Turn::Unwell(message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use forge_facts::RunId;

    use super::*;
    use crate::process::Since;
    use crate::spec::{Pattern, Probe};

    fn now(seconds: u64) -> Now {
        Now {
            mono: Duration::from_secs(seconds),
            unix_ns: seconds,
        }
    }

    fn starting() -> (HealthCheck, Live) {
        let live = Live {
            run: RunId(1),
            pid: 1,
            since: Since {
                mono: None,
                unix_ns: 0,
            },
            phase: Phase::Starting {
                until: Duration::from_secs(60),
            },
            pace: Pace::Going,
            patience: Duration::ZERO,
            verdict: None,
        };
        (HealthCheck::new(Probe::Log(Pattern("x".into()))), live)
    }

    #[test]
    fn the_first_good_answer_makes_it_ready() {
        let (check, mut live) = starting();
        assert_eq!(
            probed(&check, &mut live, false, "no", now(1)),
            Turn::Nothing
        );
        assert_eq!(probed(&check, &mut live, true, "yes", now(2)), Turn::Ready);
        assert_eq!(
            probed(&check, &mut live, true, "yes", now(3)),
            Turn::Nothing
        );
    }

    #[test]
    fn it_takes_as_many_failures_in_a_row_as_asked() {
        let (check, mut live) = starting();
        let mut turns = Vec::new();
        for (second, answer) in "y n n y n n n n y".split(' ').enumerate() {
            let healthy = answer == "y";
            turns.push(probed(
                &check,
                &mut live,
                healthy,
                answer,
                now(second as u64),
            ));
        }
        let unwell = Turn::Unwell("unhealthy: n".into());
        assert_eq!(turns[0], Turn::Ready);
        assert!(turns[1..6].iter().all(|turn| *turn == Turn::Nothing));
        assert_eq!(turns[6..], [unwell, Turn::Nothing, Turn::Recovered]);
    }

    #[test]
    fn failures_under_a_pause_do_not_count() {
        let (check, mut live) = starting();
        probed(&check, &mut live, true, "yes", now(1));
        live.pace = Pace::Frozen(Duration::from_secs(1));
        for second in 2..20 {
            probed(&check, &mut live, false, "no", now(second));
        }
        assert_eq!(live.phase, Phase::Ready(Wellness::Well));
        assert_eq!(live.verdict, Some(("yes".into(), 1)));
    }

    #[test]
    fn past_its_start_period_it_is_overdue_and_may_still_become_ready() {
        let (check, mut live) = starting();
        probed(&check, &mut live, false, "connection refused", now(1));
        assert_eq!(overdue(&check, &mut live, now(59)), Turn::Nothing);
        let message = "not healthy within 60s: connection refused".to_string();
        assert_eq!(overdue(&check, &mut live, now(60)), Turn::Unwell(message));
        assert_eq!(overdue(&check, &mut live, now(61)), Turn::Nothing);
        assert_eq!(probed(&check, &mut live, true, "yes", now(62)), Turn::Ready);
    }

    #[test]
    fn no_retries_means_the_first_failure_counts() {
        let (mut check, mut live) = starting();
        check.retries = 0;
        probed(&check, &mut live, true, "yes", now(1));
        let unwell = Turn::Unwell("unhealthy: no".into());
        assert_eq!(probed(&check, &mut live, false, "no", now(2)), unwell);
    }
}
