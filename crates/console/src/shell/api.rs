//! The two streams that are always followed, status and events, through every end of the supervisor.

use std::rc::Rc;
use std::time::Duration;

use forge_api::{ClientError, Event, Process, Status, path};

use super::Shared;
use crate::message::Message;

/// How long to wait before the next try.
const AGAIN: Duration = Duration::from_millis(200);
/// Events of the past that are shown.
const PAST: usize = 500;
/// An end of the supervisor that is shorter than this is not worth a word.
const PATIENCE: u32 = 3;

/// Follows status and events in the background.
pub(super) fn follow(shared: &Rc<Shared>) {
    let own = shared.clone();
    tokio::task::spawn_local(async move {
        // The one that opens the console starts what is not there.
        let mut opened = false;
        let mut failures = 0;
        loop {
            let why = match status(&own, &mut failures, &mut opened).await {
                Ok(()) => "the supervisor has ended".to_string(),
                Err(why) => why,
            };
            failures += 1;
            if failures >= PATIENCE && own.tell.send(Message::Lost(why)).await.is_err() {
                return;
            }
            tokio::time::sleep(AGAIN).await;
        }
    });
    let own = shared.clone();
    tokio::task::spawn_local(async move {
        while !own.tell.is_closed() {
            // The status tells why it fails.
            let _ = events(&own).await;
            tokio::time::sleep(AGAIN).await;
        }
    });
}

async fn status(shared: &Shared, failures: &mut u32, opened: &mut bool) -> Result<(), String> {
    let mut client = shared.host.connect(!*opened).await?;
    *opened = true;
    let mut stream = client
        .get_stream(path::STATUS_STREAM, "")
        .await
        .map_err(|error| said(&error))?;
    let mut first = true;
    let mut stopped: Option<Vec<Process>> = None;
    while let Some(event) = stream.next().await.map_err(|error| said(&error))? {
        let mut status: Status = event.read().map_err(|error| said(&error))?;
        if status.processes.is_empty() {
            // Nothing was started yet: the file says what could be.
            status.processes = stopped
                .get_or_insert_with(|| processes_of_file(shared))
                .clone();
        }
        *failures = 0;
        if std::mem::take(&mut first) && shared.tell.send(Message::Connected).await.is_err() {
            return Ok(());
        }
        if shared
            .tell
            .send(Message::Status(Box::new(status)))
            .await
            .is_err()
        {
            return Ok(());
        }
    }
    Ok(())
}

fn processes_of_file(shared: &Shared) -> Vec<Process> {
    shared
        .host
        .stopped()
        .map(|status| status.processes)
        .unwrap_or_default()
}

async fn events(shared: &Shared) -> Result<(), String> {
    let mut client = shared.host.connect(false).await?;
    let query = format!("limit={PAST}");
    let past: Vec<Event> = client
        .get(path::EVENTS, &query)
        .await
        .map_err(|error| said(&error))?;
    let since = past.last().map(|event| event.time.clone());
    if shared.tell.send(Message::Events(past)).await.is_err() {
        return Ok(());
    }
    // What happens between the two questions is asked for, too; the model knows what it has.
    let query = since.map(|since| forge_api::query_string(&[("since", Some(&since))]));
    let query = query.unwrap_or_default();
    let mut stream = client
        .get_stream(path::EVENTS_STREAM, &query)
        .await
        .map_err(|error| said(&error))?;
    while let Some(event) = stream.next().await.map_err(|error| said(&error))? {
        let event = event.read().map_err(|error| said(&error))?;
        if shared
            .tell
            .send(Message::Events(vec![event]))
            .await
            .is_err()
        {
            return Ok(());
        }
    }
    Ok(())
}

/// An error in one line.
pub(super) fn said(error: &ClientError) -> String {
    match error {
        ClientError::Problem(problem) => problem
            .detail
            .lines()
            .next()
            .unwrap_or_default()
            .to_string(),
        ClientError::Connection(_) => error.to_string(),
    }
}
