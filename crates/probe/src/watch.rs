//! One check, again and again, as long as the process lives.

use std::time::Duration;

use forge_core::spec::HealthCheck;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::check::{Check, Listens, Verdict, check};

/// How often, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// From the beginning of one check to that of the next, once one was well.
    pub interval: Duration,
    /// How long one check may take.
    pub timeout: Duration,
    /// In place of `interval` until the first check that is well.
    pub fast: Duration,
}

impl Rules {
    /// The rules of a health check: every 200 ms (or its interval, where that is shorter) at first.
    pub fn of(check: &HealthCheck) -> Self {
        Rules {
            interval: check.interval,
            timeout: check.timeout,
            fast: Duration::from_millis(200).min(check.interval),
        }
    }
}

/// A check that took this much longer than it may was stopped together with its clock (a suspended
/// machine, SIGSTOP): that says nothing about the process.
const SUSPENDED: Duration = Duration::from_secs(2);

/// Checks without end, never two at once, and sends what `wrap` makes of each verdict.
///
/// Between the end of a check and the next there is at least a quarter of the interval, so that a slow
/// check is not run all the time. [`Check::OwnPort`] is asked every 20 ms at first, later less often; it sends
/// its first failure and its first success, and ends with that.
///
/// Ends when nobody receives any more. Dropping the future ends it at once and leaves nothing behind.
pub async fn watch<T>(
    question: Check,
    rules: Rules,
    verdicts: mpsc::Sender<T>,
    wrap: impl Fn(Verdict) -> T,
) {
    let work = async {
        match &question {
            Check::OwnPort { listens, .. } => {
                watch_port(&question, listens, rules, &verdicts, &wrap).await;
            }
            _ => watch_asking(&question, rules, &verdicts, &wrap).await,
        }
    };
    tokio::select! {
        () = work => {}
        () = verdicts.closed() => {}
    }
}

async fn watch_asking<T>(
    question: &Check,
    rules: Rules,
    verdicts: &mpsc::Sender<T>,
    wrap: &impl Fn(Verdict) -> T,
) {
    let mut been_well = false;
    let mut doubted = false;
    loop {
        let began = Instant::now();
        let verdict = check(question, rules.timeout).await;
        if !verdict.healthy && !doubted && verdict.took > rules.timeout + SUSPENDED {
            doubted = true;
            continue;
        }
        doubted = false;
        been_well |= verdict.healthy;
        if verdicts.send(wrap(verdict)).await.is_err() {
            return;
        }
        let period = if been_well {
            rules.interval
        } else {
            rules.fast
        };
        sleep_until((began + period).max(Instant::now() + period / 4)).await;
    }
}

async fn watch_port<T>(
    question: &Check,
    listens: &Listens,
    rules: Rules,
    verdicts: &mpsc::Sender<T>,
    wrap: &impl Fn(Verdict) -> T,
) {
    let began = Instant::now();
    let mut told = false;
    loop {
        let well = listens();
        if well || !told {
            told = true;
            // Asked again for its words: where the answer has changed meanwhile, so much the better.
            let mut verdict = check(question, rules.timeout).await;
            verdict.took = began.elapsed();
            let done = verdict.healthy;
            if verdicts.send(wrap(verdict)).await.is_err() || done {
                return;
            }
        }
        sleep_until(Instant::now() + port_period(began.elapsed())).await;
    }
}

/// How long until a port is asked for again. A start is noticed within 50 ms as long as anybody may
/// be waiting for it; a process that has not listened for minutes is not about to.
fn port_period(waited: Duration) -> Duration {
    Duration::from_millis(match waited.as_secs() {
        0..10 => 20,
        10..120 => 40,
        _ => 250,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const RULES: Rules = Rules {
        interval: Duration::from_secs(2),
        timeout: Duration::from_secs(5),
        fast: Duration::from_millis(200),
    };

    /// A check that fails so many times and then succeeds.
    fn port_after(failures: u32) -> (Check, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let check = Check::OwnPort {
            port: Some(3000),
            listens: Arc::new(move || count.fetch_add(1, Ordering::Relaxed) >= failures),
        };
        (check, asked)
    }

    #[tokio::test(start_paused = true)]
    async fn a_port_is_seen_within_50_ms_and_then_left_alone() {
        let (check, asked) = port_after(100);
        let (tx, mut rx) = mpsc::channel(8);
        let began = Instant::now();
        let task = tokio::spawn(watch(check, RULES, tx, |verdict| verdict));
        let first = rx.recv().await.unwrap();
        assert!(!first.healthy);
        assert_eq!(
            first.detail,
            "nothing of its process tree listens on port 3000"
        );
        let second = rx.recv().await.unwrap();
        assert!(second.healthy);
        assert_eq!(second.detail, "listens on port 3000");
        assert!(began.elapsed() <= Duration::from_millis(100 * 21));
        assert!(rx.recv().await.is_none());
        task.await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 102);
    }

    #[tokio::test(start_paused = true)]
    async fn a_port_that_stays_away_is_asked_for_less_often() {
        let (check, asked) = port_after(u32::MAX);
        let (tx, mut rx) = mpsc::channel(8);
        tokio::spawn(watch(check, RULES, tx, |verdict| verdict));
        assert!(rx.recv().await.is_some());
        let long = tokio::time::timeout(Duration::from_secs(600), rx.recv());
        assert!(long.await.is_err(), "one failure is enough");
        let asked = asked.load(Ordering::Relaxed);
        assert!((4000..6000).contains(&asked), "{asked}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_listening_ends_the_watch() {
        let (check, _) = port_after(u32::MAX);
        let (tx, rx) = mpsc::channel(8);
        let task = tokio::spawn(watch(check, RULES, tx, |verdict| verdict));
        drop(rx);
        task.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn checks_are_fast_until_the_first_success() {
        // A URL that cannot be read fails without any I/O, so that virtual time is exact.
        let check = Check::Http {
            url: "nonsense".to_string(),
            status: vec![],
            headers: vec![],
            body: None,
        };
        let (tx, mut rx) = mpsc::channel(8);
        tokio::spawn(watch(check, RULES, tx, |verdict| verdict));
        let began = Instant::now();
        for _ in 0..11 {
            assert!(!rx.recv().await.unwrap().healthy);
        }
        assert_eq!(began.elapsed().as_millis() / 100, 20);
    }
}
