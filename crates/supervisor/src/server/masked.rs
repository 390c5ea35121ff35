//! Answers without secrets, for those who pass them on (to an agent, into a ticket): the values of all
//! variables whose names look secret are hidden in every text of an answer, in output too.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use forge_api::{MASKED_HEADER, Problem};
use http_body_util::BodyExt;
use serde_json::Value;

use super::answers::{EventBody, Events, ask, problem};
use crate::input::{Ask, Inbox};
use crate::secrets::Secrets;

const DATA: &[u8] = b"data: ";

/// Carries out the request, and hides secrets where that is asked for.
pub(super) async fn answer(State(inbox): State<Inbox>, request: Request, next: Next) -> Response {
    let wanted = request.headers().get(MASKED_HEADER);
    let wanted = wanted.is_some_and(|value| value == "true");
    let response = next.run(request).await;
    if !wanted {
        return response;
    }
    if kind(response.headers()).starts_with("text/event-stream") {
        return stream(inbox, response);
    }
    let json = kind(response.headers()).contains("json");
    let (mut head, body) = response.into_parts();
    // A body that breaks off has to break off for the client too, who then asks again.
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return problem(super::answers::lost());
    };
    let secrets = match ask(&inbox, Ask::Secrets).await {
        Ok(secrets) => secrets,
        Err(error) => return problem(error),
    };
    let Some(bytes) = hidden(&secrets, &bytes, json) else {
        return problem(Problem::failed("the answer is no text"));
    };
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(bytes))
}

fn kind(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

/// Passes events on, each without secrets.
fn stream(inbox: Inbox, response: Response) -> Response {
    let body = response.into_body();
    let (events, masked) = EventBody::new();
    tokio::spawn(pass_on(inbox, body, events));
    masked.into_response()
}

async fn pass_on(inbox: Inbox, mut body: Body, events: Events) {
    let mut rest: Vec<u8> = Vec::new();
    loop {
        let piece = tokio::select! {
            piece = body.frame() => piece,
            () = events.0.closed() => return,
        };
        let Some(Ok(piece)) = piece else {
            return;
        };
        let Ok(piece) = piece.into_data() else {
            continue;
        };
        rest.extend_from_slice(&piece);
        // Whole lines only; an event's data is one line.
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else {
            continue;
        };
        let later = rest.split_off(end + 1);
        let lines = std::mem::replace(&mut rest, later);
        // Asked for each time: a start may bring new ones.
        let Ok(secrets) = ask(&inbox, Ask::Secrets).await else {
            return;
        };
        let mut out = Vec::with_capacity(lines.len());
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_prefix(DATA) {
                Some(data) => {
                    let Some(data) = hidden(&secrets, data, true) else {
                        return;
                    };
                    out.extend_from_slice(DATA);
                    out.extend(data);
                    out.push(b'\n');
                }
                None => out.extend_from_slice(line),
            }
        }
        if events.0.send(Bytes::from(out)).await.is_err() {
            return;
        }
    }
}

/// `None` where it cannot be read, and so might hold anything.
fn hidden(secrets: &Secrets, bytes: &[u8], json: bool) -> Option<Vec<u8>> {
    if !json {
        let mut text = std::str::from_utf8(bytes).ok()?.to_string();
        secrets.hide(&mut text);
        return Some(text.into_bytes());
    }
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    hide_in(secrets, &mut value);
    serde_json::to_vec(&value).ok()
}

fn hide_in(secrets: &Secrets, value: &mut Value) {
    match value {
        Value::String(text) => secrets.hide(text),
        Value::Array(all) => all.iter_mut().for_each(|one| hide_in(secrets, one)),
        Value::Object(fields) => fields.values_mut().for_each(|one| hide_in(secrets, one)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_hidden_in_every_text_but_not_in_names_of_fields() {
        let environment = [("API_TOKEN".to_string(), "a\"b-secret".to_string())];
        let secrets = Secrets::of(&environment.into_iter().collect());
        let bytes = br#"{"lines":[{"message":"got a\"b-secret"}],"n":1}"#;
        let shown = hidden(&secrets, bytes, true).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(shown, r#"{"lines":[{"message":"got ••••••"}],"n":1}"#);
        assert!(hidden(&secrets, b"{", true).is_none());
    }
}
