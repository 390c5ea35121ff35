//! Where something listens, in the ways in which programs write it: a URL, `host:port`, `:port`,
//! `port 8080`, `on 8080`.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

/// An address in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Address {
    pub(super) url: Option<String>,
    pub(super) port: Option<u16>,
    /// On this machine, as far as can be told, or anywhere in a private network.
    pub(super) local: bool,
    /// The URL of something that is no HTTP server.
    pub(super) foreign: bool,
    /// Where it stands in the text.
    pub(super) at: (usize, usize),
}

pub(super) fn expression(pattern: &str) -> Regex {
    RegexBuilder::new(pattern)
        .unicode(false)
        .case_insensitive(true)
        .build()
        .expect("an expression of ours is valid: each is compiled by a test")
}

static URL: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"\b(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[0-9a-f:.%]*\]|[^\s/:\[\]'"`,<>(){}@]*)(?::(?P<port>\d{1,5})\b)?(?:[/?][^\s'"`<>\]})|]*)?"#,
    )
});

static HOST: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"(?:^|[\s='"(\[{|]|\s/|\d/)(?P<host>\[[0-9a-f:.%]*\]|\*|localhost|(?:\d{1,3}\.){3}\d{1,3}|::1?|(?:0:){7}[01]|):(?P<port>\d{2,5})(?:$|[^\w:.]|[.](?:\s|$))"#,
    )
});

static NAMED_HOST: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"\b(?:on|at|to|address|addr|listen)[\s=:"]+[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*:(?P<port>\d{2,5})(?:$|[^\w:])"#,
    )
});

static PORT: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"\bport(?:\(s\)|s)?['"]?(?:\s*[:=#]\s*|\s+(?:is\s+|number\s+)?)\[?['"]?(?P<port>\d{2,5})(?:$|[^\w:]|[.](?:\s|$))"#,
    )
});

static BARE: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"\b(?:on|at|via)[:\s]\s*(?P<port>\d{2,5})(?:$|[\s,;!)]|\.(?:\s|$))")
});

/// The address that a text states first; URLs come before all else.
pub(super) fn find(text: &str) -> Option<Address> {
    let urls = URL
        .captures_iter(text.as_bytes())
        .filter_map(|found| url(text, &found));
    let mut best: Option<Address> = None;
    for found in urls {
        if found.local && !found.foreign {
            return Some(found);
        }
        best.get_or_insert(found);
    }
    best.or_else(|| host_and_port(text))
}

fn url(text: &str, found: &Captures<'_>) -> Option<Address> {
    let whole = found.get(0)?;
    let host = group(text, found, "host").unwrap_or_default();
    let port = group(text, found, "port").and_then(|it| it.parse().ok());
    let scheme = group(text, found, "scheme")?.to_ascii_lowercase();
    let written = &text[whole.start()..whole.end()];
    // A sentence may end with a URL, and a query may follow one in a log of its own.
    let written = written.trim_end_matches(['.', ',', ';', ':', '!', '|', '*']);
    let http = matches!(scheme.as_str(), "http" | "https");
    if host.is_empty() && port.is_none() {
        return None;
    }
    Some(Address {
        url: (http && !host.is_empty()).then(|| written.to_string()),
        port,
        local: is_local(&host.to_ascii_lowercase(), port.is_some()),
        foreign: !http,
        at: (whole.start(), whole.start() + written.len()),
    })
}

/// What is left of a text when its URLs are taken out.
pub(super) fn without_urls(text: &str) -> String {
    let left = URL.replace_all(text.as_bytes(), &b""[..]);
    String::from_utf8_lossy(&left).into_owned()
}

fn host_and_port(text: &str) -> Option<Address> {
    [&HOST, &NAMED_HOST, &PORT, &BARE].iter().find_map(|regex| {
        let found = regex.captures(text.as_bytes())?;
        let whole = found.get(0)?;
        let port = group(text, &found, "port")?.parse().ok()?;
        (port > 0).then_some(Address {
            url: None,
            port: Some(port),
            local: true,
            foreign: false,
            at: (whole.start(), whole.end()),
        })
    })
}

fn group<'t>(text: &'t str, found: &Captures<'_>, name: &str) -> Option<&'t str> {
    let found = found.name(name)?;
    text.get(found.start()..found.end())
}

/// The port of a field such as `addr`: `:8080`, `0.0.0.0:8080`, `8080`, `[::]:8080`.
pub(super) fn port_of(value: &str) -> Option<u16> {
    let last = value.rsplit(':').next().unwrap_or(value);
    let digits = last.trim_end_matches(['/', ']']);
    digits.parse().ok().filter(|port| *port > 0)
}

/// Whether a host is this machine or one of a private network.
fn is_local(host: &str, with_port: bool) -> bool {
    const ENDS: [&str; 6] = ["localhost", ".local", ".test", ".lan", ".internal", ".home"];
    let host = host.trim_matches(['[', ']']);
    if host.is_empty() || host == "*" || host.contains(':') {
        return true;
    }
    if ENDS.iter().any(|end| host.ends_with(end)) {
        return true;
    }
    let parts: Vec<Option<u8>> = host.split('.').map(|part| part.parse().ok()).collect();
    match parts.as_slice() {
        // An address as a number is one that a server found on its own machine.
        [Some(_), Some(_), Some(_), Some(_)] => true,
        // A bare name is a machine nearby.
        [None] => with_port,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, Option<u16>) {
        find(text).map_or((None, None), |found| (found.url, found.port))
    }

    #[test]
    fn urls_are_taken_as_they_are_written() {
        let url = |text: &str, port| (Some(text.to_string()), port);
        assert_eq!(
            read("Local:   http://localhost:5173/"),
            url("http://localhost:5173/", Some(5173))
        );
        assert_eq!(
            read("Running on http://127.0.0.1:8066 (Press CTRL+C)"),
            url("http://127.0.0.1:8066", Some(8066))
        );
        assert_eq!(
            read("Server running on [http://127.0.0.1:8000]."),
            url("http://127.0.0.1:8000", Some(8000))
        );
        assert_eq!(
            read("open http://localhost:3000/app?x=1, now"),
            url("http://localhost:3000/app?x=1", Some(3000))
        );
        assert_eq!(
            read("at https://shop.test."),
            url("https://shop.test", None)
        );
        assert_eq!(
            read("http://localhost:8085/, http://[::1]:8085/"),
            url("http://localhost:8085/", Some(8085))
        );
    }

    #[test]
    fn ports_are_found_in_all_their_forms() {
        for text in [
            "listening on 0.0.0.0:8080",
            "listening on [::]:8080",
            "listening on :8080",
            "listening on :::8080",
            "addr=:8080",
            "on *:8080",
            "port 8080.",
            "port=8080.",
            "Tomcat started on port(s): 8080 (http)",
            "IPv4 address \"127.0.0.1\", port 8080",
            "{\"port\": 8080}",
            "stage on 8080 for development",
            "Listening for HTTP on /0:0:0:0:0:0:0:0:8080",
            "binding to port 0.0.0.0/0.0.0.0:8080",
            "listening on db.host:8080",
            "on http://:8080",
            "port=8080",
        ] {
            assert_eq!(read(text).1, Some(8080), "{text}");
        }
    }

    #[test]
    fn times_places_in_files_and_counts_are_no_ports() {
        for text in [
            "12:34:56 started",
            "main.go:40 > started",
            "took 2:30 on average",
            "on 1.2.3.4",
            "ratio 16:9",
        ] {
            assert_eq!(read(text).1, None, "{text}");
        }
    }

    #[test]
    fn a_page_of_the_world_is_not_local() {
        assert!(!find("see https://nextjs.org/telemetry").unwrap().local);
        assert!(find("http://192.168.1.5:3000").unwrap().local);
        assert!(find("redis://localhost:6379").unwrap().foreign);
    }
}
