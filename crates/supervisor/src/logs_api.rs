//! `GET /logs` and `/logs/stream`: what processes have written, read from disk beside the loop.

mod cursor;
mod form;
mod page;
mod question;
mod stream;
#[cfg(test)]
mod tests;

use axum::body::Bytes;
use forge_api::{LogsAnswer, LogsQuery, Problem};
use tokio::sync::{mpsc, oneshot};

use crate::input::Inbox;
use crate::supervisor::Supervisor;
pub(crate) use question::LogPlace;
use question::Question;

/// Pieces that wait for a slow reader.
const WAITING: usize = 8;

impl Supervisor {
    /// What the loop knows of the logs of these targets.
    pub(crate) fn log_place(&self, targets: &[String]) -> LogPlace {
        let names = self.core.names().into_iter();
        let rules = names.filter_map(|name| {
            let log = &self.core.latest_spec(name)?.log;
            let any = !log.level.is_empty() || log.multiline.is_some();
            any.then(|| (name.to_string(), log.clone()))
        });
        LogPlace {
            root: self.layout.processes(),
            names: self.resolve(targets).or_else(|problem| {
                // Of what was never started there is nothing to read.
                let specs = self.in_file(targets).ok_or(problem)?;
                Ok(specs.into_iter().map(|spec| spec.name).collect())
            }),
            rules: rules.collect(),
        }
    }
}

/// The names that a query asks for.
pub(crate) fn targets(query: &LogsQuery) -> Vec<String> {
    question::targets(query)
}

/// Some lines at once. Blocks.
///
/// # Errors
///
/// A question that means nothing, logs that cannot be read.
pub(crate) fn page(place: LogPlace, query: &LogsQuery) -> Result<LogsAnswer, Problem> {
    Question::new(place, query)?.page()
}

/// Lines as they come, as server-sent events.
///
/// # Errors
///
/// A question that means nothing, logs that cannot be followed.
pub(crate) async fn follow(
    place: LogPlace,
    query: LogsQuery,
    inbox: Inbox,
) -> Result<mpsc::Receiver<Bytes>, Problem> {
    let (send, receive) = mpsc::channel(WAITING);
    let (ready, begun) = oneshot::channel();
    let question = tokio::task::spawn_blocking(move || Question::new(place, &query));
    let question = question
        .await
        .unwrap_or_else(|error| Err(Problem::failed(error.to_string())))?;
    stream::start(question, inbox, send, ready);
    begun
        .await
        .unwrap_or_else(|_| Err(Problem::failed("the logs cannot be followed: no thread")))?;
    Ok(receive)
}
