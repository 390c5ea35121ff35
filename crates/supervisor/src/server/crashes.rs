//! Crashes and changes: the loop says what is meant, files and Git are read beside it.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use forge_api::{self as api, Problem};
use serde::Serialize;

use super::answers::{Asked, ask, json, lost, problem, read};
use super::handlers::Names;
use crate::crash;
use crate::input::{Ask, Inbox};
use crate::verbs::CrashPlace;

/// How long a report may still be worked on; then it is told as far as it is known.
const FINISH: Duration = Duration::from_secs(1);

pub(super) async fn crashes(
    State(inbox): State<Inbox>,
    Asked(query): Asked<api::CrashesQuery>,
) -> Response {
    written(&inbox, query.name.clone(), None).await;
    let place = ask(&inbox, |reply| Ask::CrashPlace(query.name, reply)).await;
    beside(place, move |place| {
        let crashes = place.store().list(|name| place.names.is(name), query.limit);
        match (&place.names, crashes.is_empty()) {
            (crate::verbs::Meant::Former(_, unknown), true) => Err(unknown.clone()),
            (_, _) => Ok(api::CrashesAnswer { crashes }),
        }
    })
    .await
}

pub(super) async fn crash(
    State(inbox): State<Inbox>,
    Asked(query): Asked<api::CrashQuery>,
) -> Response {
    written(&inbox, query.name.clone(), query.id).await;
    let place = ask(&inbox, |reply| Ask::CrashPlace(query.name, reply)).await;
    beside(place, move |place| find(&place, query.id)).await
}

pub(super) async fn revert(State(inbox): State<Inbox>, body: Bytes) -> Response {
    let request: api::RevertRequest = match read(&body) {
        Ok(request) => request,
        Err(error) => return problem(error),
    };
    let place = ask(&inbox, |reply| Ask::CrashPlace(request.name, reply)).await;
    beside(place, move |place| {
        let report = find(&place, request.id)?;
        crash::revert(&place.layout, &report)
    })
    .await
}

pub(super) async fn changes(State(inbox): State<Inbox>, Asked(names): Asked<Names>) -> Response {
    let name = names.name.unwrap_or_default();
    let compared = ask(&inbox, |reply| Ask::Changes(name, reply)).await;
    beside(compared, |compared| Ok(compared.answer())).await
}

/// Waits for the report that is meant, and with the latest for all before it.
async fn written(inbox: &Inbox, name: Option<String>, id: Option<u64>) {
    let finished = ask(inbox, |reply| Ask::CrashFinished(name, id, reply));
    // What takes longer is told as it is.
    let _ = tokio::time::timeout(FINISH, finished).await;
}

fn find(place: &CrashPlace, id: Option<u64>) -> Result<api::CrashReport, Problem> {
    let found = match id {
        Some(id) => place.store().read(id).filter(|report| {
            report
                .process
                .as_deref()
                .is_some_and(|name| place.names.is(name))
        }),
        None => place.store().latest(|name| place.names.is(name)),
    };
    found.ok_or_else(|| place.nothing(id))
}

/// Does what takes time on a thread where that is no harm.
async fn beside<Q, A>(
    question: Result<Q, Problem>,
    work: impl FnOnce(Q) -> Result<A, Problem> + Send + 'static,
) -> Response
where
    Q: Send + 'static,
    A: Serialize + Send + 'static,
{
    let question = match question {
        Ok(question) => question,
        Err(error) => return problem(error),
    };
    let done = tokio::task::spawn_blocking(move || json(work(question))).await;
    done.unwrap_or_else(|_| problem(lost()))
}
