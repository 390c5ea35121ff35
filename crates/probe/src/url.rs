//! The parts of a URL that a check needs.

use std::fmt::Write as _;

use hyper::Uri;

use crate::address;

/// A URL that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// `https`.
    pub(crate) secure: bool,
    /// As written; an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query, as sent.
    pub(crate) target: String,
    /// `user:password`, as sent.
    pub(crate) credentials: Option<String>,
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it; a scheme other than `http` and `https` is.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{why} in the URL `{}`", without_secrets(text));
        let uri: Uri = ascii(text)
            .parse()
            .map_err(|error| wrong(&format!("{error}")))?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(other) => return Err(wrong(&format!("unknown scheme `{other}`"))),
            None => return Err(wrong("no scheme (`http://` or `https://`)")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("no host"))?.as_str();
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(decode(credentials)), place),
            None => (None, authority),
        };
        let (host, port) = split_port(place).map_err(|why| wrong(&why))?;
        Ok(Url {
            secure,
            host,
            port: port.unwrap_or(if secure { 443 } else { 80 }),
            target: uri
                .path_and_query()
                .map_or_else(|| "/".to_string(), ToString::to_string),
            credentials,
        })
    }

    /// The path, which is what people know an endpoint by; a query may hold secrets.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("/")
    }

    /// What belongs into the `Host` header.
    pub(crate) fn host_header(&self) -> String {
        let usual = if self.secure { 443 } else { 80 };
        let shown = address::shown(&self.host, self.port);
        match shown.strip_suffix(&format!(":{usual}")) {
            Some(host) if self.port == usual => host.to_string(),
            _ => shown,
        }
    }
}

/// The same URL with another port, where it is of this machine and has the port `from`.
pub(crate) fn with_moved_port(text: &str, from: u16, to: u16) -> Option<String> {
    let url = Url::parse(text).ok()?;
    if url.port != from || !address::means_this_machine(&url.host) {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let user = authority.rfind('@').map_or("", |at| &authority[..=at]);
    let place = address::shown(&url.host, to);
    Some(format!("{scheme}://{user}{place}{tail}"))
}

/// Splits `host:port`, where the port may be absent.
///
/// # Errors
///
/// Says what is wrong.
pub(crate) fn split_port(place: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or("no `]`")?;
            (host, behind.strip_prefix(':').unwrap_or(behind))
        }
        // More than one colon without brackets is an IPv6 address without a port.
        None if place.matches(':').count() > 1 => (place, ""),
        None => place.split_once(':').unwrap_or((place, "")),
    };
    if host.is_empty() {
        return Err("no host".to_string());
    }
    let port = match port {
        "" => None,
        text => match text.parse() {
            Ok(0) | Err(_) => return Err(format!("no such port `{text}`")),
            Ok(port) => Some(port),
        },
    };
    Ok((host.to_string(), port))
}

/// Percent-encodes what may not stand in a URL but is often typed there.
fn ascii(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.trim().bytes() {
        match byte {
            b'!'..=b'~' => encoded.push(char::from(byte)),
            other => {
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

/// Undoes percent-encoding.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind
            .get(..2)
            .filter(|two| *first == b'%' && two.iter().all(u8::is_ascii_hexdigit))
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match hex {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A URL without its query and its password, for messages.
fn without_secrets(text: &str) -> String {
    let text = text.split('?').next().unwrap_or_default();
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            format!("{scheme}://{place}")
        }
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_found() {
        let url = Url::parse("http://localhost:3000/health?x=1#top").unwrap();
        assert_eq!(
            (url.host.as_str(), url.port, url.target.as_str(), url.path()),
            ("localhost", 3000, "/health?x=1", "/health")
        );
        assert_eq!(url.host_header(), "localhost:3000");
        let url = Url::parse("https://u:p%40ss@[::1]").unwrap();
        assert_eq!(
            (url.host.as_str(), url.port, url.target.as_str()),
            ("::1", 443, "/")
        );
        assert_eq!(url.credentials.as_deref(), Some("u:p@ss"));
        assert_eq!(url.host_header(), "[::1]");
        let url = Url::parse("http://example.org?a=b").unwrap();
        assert_eq!((url.target.as_str(), url.port), ("/?a=b", 80));
        let url = Url::parse("http://h/grüße bitte").unwrap();
        assert_eq!(url.target, "/gr%C3%BC%C3%9Fe%20bitte");
    }

    #[test]
    fn what_is_no_such_url_is_refused_without_telling_secrets() {
        for bad in [
            "",
            "localhost:3000",
            "/health",
            "file:///etc/passwd",
            "ftp://h/",
            "http://",
            "http://h:99999/",
            "http://h:0/",
            "http://h:x/",
            "http://[::1/",
        ] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
        let error = Url::parse("ftp://me:hunter2@h/?token=abc").unwrap_err();
        assert_eq!(error, "unknown scheme `ftp` in the URL `ftp://h/`");
    }

    #[test]
    fn a_port_moves_only_where_it_is_meant() {
        let moved = |url: &str| with_moved_port(url, 3000, 3001);
        assert_eq!(
            moved("http://localhost:3000/health?port=3000").as_deref(),
            Some("http://localhost:3001/health?port=3000")
        );
        assert_eq!(
            moved("https://u:p@[::1]:3000").as_deref(),
            Some("https://u:p@[::1]:3001")
        );
        assert_eq!(moved("http://localhost:4000/"), None);
        assert_eq!(moved("http://example.org:3000/"), None);
        assert_eq!(
            with_moved_port("http://127.0.0.1/x", 80, 8080).as_deref(),
            Some("http://127.0.0.1:8080/x")
        );
    }
}
