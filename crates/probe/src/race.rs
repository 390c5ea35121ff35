//! Several addresses, one answer: the first success wins.
//!
//! A name may stand for addresses of which only some are served: `localhost` is both ::1 and
//! 127.0.0.1, and many development servers listen on one of them only. Attempts begin one after the
//! other, the next one as soon as those before it have failed or have been silent for a while, so
//! that a server on the first address is normally asked once.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use crate::check::{Failure, Limit, Stage};

/// Silence after which the next address is tried too.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tries the addresses; the failure that came farthest is reported.
pub(crate) async fn first_success<F>(
    addresses: &[SocketAddr],
    limit: Limit,
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<String, Failure>
where
    F: Future<Output = Result<String, Failure>>,
{
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let patience = PATIENCE.min(limit.whole / count);
    let mut waiting = addresses.iter();
    let mut running: Vec<Pin<Box<F>>> = Vec::new();
    let mut failure = Failure::new(Stage::Start, "no address");
    loop {
        match waiting.next() {
            Some(address) => running.push(Box::pin(attempt(*address))),
            None if running.is_empty() => return Err(failure),
            None => {}
        }
        let more = waiting.len() > 0;
        tokio::select! {
            outcome = any(&mut running) => match outcome {
                Ok(detail) => return Ok(detail),
                Err(next) if next.stage >= failure.stage => failure = next,
                Err(_) => {}
            },
            () = tokio::time::sleep(patience), if more => {}
        }
    }
}

/// The outcome of whichever is first; it is taken off the list, which must not be empty.
async fn any<F: Future>(running: &mut Vec<Pin<Box<F>>>) -> F::Output {
    poll_fn(|context| {
        for place in 0..running.len() {
            if let Poll::Ready(outcome) = running[place].as_mut().poll(context) {
                drop(running.swap_remove(place));
                return Poll::Ready(outcome);
            }
        }
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::{Instant, timeout};

    fn addresses(count: u16) -> Vec<SocketAddr> {
        (1..=count)
            .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
            .collect()
    }

    fn limit() -> Limit {
        let whole = Duration::from_secs(4);
        Limit {
            at: Instant::now() + whole,
            whole,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_address_does_not_hide_a_good_one() {
        let two = addresses(2);
        let outcome = first_success(&two, limit(), |address| async move {
            if address.port() == 1 {
                pending::<()>().await;
            }
            Ok(address.to_string())
        });
        assert_eq!(outcome.await.as_deref(), Ok("127.0.0.1:2"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_failure_that_came_farthest_is_told() {
        let three = addresses(3);
        let outcome = first_success(&three, limit(), |address| async move {
            let stage = match address.port() {
                2 => Stage::Answer,
                _ => Stage::Connect,
            };
            Err(Failure::new(stage, address.to_string()))
        });
        assert_eq!(outcome.await.unwrap_err().detail, "127.0.0.1:2");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_to_try_is_a_failure() {
        let outcome = first_success(&[], limit(), |_| async { Ok(String::new()) });
        assert_eq!(outcome.await.unwrap_err().detail, "no address");
    }

    #[tokio::test(start_paused = true)]
    async fn a_quick_server_is_asked_once() {
        let asked = std::sync::atomic::AtomicU32::new(0);
        let two = addresses(2);
        let outcome = first_success(&two, limit(), |_| {
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async {
                // Slow, but not silent.
                let _ = timeout(Duration::from_millis(300), pending::<()>()).await;
                Ok(String::new())
            }
        });
        assert!(outcome.await.is_ok());
        assert_eq!(asked.into_inner(), 1);
    }
}
