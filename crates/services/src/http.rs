//! One request over a connection that is there.

use std::convert::Infallible;
use std::future::pending;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;

use crate::base64;
use crate::error::Trouble;
use crate::stream::Wire;

/// Asks for `target` and returns the status and the body, of which `most` bytes are read at most.
pub(crate) async fn get(
    wire: impl Wire + 'static,
    host: &str,
    target: &str,
    credentials: Option<(&str, &str)>,
    most: usize,
) -> Result<(u16, Bytes), Trouble> {
    ask(wire, Method::GET, host, target, credentials, most).await
}

/// The same with any method, and nothing to say beside it.
pub(crate) async fn ask(
    wire: impl Wire + 'static,
    method: Method,
    host: &str,
    target: &str,
    credentials: Option<(&str, &str)>,
    most: usize,
) -> Result<(u16, Bytes), Trouble> {
    let strange = |error: &dyn std::fmt::Display| Trouble::Strange(error.to_string());
    let (mut sender, connection) = http1::Builder::new()
        .ignore_invalid_headers_in_responses(true)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(wire))
        .await
        .map_err(|error| strange(&error))?;
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    *request.uri_mut() = target
        .parse()
        .map_err(|_| Trouble::Refused("the path in the URL makes no sense".to_string()))?;
    let headers = request.headers_mut();
    let host = HeaderValue::from_str(host)
        .map_err(|_| Trouble::Refused("the host in the URL makes no sense".to_string()))?;
    headers.insert(HOST, host);
    headers.insert(USER_AGENT, HeaderValue::from_static("forge"));
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("text/plain, application/json, */*"),
    );
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if let Some((user, password)) = credentials {
        let text = format!(
            "Basic {}",
            base64::encode(format!("{user}:{password}").as_bytes())
        );
        if let Ok(mut value) = HeaderValue::from_str(&text) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
    }
    let talk = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| strange(&error))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), most).collect().await;
        Ok((status, body.map_err(|error| strange(&error))?.to_bytes()))
    };
    // The connection moves the bytes; when it has ended, what it brought is still to be taken.
    let drive = async {
        let _ = connection.await;
        pending::<Infallible>().await
    };
    tokio::select! {
        outcome = talk => outcome,
        never = drive => match never {},
    }
}
