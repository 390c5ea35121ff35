//! The logs: the newest lines, those that come, and pages of those that lie on disk.

use std::rc::Rc;
use std::time::Duration;

use forge_api::{ClientError, LogLine, LogsAnswer, LogsQuery, path};
use jiff::{SignedDuration, Timestamp};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Shared;
use super::api::said;
use crate::message::{Feed, Message, Pane};

/// Lines that are asked for at first.
const FIRST: usize = 1000;
/// Lines come to the model in bundles: at most so many, at most so often.
const BUNDLE: usize = 1000;
const EVERY: Duration = Duration::from_millis(33);
/// Who is further behind goes on with the newest lines.
const BEHIND: SignedDuration = SignedDuration::from_secs(3);
/// Before a broken connection is told.
const AGAIN: Duration = Duration::from_millis(200);

/// Follows the lines of a question in the background, from a place on or with the newest.
pub(super) fn follow(
    shared: &Rc<Shared>,
    pane: Pane,
    generation: u64,
    query: LogsQuery,
    after: Option<String>,
) -> AbortHandle {
    let shared = shared.clone();
    let task = tokio::task::spawn_local(async move {
        let end = stay(&shared, pane, generation, query, after).await;
        let feed = match end {
            Ok(()) | Err(ClientError::Connection(_)) => {
                tokio::time::sleep(AGAIN).await;
                Feed::Broken
            }
            Err(error @ ClientError::Problem(_)) => Feed::Failed(said(&error)),
        };
        let _ = shared
            .tell
            .send(Message::Feed(pane, generation, feed))
            .await;
    });
    task.abort_handle()
}

/// Asks for a page of lines.
pub(super) fn page(
    shared: &Rc<Shared>,
    pane: Pane,
    generation: u64,
    query: LogsQuery,
    older: bool,
) {
    let shared = shared.clone();
    tokio::task::spawn_local(async move {
        let answer = ask(&shared, &query).await;
        let feed = match (answer, older) {
            (Ok(answer), true) => Feed::Older(answer),
            (Ok(answer), false) => Feed::Newer(answer),
            (Err(ClientError::Connection(_)), _) => Feed::Broken,
            (Err(error @ ClientError::Problem(_)), _) => Feed::Failed(said(&error)),
        };
        let _ = shared
            .tell
            .send(Message::Feed(pane, generation, feed))
            .await;
    });
}

async fn ask(shared: &Shared, query: &LogsQuery) -> Result<LogsAnswer, ClientError> {
    let mut client = shared
        .host
        .connect(false)
        .await
        .map_err(ClientError::Connection)?;
    client.get(path::LOGS, &query.to_query()).await
}

async fn stay(
    shared: &Shared,
    pane: Pane,
    generation: u64,
    query: LogsQuery,
    mut after: Option<String>,
) -> Result<(), ClientError> {
    loop {
        let from = match after.take() {
            Some(place) => place,
            None => {
                let first = LogsQuery {
                    tail: Some(FIRST),
                    ..query.clone()
                };
                let answer = ask(shared, &first).await?;
                let place = answer.cursor.clone();
                tell(shared, pane, generation, Feed::Latest(answer)).await?;
                place
            }
        };
        let ended = query.until.is_some();
        if ended {
            std::future::pending::<()>().await;
        }
        let rest = LogsQuery {
            after: Some(from),
            tail: None,
            since: None,
            partial: true,
            ..query.clone()
        };
        if !stream(shared, pane, generation, &rest).await? {
            return Ok(());
        }
    }
}

/// Passes lines on as they come. True when it has fallen behind too far.
async fn stream(
    shared: &Shared,
    pane: Pane,
    generation: u64,
    query: &LogsQuery,
) -> Result<bool, ClientError> {
    let mut client = shared
        .host
        .connect(false)
        .await
        .map_err(ClientError::Connection)?;
    let mut stream = client
        .get_stream(path::LOGS_STREAM, &query.to_query())
        .await?;
    let mut bundle: Vec<LogLine> = Vec::new();
    let mut due = Instant::now();
    loop {
        let full = bundle.len() >= BUNDLE;
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(due), if !bundle.is_empty() => {
                let late = is_late(bundle.last());
                tell(shared, pane, generation, Feed::Lines(std::mem::take(&mut bundle))).await?;
                if full && late {
                    return Ok(true);
                }
                due = Instant::now() + EVERY;
            }
            event = stream.next(), if !full => match event? {
                Some(event) if event.name == "line" => bundle.push(event.read()?),
                Some(_) => {}
                None => return Ok(false),
            }
        }
    }
}

fn is_late(line: Option<&LogLine>) -> bool {
    let time = line.and_then(|line| line.time.parse::<Timestamp>().ok());
    time.is_some_and(|time| Timestamp::now().duration_since(time) > BEHIND)
}

async fn tell(shared: &Shared, pane: Pane, generation: u64, feed: Feed) -> Result<(), ClientError> {
    let sent = shared
        .tell
        .send(Message::Feed(pane, generation, feed))
        .await;
    sent.map_err(|_| ClientError::Connection("the console has been left".to_string()))
}
