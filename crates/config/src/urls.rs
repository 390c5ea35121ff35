//! URLs and addresses: enough of their form to catch slips, no more.

use std::ops::Range;

use forge_core::template::{Part, Template};

use crate::reader::Reader;
use crate::tree::Span;

/// Which URLs a field takes.
pub(crate) struct Kind {
    what: &'static str,
    schemes: &'static [&'static str],
}

/// Of a health check.
pub(crate) const HEALTH: Kind = Kind {
    what: "`http://`, `https://` or `tcp://host:port`",
    schemes: &["http", "https", "tcp"],
};

/// Of a page.
pub(crate) const WEB: Kind = Kind {
    what: "a URL that begins with `http://` or `https://`",
    schemes: &["http", "https"],
};

/// Of a service.
pub(crate) const METRICS: Kind = Kind {
    what: "a URL that begins with `postgres://`, `redis://`, `mysql://`, `http://` or `https://`",
    schemes: &[
        "postgres",
        "postgresql",
        "redis",
        "rediss",
        "mysql",
        "http",
        "https",
    ],
};

/// Whether a URL is of this kind; what is wrong is noted. The text of the URL is not shown, as it
/// may hold a password.
pub(crate) fn check(url: &Template, kind: &Kind, span: Span, reader: &mut Reader<'_>) -> bool {
    let text = url.resolve(|_| Some(1)).unwrap_or_default();
    match problem(&text, kind) {
        None => true,
        Some((message, help)) => {
            note(message, help, span, reader);
            false
        }
    }
}

/// Whether this is `host:port`; what is wrong is noted.
pub(crate) fn check_address(address: &Template, span: Span, reader: &mut Reader<'_>) -> bool {
    let text = address.resolve(|_| Some(1)).unwrap_or_default();
    let good = matches!(host_and_port(&text), Some((host, Some(_))) if !host.is_empty())
        && !text.contains(char::is_whitespace);
    if !good {
        let help = "write `tcp: localhost:5432`".to_string();
        note("expected `host:port`".to_string(), Some(help), span, reader);
    }
    good
}

/// With a variable in it, it is wrong for its profile only.
fn note(message: String, help: Option<String>, span: Span, reader: &mut Reader<'_>) {
    let varies = reader.files.slice(span).contains("${");
    let profile = reader.profile.filter(|_| varies);
    reader
        .sink
        .error(span, message)
        .maybe_help(help)
        .only_for(profile);
}

/// What is wrong with a URL, and what to do about it.
fn problem(text: &str, kind: &Kind) -> Option<(String, Option<String>)> {
    let expected = format!("expected {}", kind.what);
    let Some((scheme, rest)) = text.split_once("://") else {
        let help = !text.contains(' ') && kind.schemes.contains(&"http");
        return Some((
            expected,
            help.then(|| "begin it with `http://`".to_string()),
        ));
    };
    let scheme = scheme.trim().to_ascii_lowercase();
    if !kind.schemes.contains(&scheme.as_str()) {
        let help = crate::near::did_you_mean(&scheme, kind.schemes.iter().copied());
        return Some((expected, help));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    // Databases may be reached by a socket that the rest names.
    let needs_host = matches!(scheme.as_str(), "http" | "https" | "tcp");
    let message = match host_and_port(host) {
        None => "this URL has no valid host and port",
        Some(("", _)) if needs_host => "this URL names no host",
        Some((_, None)) if scheme == "tcp" => "this address has no port",
        Some(_) if scheme == "tcp" && rest.trim_end_matches('/') != authority => {
            "an address ends with its port"
        }
        Some(_) if text.contains(char::is_whitespace) => "this URL holds a blank",
        Some(_) => return None,
    };
    let help = match scheme.as_str() {
        "tcp" => "write `tcp://localhost:5432`".to_string(),
        _ => format!("write `{scheme}://localhost:3000/…`, with a port from 1 to 65535"),
    };
    Some((message.to_string(), Some(help)))
}

/// Host and port; `None` where the port is no port.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.rfind(']') {
        Some(end) if text.starts_with('[') => match text[end + 1..].strip_prefix(':') {
            Some(port) => (&text[..=end], Some(port)),
            None if text.len() == end + 1 => (text, None),
            None => return None,
        },
        _ => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.contains(['/', '@']) || (host.contains(':') && !host.starts_with('[')) {
        return None;
    }
    match port {
        None => Some((host, None)),
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number > 0 && port.starts_with(|c: char| ('1'..='9').contains(&c)) => {
                Some((host, Some(number)))
            }
            _ => None,
        },
    }
}

/// What stands behind `scheme://`, where that is the scheme.
pub(crate) fn without_scheme(url: &Template, scheme: &str) -> Option<Template> {
    let mut parts = url.parts().to_vec();
    let Some(Part::Text(first)) = parts.first_mut() else {
        return None;
    };
    let (found, rest) = first.split_once("://")?;
    if !found.trim().eq_ignore_ascii_case(scheme) {
        return None;
    }
    *first = rest.to_string();
    if let Some(Part::Text(last)) = parts.last_mut() {
        *last = last.trim_end_matches('/').to_string();
    }
    let filled = parts
        .into_iter()
        .filter(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    Some(Template::from_parts(filled.collect()))
}

/// Where a URL or an address names this port of this machine.
pub(crate) fn own_port_place(text: &str, port: u16) -> Option<Range<usize>> {
    let start = text.find("://").map_or(0, |at| at + 3);
    let end = text[start..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |at| start + at);
    let authority = &text[start..end];
    let host_at = authority.rfind('@').map_or(0, |at| at + 1);
    let (host, found) = host_and_port(&authority[host_at..])?;
    let local = matches!(
        host.to_ascii_lowercase().as_str(),
        "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "[::]"
    );
    (local && found == Some(port)).then(|| end - port.to_string().len()..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_port_of_ones_own_is_found() {
        let place =
            |text: &'static str, port| own_port_place(text, port).map(|at| &text[..at.start]);
        assert_eq!(
            place("http://localhost:3000/health", 3000),
            Some("http://localhost:")
        );
        assert_eq!(place("127.0.0.1:5432", 5432), Some("127.0.0.1:"));
        assert_eq!(
            place("postgres://u:5432@[::1]:5432/db", 5432),
            Some("postgres://u:5432@[::1]:")
        );
        assert_eq!(place("http://localhost:3000/", 3001), None);
        assert_eq!(place("http://example.com:3000/", 3000), None);
        assert_eq!(place("http://localhost:03000/", 3000), None);
        assert_eq!(place("", 1), None);
    }
}
