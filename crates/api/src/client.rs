//! The client: one connection, requests one after another.

use std::fmt;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{MASKED_HEADER, PREFIX, Problem, VERSION_HEADER};

/// How long a stream may take to begin. What it then tells may take its time.
const BEGIN: Duration = Duration::from_secs(20);

/// A connection to a supervisor.
pub struct Client {
    send: SendRequest<Full<Bytes>>,
    version: Option<String>,
    masked: bool,
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The supervisor answered with an error.
    Problem(Problem),
    /// The connection broke: the supervisor has ended in the middle, or is of another version.
    Connection(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Problem(problem) => problem.fmt(f),
            ClientError::Connection(why) => write!(f, "no answer from the supervisor: {why}"),
        }
    }
}

impl std::error::Error for ClientError {}

impl Client {
    /// Speaks over this connected socket. Must be called within a tokio runtime with I/O and time.
    ///
    /// # Errors
    ///
    /// When the socket cannot be registered or the connection is gone.
    pub async fn over(socket: std::os::unix::net::UnixStream) -> Result<Self, ClientError> {
        socket.set_nonblocking(true).map_err(broken)?;
        let socket = tokio::net::UnixStream::from_std(socket).map_err(broken)?;
        let (send, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket))
            .await
            .map_err(broken)?;
        // The task ends with the connection; its error shows up in the request that it breaks.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Client {
            send,
            version: None,
            masked: false,
        })
    }

    /// The same, with answers that bear no secrets ([`MASKED_HEADER`]).
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.masked = true;
        self
    }

    /// The version that the supervisor named in its last answer ([`VERSION_HEADER`]).
    pub fn server_version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// `GET` with a query string that is ready made (without `?`), empty for none.
    ///
    /// # Errors
    ///
    /// The supervisor's problem, or a broken connection.
    pub async fn get<A: DeserializeOwned>(
        &mut self,
        path: &str,
        query: &str,
    ) -> Result<A, ClientError> {
        let response = self.request(Method::GET, path, query, Bytes::new()).await?;
        read_json(response).await
    }

    /// `POST` with a JSON body.
    ///
    /// # Errors
    ///
    /// The supervisor's problem, or a broken connection.
    pub async fn post<A: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, ClientError> {
        let response = self.request(Method::POST, path, "", to_json(body)?).await?;
        read_json(response).await
    }

    /// `GET` that answers with server-sent events.
    ///
    /// # Errors
    ///
    /// The supervisor's problem, a broken connection, or a stream that does not begin.
    pub async fn get_stream(&mut self, path: &str, query: &str) -> Result<Stream, ClientError> {
        let response = self.request(Method::GET, path, query, Bytes::new());
        open_stream(in_time(response).await?).await
    }

    /// `POST` that answers with server-sent events.
    ///
    /// # Errors
    ///
    /// The supervisor's problem, a broken connection, or a stream that does not begin.
    pub async fn post_stream(
        &mut self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Stream, ClientError> {
        let response = self.request(Method::POST, path, "", to_json(body)?);
        open_stream(in_time(response).await?).await
    }

    async fn request(
        &mut self,
        method: Method,
        path: &str,
        query: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, ClientError> {
        let mark = if query.is_empty() { "" } else { "?" };
        let request = Request::builder()
            .method(method)
            .uri(format!("{PREFIX}{path}{mark}{query}"))
            .header("host", "forge")
            .header("content-type", "application/json")
            .header(MASKED_HEADER, if self.masked { "true" } else { "false" })
            .body(Full::new(body))
            .map_err(broken)?;
        self.send.ready().await.map_err(broken)?;
        let response = self.send.send_request(request).await.map_err(broken)?;
        if let Some(version) = response.headers().get(VERSION_HEADER) {
            self.version = version.to_str().ok().map(str::to_string);
        }
        Ok(response)
    }
}

/// The keeper takes connections also while no supervisor can begin: nobody is to wait for that for ever.
async fn in_time<A>(
    answer: impl Future<Output = Result<A, ClientError>>,
) -> Result<A, ClientError> {
    match tokio::time::timeout(BEGIN, answer).await {
        Ok(answer) => answer,
        Err(_) => {
            let seconds = BEGIN.as_secs();
            let what = format!("the supervisor has not answered for {seconds} seconds");
            let hint = "`forge dev doctor` looks for causes; `forge daemon restart` replaces it, the processes go on";
            Err(ClientError::Problem(Problem::failed(what).with_hint(hint)))
        }
    }
}

/// Server-sent events, one by one.
pub struct Stream {
    body: Incoming,
    buffer: Vec<u8>,
    /// Where in the buffer the next event begins.
    at: usize,
    last_id: Option<String>,
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// Its `event` field: `progress`, `done`, …
    pub name: String,
    /// Its `data`, JSON.
    pub data: String,
    /// Its `id`: where a stream goes on that is asked for again with `after`.
    pub id: Option<String>,
}

impl StreamEvent {
    /// The data as a type of this crate.
    ///
    /// # Errors
    ///
    /// When the data is of another form.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_str(&self.data).map_err(broken)
    }
}

impl Stream {
    /// The last `id` that has come, with an event or alone.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// The next event; `None` at the end of the stream. A `problem` comes as an error.
    ///
    /// # Errors
    ///
    /// The supervisor's problem, or a connection that broke before the end.
    pub async fn next(&mut self) -> Result<Option<StreamEvent>, ClientError> {
        loop {
            if let Some(event) = self.take_event() {
                if event.name == "problem" {
                    return Err(ClientError::Problem(event.read()?));
                }
                return Ok(Some(event));
            }
            match self.body.frame().await {
                Some(frame) => {
                    if let Some(data) = frame.map_err(broken)?.data_ref() {
                        self.buffer.extend_from_slice(data);
                    }
                }
                None => return Ok(None),
            }
        }
    }

    fn take_event(&mut self) -> Option<StreamEvent> {
        loop {
            let rest = &self.buffer[self.at..];
            let Some(end) = rest.windows(2).position(|two| two == b"\n\n") else {
                // Moved once for each piece that comes, not for each event in it.
                self.buffer.drain(..self.at);
                self.at = 0;
                return None;
            };
            let text = String::from_utf8_lossy(&rest[..end]).into_owned();
            self.at += end + 2;
            let mut event = StreamEvent {
                name: "message".to_string(),
                data: String::new(),
                id: None,
            };
            let mut any = false;
            for line in text.lines() {
                let (field, value) = line.split_once(':').unwrap_or((line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value);
                match field {
                    "event" => event.name = value.to_string(),
                    "id" => event.id = Some(value.to_string()),
                    "data" => {
                        if any {
                            event.data.push('\n');
                        }
                        event.data.push_str(value);
                        any = true;
                    }
                    _ => {}
                }
            }
            if event.id.is_some() {
                self.last_id.clone_from(&event.id);
            }
            // A block without data is a comment that keeps the connection warm.
            if any {
                return Some(event);
            }
        }
    }
}

fn to_json(body: &impl Serialize) -> Result<Bytes, ClientError> {
    serde_json::to_vec(body).map(Bytes::from).map_err(broken)
}

async fn read_json<A: DeserializeOwned>(response: Response<Incoming>) -> Result<A, ClientError> {
    let ok = response.status().is_success();
    let status = response.status();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(broken)?
        .to_bytes();
    if ok {
        return serde_json::from_slice(&body).map_err(broken);
    }
    Err(match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => ClientError::Problem(problem),
        Err(_) => ClientError::Connection(format!(
            "HTTP {status}: {}",
            String::from_utf8_lossy(&body[..body.len().min(200)])
        )),
    })
}

async fn open_stream(response: Response<Incoming>) -> Result<Stream, ClientError> {
    if response.status().is_success() {
        return Ok(Stream {
            body: response.into_body(),
            buffer: Vec::new(),
            at: 0,
            last_id: None,
        });
    }
    match read_json::<serde_json::Value>(response).await {
        Err(error) => Err(error),
        Ok(_) => Err(ClientError::Connection(
            "an answer that is no stream".into(),
        )),
    }
}

fn broken(error: impl fmt::Display) -> ClientError {
    ClientError::Connection(error.to_string())
}
