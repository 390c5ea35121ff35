//! Containers that went on without the client that started them.
//!
//! A client passes signals on to its container. One that is killed cannot, and one whose container does not listen to
//! signals ends without it. Only what this very client has surely started is ended: it came after the client, and
//! bears the name, the published port or the project that the client was told.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::engine::{Container, Engine, Life};
use super::meter::ClientProcess;
use super::{Client, matching};
use crate::error::Error;

const BETWEEN: Duration = Duration::from_millis(20);

/// What was found of clients that have ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Names of containers that were ended.
    pub killed: Vec<String>,
    /// Names of containers that may be theirs, or do not end, and go on.
    pub running: Vec<String>,
}

/// Ends what these clients, which have ended, have left running, and waits until it has ended.
///
/// # Errors
/// When the engine cannot be reached, refuses, or takes longer than `limit` for an answer.
pub async fn end_left(
    engine: &Engine,
    clients: &[ClientProcess],
    limit: Duration,
) -> Result<Left, Error> {
    let mut left = Left::default();
    let owning = clients.iter().filter(|one| !one.client.is_detached());
    let owning: Vec<&ClientProcess> = owning.collect();
    if owning.is_empty() {
        return Ok(left);
    }
    let all = engine.containers(limit).await?;
    for client in owning {
        for container in matching(&client.client, &client.cwd, client.started_at, &all) {
            let life = engine.life(&container.id, limit).await?;
            let Some(life) = life.filter(|life| life.runs) else {
                continue;
            };
            match is_of(client, &life) {
                Some(false) => {}
                Some(true) if end(engine, container, limit).await? => {
                    left.killed.push(container.name.clone());
                }
                Some(true) | None => left.running.push(container.name.clone()),
            }
        }
    }
    Ok(left)
}

/// Whether a client has started a container that matches what it was told; `None` where it may have.
fn is_of(client: &ClientProcess, life: &Life) -> Option<bool> {
    let after = |time: Option<Duration>| time.is_some_and(|time| time >= client.started_at);
    match &client.client {
        Client::Run { name, ports, .. } if after(life.created_at) => {
            (name.is_some() || !ports.is_empty()).then_some(true)
        }
        Client::Run { .. } => Some(false),
        // It starts those anew that were made for an earlier one.
        Client::Compose { .. } => Some(after(life.started_at)),
    }
}

/// Returns whether it has ended.
async fn end(engine: &Engine, container: &Container, limit: Duration) -> Result<bool, Error> {
    engine.kill(&container.id, limit).await?;
    let until = Instant::now() + limit;
    loop {
        let life = engine.life(&container.id, limit).await?;
        if life.is_none_or(|life| !life.runs) {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        sleep(BETWEEN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_after_a_client_and_bears_what_it_was_told_is_its_own() {
        let words = |line: &str| line.split(' ').map(str::to_string).collect::<Vec<_>>();
        let told = |line: &str, created: u64, started: u64| {
            let client = ClientProcess {
                client: Client::parse(&words(line)).expect("is a client"),
                cwd: "/".into(),
                started_at: Duration::from_millis(1000),
            };
            let life = Life {
                runs: true,
                created_at: Some(Duration::from_millis(created)),
                started_at: Some(Duration::from_millis(started)),
            };
            is_of(&client, &life)
        };
        assert_eq!(told("docker run --name db pg", 1001, 1002), Some(true));
        assert_eq!(told("docker run --name db pg", 999, 1002), Some(false));
        assert_eq!(told("docker run -p 1:1 pg", 1001, 1002), Some(true));
        // Anybody may have made another one of the same image.
        assert_eq!(told("docker run pg", 1001, 1002), None);
        assert_eq!(told("docker compose up", 1, 1002), Some(true));
        assert_eq!(told("docker compose up", 1, 2), Some(false));
    }
}
