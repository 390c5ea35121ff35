//! The web server: one page, and `/api/…` handed on to the API, as a development server does.

use std::time::Instant;

use crate::http::{Request, Response};
use crate::json::quote;
use crate::{Failure, http, listen, log};

/// The page; what users typed is set as text there, never as markup.
const PAGE: &str = include_str!("page.html");

/// Serves until the process is ended.
///
/// # Errors
///
/// A variable is missing, or the port cannot be listened on.
pub(crate) fn serve() -> Result<(), Failure> {
    let begin = Instant::now();
    let api = listen::address_of("API")?;
    let listener = listen::on_port()?;
    let version = env!("CARGO_PKG_VERSION");
    log::line(&format!(
        "demo web v{version} ready in {} ms",
        begin.elapsed().as_millis()
    ));
    log::line(&format!("  Local: http://{}/", listener.local_addr()?));
    http::serve(&listener, move |request| {
        let begin = Instant::now();
        let response = route(request, &api);
        let Request { method, path, .. } = request;
        log::line(&format!(
            "{method} {path} - {} ({:.1?})",
            response.status,
            begin.elapsed()
        ));
        response
    })
}

fn route(request: &Request, api: &str) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => Response {
            status: 200,
            kind: "text/html",
            body: PAGE.into(),
        },
        ("GET", "/health") => Response::json(200, r#"{"status":"ok"}"#.into()),
        (method @ ("GET" | "POST"), path) if path.starts_with("/api/") => {
            let path = &path["/api".len()..];
            match http::fetch(api, method, path, &request.body) {
                Ok((status, body)) => Response::json(status, body),
                Err(error) => {
                    log::error(&format!("error: no answer from the api at {api}: {error}"));
                    let message = quote(&format!("the api does not answer: {error}"));
                    Response::json(502, format!("{{\"error\":{message}}}"))
                }
            }
        }
        _ => Response::json(404, r#"{"error":"no such page"}"#.into()),
    }
}
