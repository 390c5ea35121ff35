//! HTTP as far as the demo needs it: one request for each connection, answered and closed.
//!
//! Whatever arrives is bounded in size and time, so that a port scanner or a lost client costs a
//! thread for some seconds and nothing else.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::client::connect;
use crate::{Failure, log};

/// Largest request line with all headers, in bytes.
const LARGEST_HEAD: u64 = 16 * 1024;
/// Largest body, in bytes.
const LARGEST_BODY: u64 = 64 * 1024;
/// How long a client may take for its request.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request, as far as a handler needs it.
pub(crate) struct Request {
    /// `GET`, `POST`, … in upper case, as sent.
    pub(crate) method: String,
    /// Path without the query.
    pub(crate) path: String,
    /// Body; bytes that are not UTF-8 are replaced.
    pub(crate) body: String,
}

/// An answer.
pub(crate) struct Response {
    /// Status code.
    pub(crate) status: u16,
    /// Content type.
    pub(crate) kind: &'static str,
    /// Body.
    pub(crate) body: String,
}

impl Response {
    /// A JSON answer.
    pub(crate) fn json(status: u16, body: String) -> Response {
        Response {
            status,
            kind: "application/json",
            body,
        }
    }
}

/// Answers requests by `handler`, each in a thread of its own, until the process is ended.
///
/// # Errors
///
/// None today; the type is that of every service.
pub(crate) fn serve(
    listener: &TcpListener,
    handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> Result<(), Failure> {
    let handler = Arc::new(handler);
    for connection in listener.incoming() {
        let handler = Arc::clone(&handler);
        let spawned = connection.and_then(|connection| {
            // Who closes early misses the answer; that is its own business.
            thread::Builder::new()
                .name("request".into())
                .spawn(move || drop(answer(&connection, &*handler)))
        });
        if let Err(error) = spawned {
            log::error(&format!("warning: cannot take a connection: {error}"));
        }
    }
    Ok(())
}

/// The status and body that `address` answers a request with.
///
/// # Errors
///
/// The service cannot be reached, is too slow, or does not speak HTTP.
pub(crate) fn fetch(
    address: &str,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<(u16, String)> {
    let mut connection = connect(address)?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection
        .take(LARGEST_HEAD + LARGEST_BODY * 16)
        .read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| malformed("no HTTP answer"))?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok((
        status.ok_or_else(|| malformed("an HTTP answer without a status"))?,
        body.into(),
    ))
}

fn answer(connection: &TcpStream, handler: &dyn Fn(&Request) -> Response) -> io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let response = match read(connection) {
        Ok(request) => handler(&request),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Response::json(400, "{\"error\":\"bad request\"}".into())
        }
        Err(error) => return Err(error),
    };
    let Response { status, kind, body } = response;
    let reason = reason(status);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}; charset=utf-8\r\n\
         Content-Length: {length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    let mut writer = connection;
    writer.write_all((head + &body).as_bytes())
}

fn read(connection: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(connection);
    let mut head = reader.by_ref().take(LARGEST_HEAD);
    let first = line(&mut head)?;
    let mut words = first.split(' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next())
    else {
        return Err(malformed("no request line"));
    };
    if !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return Err(malformed("no request line"));
    }
    let mut length = 0;
    loop {
        let header = line(&mut head)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| malformed("no header"))?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| malformed("no length"))?;
        }
    }
    if length > LARGEST_BODY {
        return Err(malformed("the body is too large"));
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let path = target.split('?').next().unwrap_or_default();
    Ok(Request {
        method: method.into(),
        path: path.into(),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn line(head: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    head.read_line(&mut line)?;
    match line.strip_suffix('\n') {
        Some(line) => Ok(line.trim_end_matches('\r').into()),
        None => Err(malformed("the head is too large or was cut off")),
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        404 => "Not Found",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}
