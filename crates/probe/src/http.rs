//! A check by a GET request.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use regex::Regex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use crate::check::{Failure, Limit, Stage};
use crate::url::Url;
use crate::{address, race, text, tls};

/// Most bytes of a body that are read.
const BODY: usize = 1 << 20;

/// How long the rest of an answer is waited for, when nothing in it matters. To hang up on a server
/// that is about to write makes it log an error at each check.
const COURTESY: Duration = Duration::from_millis(100);

pub(crate) async fn check(
    url: &str,
    status: &[(u16, u16)],
    headers: &[(String, String)],
    body: Option<&Regex>,
    limit: Limit,
) -> Result<String, Failure> {
    let unasked = |why| Failure::new(Stage::Start, why);
    let url = Url::parse(url).map_err(unasked)?;
    let headers = header_map(&url, headers).map_err(unasked)?;
    let question = Question {
        url,
        headers,
        status,
        body,
        limit,
    };
    let addresses = address::resolve(&question.url.host, question.url.port, limit).await?;
    race::first_success(&addresses, limit, |address| question.ask(address)).await
}

struct Question<'a> {
    url: Url,
    headers: HeaderMap,
    status: &'a [(u16, u16)],
    body: Option<&'a Regex>,
    limit: Limit,
}

impl Question<'_> {
    async fn ask(&self, at: SocketAddr) -> Result<String, Failure> {
        let shown = address::shown(&self.url.host, self.url.port);
        let stream = address::connect(at, &shown, self.limit).await?;
        // A check is one small write; waiting for more only adds delay.
        let _ = stream.set_nodelay(true);
        if self.url.secure {
            let stream = tls::connect(stream, &self.url.host, at.ip(), &shown, self.limit).await?;
            self.talk(stream).await
        } else {
            self.talk(stream).await
        }
    }

    async fn talk(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<String, Failure> {
        let (mut sender, connection) = http1::Builder::new()
            .ignore_invalid_headers_in_responses(true)
            .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(&error))?;
        let mut request = Request::new(Empty::new());
        *request.headers_mut() = self.headers.clone();
        *request.uri_mut() = self
            .url
            .target
            .parse()
            .map_err(|error| Failure::new(Stage::Start, format!("the URL's path: {error}")))?;
        let talk = async {
            match timeout_at(self.limit.at, sender.send_request(request)).await {
                Ok(Ok(response)) => self.judge(response).await,
                Ok(Err(error)) => Err(self.broken(&error)),
                Err(_) => Err(self.silent()),
            }
        };
        // The connection moves the bytes; when it has ended, what it brought is still to be judged.
        let drive = async {
            let _ = connection.await;
            pending::<Infallible>().await
        };
        tokio::select! {
            outcome = talk => outcome,
            never = drive => match never {},
        }
    }

    async fn judge(&self, response: Response<Incoming>) -> Result<String, Failure> {
        let status = response.status().as_u16();
        let path = text::one_line(self.url.path());
        let said = format!("HTTP {status} from {path}");
        let expected = self
            .status
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&status));
        let Some(pattern) = self.body.filter(|_| expected) else {
            read(response.into_body(), Instant::now() + COURTESY).await;
            return match expected {
                true => Ok(said),
                false => Err(Failure::new(Stage::Answer, said)),
            };
        };
        let body = read(response.into_body(), self.limit.at).await;
        if pattern.is_match(&String::from_utf8_lossy(&body)) {
            return Ok(said);
        }
        let missed = format!("{said}, but its body does not match `{pattern}`");
        Err(Failure::new(Stage::Answer, missed))
    }

    fn silent(&self) -> Failure {
        let path = text::one_line(self.url.path());
        let detail = format!("no answer from {path} within {:?}", self.limit.whole);
        Failure::new(Stage::Talk, detail)
    }

    fn broken(&self, error: &hyper::Error) -> Failure {
        let shown = address::shown(&self.url.host, self.url.port);
        let why = if error.is_parse() {
            "the answer is not HTTP".to_string()
        } else if error.is_incomplete_message() || error.is_closed() {
            "the connection was closed before an answer".to_string()
        } else {
            match cause(error) {
                Some(error) => text::io_error(error),
                None => error.to_string(),
            }
        };
        Failure::new(Stage::Talk, format!("{why} ({shown})"))
    }
}

/// The error of the operating system below an error of hyper.
fn cause(error: &hyper::Error) -> Option<&std::io::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// What comes of a body until its end, its limit, an error or the deadline.
async fn read(mut body: Incoming, until: Instant) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < BODY {
        let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await else {
            break;
        };
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data[..data.len().min(BODY - bytes.len())]);
        }
    }
    bytes
}

/// The asked-for headers and the defaults that they leave.
fn header_map(url: &Url, asked: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, value) in asked {
        let name: HeaderName = name
            .parse()
            .map_err(|_| format!("`{}` is no name of a header", text::one_line(name)))?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| format!("the value of the header `{name}` has control characters"))?;
        map.append(name, value);
    }
    let mut default = |name: HeaderName, value: &str| {
        if let (false, Ok(value)) = (map.contains_key(&name), HeaderValue::from_str(value)) {
            map.insert(name, value);
        }
    };
    default(HOST, &url.host_header());
    default(USER_AGENT, concat!("forge/", env!("CARGO_PKG_VERSION")));
    default(ACCEPT, "*/*");
    if let Some(credentials) = &url.credentials {
        default(AUTHORIZATION, &format!("Basic {}", base64(credentials)));
    }
    map.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(map)
}

/// Base64 as in RFC 4648, section 4.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place <= chunk.len() {
                let six = (bits >> (18 - 6 * place)) & 63;
                encoded.push(char::from(ALPHABET[six as usize]));
            } else {
                encoded.push('=');
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_one() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain), encoded);
        }
    }

    #[test]
    fn asked_headers_win_over_defaults() {
        let url = Url::parse("http://u:p@localhost/").unwrap();
        let asked = [
            ("host".to_string(), "app.test".to_string()),
            ("X-A".to_string(), "1".to_string()),
            ("x-a".to_string(), "2".to_string()),
        ];
        let map = header_map(&url, &asked).unwrap();
        assert_eq!(map[HOST], "app.test");
        assert_eq!(map.get_all("x-a").iter().count(), 2);
        assert_eq!(map[AUTHORIZATION], "Basic dTpw");
        assert!(header_map(&url, &[("a b".into(), String::new())]).is_err());
        assert!(header_map(&url, &[("a".into(), "x\r\ny: z".into())]).is_err());
    }
}
