//! The API: notes in the store, over HTTP. Logs in logfmt.
//!
//! `/crash` has a real mistake in it, so that there is a crash to look at.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::client::Client;
use crate::http::{Request, Response};
use crate::json::quote;
use crate::{Failure, http, listen, log};

/// How many notes a list shows, newest last.
const SHOWN: i64 = 50;

/// Serves until the process is ended.
///
/// # Errors
///
/// A variable is missing, or the port cannot be listened on.
pub(crate) fn serve() -> Result<(), Failure> {
    let store = Mutex::new(Client::new(listen::address_of("STORE")?));
    let listener = listen::on_port()?;
    log::line(&format!(
        "level=info msg=\"api listening\" addr={}",
        listener.local_addr()?
    ));
    http::serve(&listener, move |request| {
        let begin = Instant::now();
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        let response = route(request, &mut store).unwrap_or_else(|failure| {
            log::error(&format!("level=error msg={}", quote(&failure.to_string())));
            Response::json(
                503,
                format!("{{\"error\":{}}}", quote(&failure.to_string())),
            )
        });
        log::line(&format!(
            "level={} method={} path={} status={} duration={:.1?}",
            level(request, response.status),
            quote(&request.method),
            quote(&request.path),
            response.status,
            begin.elapsed(),
        ));
        response
    })
}

fn route(request: &Request, store: &mut Client) -> Result<Response, Failure> {
    let body = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => r#"{"routes":["/health","/notes","/count","/crash"]}"#.into(),
        ("GET", "/health") => {
            store.ask("PING")?;
            r#"{"status":"ok","store":"ok"}"#.into()
        }
        ("GET", "/notes") => notes(store)?,
        ("POST", "/notes") => return add_note(store, request.body.trim()),
        ("GET", "/count") => {
            let count = store.value("ADD requests 1")?.unwrap_or_default();
            format!("{{\"requests\":{count}}}")
        }
        ("GET", "/crash") => format!("{{\"price\":{}}}", price(&[490, 990], 2)),
        _ => {
            return Ok(Response::json(404, r#"{"error":"no such route"}"#.into()));
        }
    };
    Ok(Response::json(200, body))
}

fn notes(store: &mut Client) -> Result<String, Failure> {
    let last: i64 = store
        .value("GET notes")?
        .unwrap_or_default()
        .parse()
        .unwrap_or(0);
    let mut notes = Vec::new();
    for id in (last - SHOWN + 1).max(1)..=last {
        if let Some(text) = store.value(&format!("GET note:{id}"))? {
            let words = store.value(&format!("GET words:{id}"))?;
            let words = words.and_then(|words| words.parse::<u64>().ok());
            let words = words.map_or("null".into(), |words| words.to_string());
            notes.push(format!(
                "{{\"id\":{id},\"text\":{},\"words\":{words}}}",
                quote(&text)
            ));
        }
    }
    Ok(format!("{{\"notes\":[{}]}}", notes.join(",")))
}

fn add_note(store: &mut Client, text: &str) -> Result<Response, Failure> {
    if text.is_empty() {
        return Ok(Response::json(
            400,
            r#"{"error":"a note needs a text"}"#.into(),
        ));
    }
    let id = store.value("ADD notes 1")?.unwrap_or_default();
    store.ask(&format!("SET note:{id} {text}"))?;
    store.ask(&format!("PUSH jobs {id}"))?;
    Ok(Response::json(201, format!("{{\"id\":{id}}}")))
}

/// The mistake: nobody asks whether there is such an item.
fn price(prices: &[u32], item: usize) -> u32 {
    prices[item]
}

/// Health checks come every few seconds; they are not what a reader of the log looks for.
fn level(request: &Request, status: u16) -> &'static str {
    match status {
        500.. => "error",
        400.. => "warn",
        _ if request.path == "/health" => "debug",
        _ => "info",
    }
}
