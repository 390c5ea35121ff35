//! Whether a line says that its program is ready, and where.
//!
//! There is no end to the ways of saying it, so three things are looked at: an address, a word that
//! a server says of itself near it, and words that say the opposite (it tries, fails, connects to
//! somebody else). A few sentences say it without an address.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::address::{self, Address, expression};
use super::body::Body;
use super::duration::milliseconds;
use super::{EventFields, EventKind};
use crate::level::{Level, level_of};

/// What a program says of itself with any kind of address.
static STRONG: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"#start:|\b(?:listen(?:ing|s|er)?|serving|served|running|runs|started|ready|launched|available|accessible|reachable|accepting|hosted|bound|binding to|exposed|is up|up at|is live|live at|stage on|responding|waiting (?:for|on)|socket created|version:.*\bsocket|publish_address|web ?server|starting (?:\S+ ){0,4}server)\b",
    )
});

/// What stands beside the URL of a server.
static WEAK: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?:local|loopback|network|external|internal|url|address|open|opened|visit|view|browser|browse|go to|goto|access|server|app|application|site|dashboard|console|console ui|ui|api|endpoint|docs|swagger|graphql|playground|interface|panel|admin|home|public|web|dev|preview|storybook|emulator)\b",
    )
});

/// Sentences that need no address.
static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\bready in [\d.,]+ ?(?:ms|s|sec|m)|",
        r"\bready (?:for|to (?:accept|serve|handle|receive|process))\b.*\b(?:connections?|requests?|clients?|traffic|jobs|work|messages)\b|",
        r"\bready for (?:start up|use|connections)|",
        r"\bserver (?:is |are |has |was )?(?:now |up and |successfully )*(?:ready|running|started|restarted|up|live|listening|launched)\b|",
        r"\b(?:application|app|service|broker|node|cluster|emulators?|worker|instance|bot|daemon|site|api) (?:is |are |has |have )?(?:now |been |up and |successfully )*(?:ready|running|started|up|live|listening|launched|booted)\b|",
        r"\bstartup (?:is )?completed?\b|\bup and running\b|\bsuccessfully started\b|\bstarted successfully\b|",
        r"(?:^|[:\]] )started \S+ in [\d.,]+ ?(?:ms|s|sec)|",
        r"\bstarted in [\d.,]+ ?(?:ms|s|sec)|",
        r"\bwaiting for (?:client |new |incoming )?connections\b|",
        r"\b(?:now |is |started |start )(?:accepting|listening)\b|\baccepting (?:new |client |incoming )?connections\b|",
        r"^(?:listening|ready|up)[.! ]*$|(?:^|[:\]] )\S+@\S+ ready\.?$|",
        r"\bstarting processing, hit ctrl-c|\bpress ctrl\W?c to (?:stop|quit|shut)|",
        r"\blistening on unix socket\b|\blistening (?:on|at) \S*\.sock\b|\bmqtt \S+ running$|^\S+ version \S+ running$",
    ))
});

/// Words with which a line says something else.
static OTHERWISE: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\b(?:trying|tries|attempt\w*|retry\w*|fail(?:ed|ure|s|ing)?|cannot|can't|couldn't|could not|unable|refused|denied|rejected|timed out|unreachable|",
        r"in use|eaddrinuse|econnrefused|exception|prox(?:y|ying|ied)|redirect\w*|forward(?:ed|ing)?|upstream|",
        r"connected|disconnect\w*|connecting|reconnect\w*|connection (?:from|to|received|authorized|closed|accepted|established)|accepted|incoming|",
        r"not (?:ready|running|listening|available|started|yet)|isn't|never|no longer|is down|went down|waiting for (?:the |a )?(?:server|database|db|port|app|application|changes|file|service)|",
        r"will (?:be|listen|start|run)|about to|stopp(?:ed|ing)|shut\w* down|shutting|shutdown|closed|closing|terminat\w+|ready to exit|exit(?:ed|ing)|kill(?:ed|ing)?|crash\w*|",
        r"debugger|inspector|test(?:s|ing)? (?:started|running|server)|ping\w*|fetch\w*|request(?:ed|ing)? (?:to|from|completed|failed)|request completed|download\w*|upload\w*|webhook|callback|health ?check\w*|already (?:running|started|listening|up)|press h)\b|",
        r"\b(?:error|errors)\b|",
        r"\binitialized with port|\bsee https?:|\bdocumentation|\bread more|\blearn more",
    ))
});

/// `0 errors` is no error, and how to end the program is not said of its end.
static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?:0|no|without|zero) (?:errors?|warnings?)\b|(?:\b(?:press|hit|use|with)|\() ?<?(?:ctrl|control)\W{1,3}c\b.*",
    )
});

static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?-u)(?:^|[\s"'\[(])(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT)\s+["']?(?:/|https?:)"#)
        .expect("an expression of ours is valid: each is compiled by a test")
});

static TOOK: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?:in|after|took)\s+(?P<ms>[\d.,]+\s?(?:ms|milliseconds?|seconds?|secs?|s|m(?:in)?)\b(?: ?\d+ ?s\b)?)",
    )
});

/// The event of a line that says so.
pub(super) fn ready(body: &Body) -> Option<(EventKind, EventFields)> {
    let text = body.text();
    let cleaned = HARMLESS.replace_all(text.as_bytes(), &b""[..]);
    if OTHERWISE.is_match(&cleaned) || REQUEST.is_match(text.as_bytes()) {
        return None;
    }
    if level_of(body.line.as_bytes()) >= Some(Level::Error) {
        return None;
    }
    let said = body.said();
    let found = address::find(body.said());
    let begins = said
        .get(..8)
        .is_some_and(|it| it.eq_ignore_ascii_case("starting"));
    if begins && said.ends_with("...") && found.as_ref().is_none_or(|it| it.url.is_none()) {
        return None;
    }
    let plain = PLAIN.is_match(said.as_bytes());
    let mut fields = EventFields {
        ms: duration(text),
        ..EventFields::default()
    };
    match found {
        Some(found) if speaks_of(said, &found) || plain => {
            (fields.url, fields.port) = (found.url.filter(|_| found.local), found.port);
        }
        Some(_) if !plain => return None,
        _ if plain || (body.is_structured() && STRONG.is_match(said.as_bytes())) => {
            from_fields(body, &mut fields);
            if !plain && fields.port.is_none() && fields.url.is_none() {
                return None;
            }
        }
        _ => return None,
    }
    Some((kind(said, &fields, plain), fields))
}

/// Whether an address is that of the speaker.
fn speaks_of(text: &str, found: &Address) -> bool {
    // Found in bytes: what follows an address may be the first byte of a longer character.
    let from = text.floor_char_boundary(found.at.0);
    let to = text.ceil_char_boundary(found.at.1);
    let before = text[..from].trim_end();
    let around = format!("{} {}", before, &text[to..]);
    let strong = STRONG.is_match(around.as_bytes());
    if !found.local {
        // A page of the world is named for many reasons; only `listening on` it says this.
        return STRONG.is_match(before.as_bytes()) && found.url.is_none();
    }
    if found.url.is_none() {
        // `Server:  localhost:7233`: a label and nothing else.
        let label = before.ends_with(':') && text[to..].trim().is_empty() && !before.contains(' ');
        return strong
            || STRONG.is_match(text.as_bytes())
            || label && WEAK.is_match(before.as_bytes());
    }
    let alone = !address::without_urls(&around).contains(|c: char| c.is_alphanumeric());
    strong || WEAK.is_match(around.as_bytes()) || alone
}

fn duration(text: &str) -> Option<f64> {
    let found = TOOK.captures(text.as_bytes())?.name("ms")?;
    milliseconds(text.get(found.start()..found.end())?)
}

/// What fields of a structured line say about the address.
fn from_fields(body: &Body, fields: &mut EventFields) {
    const ADDRESSES: [&str; 11] = [
        "url",
        "address",
        "addr",
        "listen",
        "listen_addr",
        "listenaddress",
        "bind",
        "http",
        "endpoint",
        "local",
        "host",
    ];
    for name in ADDRESSES {
        let Some((_, value)) = body.field(&[name]) else {
            continue;
        };
        if value.starts_with("http")
            && let Some(found) = address::find(value)
        {
            (fields.url, fields.port) = (found.url, found.port);
            return;
        }
        if value.contains(':') && fields.port.is_none() {
            fields.port = address::port_of(value);
        }
    }
    if let Some((_, value)) = body.field(&["port", "http_port", "listen_port"]) {
        fields.port = address::port_of(value).or(fields.port);
    }
}

fn kind(said: &str, fields: &EventFields, plain: bool) -> EventKind {
    static LISTENING: LazyLock<Regex> = LazyLock::new(|| {
        expression(r"\blisten(?:ing|s)?\b|\bbound\b|\bbinding\b|\bsocket\b|\bmode=")
    });
    match () {
        () if fields.url.is_some() => EventKind::Ready,
        () if LISTENING.is_match(said.as_bytes()) => EventKind::Listening,
        () if plain || fields.port.is_none() => EventKind::Ready,
        () => EventKind::Listening,
    }
}
