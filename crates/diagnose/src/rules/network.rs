//! Rules about ports and connections.

use super::Rule;
use crate::pattern::{Pattern, group};
use crate::report::Kind;

const fn in_use(words: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule {
        name: "port-in-use",
        kind: Some(Kind::PortInUse),
        words,
        pattern: Pattern::new(pattern),
        explanation: "port {port} is already in use by another program",
        suggestion: (
            "free-port",
            "free port {port} (`forge dev kill-port`), or let the process listen on another",
        ),
        deterministic: false,
        alone: true,
    }
}

const fn refused(words: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule {
        name: "connection-refused",
        kind: Some(Kind::ConnectionRefused),
        words,
        pattern: Pattern::new(pattern),
        explanation: "nothing accepts connections at {host} on port {port}",
        suggestion: (
            "start",
            "start what listens on port {port}, or correct the address; `depends_on` makes it start first",
        ),
        deterministic: false,
        alone: true,
    }
}

pub(super) static RULES: [Rule; 11] = [
    in_use(
        &["Can't connect to ('"],
        r"(?<error>Can't connect to \('[^']*', (?<port>[0-9]+)\))",
    ),
    in_use(
        &[
            "Bind for",
            "Ports are not available",
            "port is already allocated",
        ],
        r"(?<error>Bind for \S*?:(?<port>[0-9]+) failed: port is already allocated|Ports are not available.*|port is already allocated)",
    ),
    in_use(
        &[
            "lready in use",
            "EADDRINUSE",
            "AddrInUse",
            "eaddrinuse",
            "ddress in use",
            "Connection in use",
        ],
        r"(?i)(?:address (?:is )?already in use|EADDRINUSE|AddrInUse|address in use|Connection in use: |port:? [0-9]+ (?:is|was) already in use|port is already in use|port already in use)",
    ),
    in_use(
        &["ort "],
        r"(?i)(?:something is already running on|another (?:process|program|instance|application) is (?:already )?(?:using|listening on)) port (?<port>[0-9]+)|port (?<port2>[0-9]+) (?:is (?:in use|occupied|taken|being used|not available)|is already (?:used|taken|occupied|allocated|bound))",
    ),
    in_use(
        &["Only one usage of each socket address"],
        r"Only one usage of each socket address",
    ),
    refused(
        &[
            "onnection refused",
            "ECONNREFUSED",
            "econnrefused",
            "ConnectionRefused",
            "Connect call failed",
            "actively refused",
            "CONNECTION_REFUSED",
            "onnection Refused",
        ],
        r"(?i)(?:connection refused|ECONNREFUSED|ConnectionRefused|Connect call failed \(|actively refused)",
    ),
    refused(
        &["refused"],
        r"Connection to (?<host>[^\s:]+):(?<port>[0-9]+) refused",
    ),
    refused(
        &[
            "Can't connect to MySQL",
            "Can't connect to local MySQL",
            "Communications link failure",
            "Could not connect to Redis",
            "ServerSelectionTimeoutError",
            "MongoServerSelectionError",
            "MongooseServerSelectionError",
            "Can't reach database server",
            "NoBrokersAvailable",
            "could not connect to server",
        ],
        r"Can't connect to (?:local )?MySQL|Communications link failure|Could not connect to Redis|ServerSelectionTimeoutError|ServerSelectionError|Can't reach database server|NoBrokersAvailable|could not connect to server",
    ),
    Rule {
        name: "docker-down",
        kind: Some(Kind::ConnectionRefused),
        words: &["Docker daemon", "docker daemon", "docker.sock"],
        pattern: Pattern::new(r"(?i)cannot connect to the docker daemon|dial unix \S*docker\.sock"),
        explanation: "the Docker daemon does not answer",
        suggestion: ("start", "start Docker, then start the process again"),
        deterministic: false,
        alone: true,
    },
    Rule {
        name: "unknown-host",
        kind: Some(Kind::ConnectionRefused),
        words: &[
            "ENOTFOUND",
            "EAI_AGAIN",
            "Name or service not known",
            "could not translate host name",
            "no such host",
            "nodename nor servname",
            "UnknownHostException",
            "Temporary failure in name resolution",
            "getaddrinfo failed",
            "nxdomain",
            "failed to lookup address",
        ],
        pattern: Pattern::new(
            r#"(?:getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?<host>[^\s:]+)|translate host name "(?<host2>[^"]+)"|lookup (?<host3>[^\s:]+)(?: on \S+)?: no such host|UnknownHostException: (?<host4>[^\s:]+)|Name or service not known|nodename nor servname|Temporary failure in name resolution|getaddrinfo failed|nxdomain|failed to lookup address|no such host)"#,
        ),
        explanation: "the name of a host cannot be resolved",
        suggestion: (
            "fix",
            "correct the host's name: outside of containers, services of a compose file are at localhost",
        ),
        deterministic: false,
        alone: true,
    },
    Rule {
        name: "connection-timeout",
        kind: Some(Kind::ConnectionRefused),
        words: &[
            "ETIMEDOUT",
            "onnection timed out",
            "connect timed out",
            "i/o timeout",
            "EHOSTUNREACH",
            "No route to host",
        ],
        pattern: Pattern::new(
            r"ETIMEDOUT|onnection timed out|connect timed out|dial tcp \S+ i/o timeout|EHOSTUNREACH|No route to host",
        ),
        explanation: "nothing answers at {host} on port {port}",
        suggestion: ("look", "look whether the host is up and its address right"),
        deterministic: false,
        alone: false,
    },
];

static ADDRESSES: [Pattern; 10] = [
    Pattern::new(r"ECONNREFUSED (?<host>\S+?):(?<port>[0-9]+)"),
    Pattern::new(r#"at "(?<host>[^"]+)"(?: \([^)]*\))?, port (?<port>[0-9]+)"#),
    Pattern::new(r#"for "?(?<host>[^"\s]*)"? port (?<port>[0-9]+)"#),
    Pattern::new(r"\('(?<host>[^']*)', (?<port>[0-9]+)"),
    Pattern::new(
        r#"(?:host|HOST)[ =:]+['"]?(?<host>[A-Za-z0-9._-]+)['"]?[,;)]? *(?:port|PORT)[ =:]+['"]?(?<port>[0-9]+)"#,
    ),
    Pattern::new(
        r"(?:https?|tcp|redis|amqp|mongodb|postgres|postgresql|mysql)://(?:[^@\s/]*@)?(?<host>\[[^\]]+\]|[A-Za-z0-9._-]+):(?<port>[0-9]+)",
    ),
    Pattern::new(
        r"(?:^|[\s(/'\x22=*`])(?<host>localhost|\[[0-9a-f:]+\]|::1?|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*|\*|):(?<port>[0-9]{2,5})(?:$|[^0-9:.]|[:.](?: |$))",
    ),
    Pattern::new(r"(?<host>[A-Za-z0-9._-]+) port (?<port>[0-9]+)"),
    Pattern::new(r"(?i)()port:? (?<port>[0-9]{2,5})"),
    Pattern::new(r"()'(?<host>[^':]+):(?<port>[0-9]+)'"),
];

/// Host and port that a line names.
pub(super) fn address(text: &str) -> (Option<String>, Option<u16>) {
    for pattern in &ADDRESSES {
        let Some(found) = pattern.captures(text) else {
            continue;
        };
        let Ok(port) = group(&found, "port").parse::<u16>() else {
            continue;
        };
        let host = found.name("host").map_or("", |host| host.as_str());
        let told =
            !host.is_empty() && host != "*" && host != "on" && host != "::" && host != "host";
        return (told.then(|| host.to_owned()), Some(port));
    }
    (None, None)
}
