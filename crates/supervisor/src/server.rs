//! The API's server: HTTP requests become questions to the loop, answers become HTTP. Decides nothing.

mod answers;
mod crashes;
mod handlers;
mod masked;
mod metrics;
mod openapi;
mod routes;
mod streams;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use forge_api::{PREFIX, Problem, VERSION_HEADER, path};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::input::Inbox;

/// The largest request: a client's environment.
const LARGEST: usize = 16 << 20;

/// A server that works in the background.
pub(crate) struct Server {
    stop: oneshot::Sender<()>,
    work: JoinHandle<()>,
}

/// Serves in the background until told to end.
pub(crate) fn serve(listener: UnixListener, inbox: Inbox) -> Server {
    let mask = axum::middleware::from_fn_with_state(inbox.clone(), masked::answer);
    let app = app().layer(mask).with_state(inbox);
    let (stop, stopped) = oneshot::channel::<()>();
    let work = tokio::spawn(async move {
        let served = axum::serve(Owners(listener), app).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        if let Err(error) = served.await {
            eprintln!("supervisor: the API has ended: {error}");
        }
    });
    Server { stop, work }
}

impl Server {
    /// Takes no more connections, and ends once those that are there have their answers.
    pub(crate) async fn end(self) {
        let _ = self.stop.send(());
        let _ = self.work.await;
    }
}

/// Connections of the workspace's owner; others are closed unheard.
struct Owners(UnixListener);

impl axum::serve::Listener for Owners {
    type Io = UnixStream;
    type Addr = ();

    async fn accept(&mut self) -> (UnixStream, ()) {
        loop {
            match self.0.accept().await {
                Ok((stream, _)) => match forge_os::peer(&stream) {
                    Ok(peer) if peer.uid == forge_os::own_uid() || peer.uid == 0 => {
                        return (stream, ());
                    }
                    Ok(peer) => eprintln!("supervisor: refused a client of user {}", peer.uid),
                    Err(error) => eprintln!("supervisor: refused a client: {error}"),
                },
                Err(error) => {
                    // Out of descriptors, say: others may be closed by then.
                    eprintln!("supervisor: cannot accept a client: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

fn app() -> Router<Inbox> {
    let mut versioned = Router::new();
    for route in routes::all() {
        versioned = versioned.route(route.path, route.serve);
    }
    Router::new()
        .nest(PREFIX, versioned)
        .route(path::OPENAPI, get(openapi::answer))
        .route(path::METRICS, get(metrics::answer))
        .fallback(async || {
            answers::problem(
                Problem::unknown_path("there is no such path in this version of the API")
                    .with_hint(format!("{} lists all of them", path::OPENAPI)),
            )
        })
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(axum::middleware::map_response(finish))
}

/// Names the version, and makes what the framework refuses (another method, a body that is too large)
/// a problem like any other.
async fn finish(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let known = kind.is_some_and(|kind| kind == answers::PROBLEM);
    let mut response = match status.is_client_error() && !known {
        true => {
            let reason = status.canonical_reason().unwrap_or("refused");
            let problem = Problem::usage(reason.to_lowercase())
                .with_hint(format!("{} says what each path takes", path::OPENAPI));
            let mut answer = answers::problem(problem);
            *answer.status_mut() = status;
            answer
        }
        false => response,
    };
    let version = HeaderValue::from_static(env!("CARGO_PKG_VERSION"));
    response.headers_mut().insert(VERSION_HEADER, version);
    response
}
