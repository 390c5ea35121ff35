//! Forms of a fixed shape: the level is a number, a letter or a sign at a known place.

use super::{Level, words};

/// The level of a line of fixed shape.
pub(super) fn level(line: &str) -> Option<Level> {
    let bytes = line.as_bytes();
    match bytes.first()? {
        b'<' => angle(line),
        b'I' | b'W' | b'E' | b'F' | b'D' | b'A' | b'V' | b'w' | b'e' | b'i' => lettered(bytes),
        b':' => command(line.strip_prefix("::")?),
        b'#' => command(line.strip_prefix("##[")?),
        b'=' => report(line),
        b'n' if line.starts_with("not ok ") => Some(Level::Error),
        b'a'..=b'z' => npm(line),
        b'0'..=b'9' | b'[' => redis(line),
        _ => None,
    }
}

/// `<27>1 2026-…` and `<6>[ 0.0]` of syslog, `<w> [webpack-dev-server]` of webpack.
fn angle(line: &str) -> Option<Level> {
    let (inner, rest) = line[1..].split_once('>')?;
    if inner.len() <= 3
        && let Ok(priority) = inner.parse::<u8>()
    {
        return words::syslog(i64::from(priority % 8)).filter(|_| priority <= 191);
    }
    match inner {
        "e" if rest.starts_with(' ') => Some(Level::Error),
        "w" if rest.starts_with(' ') => Some(Level::Warn),
        "i" if rest.starts_with(' ') => Some(Level::Info),
        "t" if rest.starts_with(' ') => Some(Level::Debug),
        _ => None,
    }
}

/// `I1123 02:54:46.034659` (klog), `I20261123 02:54:46` or `I261123 02:54:46` (glog), `I, [2026-…` (Ruby), `W/Tag( 12):`
/// (logcat), `w: file:///…` (Kotlin).
fn lettered(bytes: &[u8]) -> Option<Level> {
    let letter = words::letter(bytes[0].to_ascii_uppercase());
    let digits = bytes[1..].iter().take_while(|b| b.is_ascii_digit()).count();
    if matches!(digits, 4 | 6 | 8) && bytes.get(1 + digits) == Some(&b' ') {
        let time = bytes.get(2 + digits..5 + digits)?;
        if time[0].is_ascii_digit() && time[1].is_ascii_digit() && time[2] == b':' {
            return letter;
        }
    }
    match bytes.get(1..4)? {
        [b',', b' ', b'['] => letter,
        [b'/', name, _] if name.is_ascii_alphabetic() && bytes[0].is_ascii_uppercase() => {
            let tag = bytes.iter().take(64).position(|b| *b == b'(')?;
            let rest = &bytes[tag + 1..];
            let pid = rest
                .iter()
                .take_while(|b| **b == b' ' || b.is_ascii_digit())
                .count();
            rest[pid..].starts_with(b"):").then_some(letter).flatten()
        }
        [b':', b' ', b'f' | b'/'] if bytes[0].is_ascii_lowercase() => letter,
        _ => None,
    }
}

/// Commands to a runner of pipelines: `::error file=…::`, `##[warning]…`.
fn command(rest: &str) -> Option<Level> {
    let end = rest.find([' ', ':', ']'])?;
    words::level(&rest[..end])
}

/// `=ERROR REPORT==== …` of Erlang, and `==123==ERROR: …` of the sanitizers.
fn report(line: &str) -> Option<Level> {
    let word = line.trim_start_matches(|c: char| c == '=' || c.is_ascii_digit());
    let end = word.find([' ', ':'])?;
    match (&word[..end], &word[end..]) {
        ("CRASH" | "SUPERVISOR", rest) if rest.starts_with(" REPORT=") => Some(Level::Error),
        ("PROGRESS", rest) if rest.starts_with(" REPORT=") => Some(Level::Info),
        (name, rest) if rest.starts_with(" REPORT=") || rest.starts_with(':') => Some(name)
            .filter(|name| words::stands_alone(name))
            .and_then(words::level),
        _ => None,
    }
}

/// `npm error …`, `npm ERR! …`, `npm WARN …`; `gyp ERR! …` and others that log as npm does.
fn npm(line: &str) -> Option<Level> {
    let (name, rest) = line.split_once(' ')?;
    let word = rest.split(' ').next()?;
    if word == "ERR!" {
        return Some(Level::Error);
    }
    if !matches!(name, "npm" | "gyp" | "lerna" | "node-pre-gyp") {
        return None;
    }
    match word {
        "timing" => Some(Level::Debug),
        _ if word == "info" || word == "notice" || words::level(word) != Some(Level::Info) => {
            words::level(word)
        }
        _ => None,
    }
}

/// `5539:M 23 Nov 2026 02:55:40.053 * Ready`, and `[5539] 23 Nov 02:55:40 * Ready` of old.
fn redis(line: &str) -> Option<Level> {
    let mut words = line.split(' ');
    let first = words.next()?;
    let (pid, role) = first.split_once(':').unwrap_or((first, "M"));
    let pid = pid
        .strip_prefix('[')
        .and_then(|pid| pid.strip_suffix(']'))
        .unwrap_or(pid);
    if pid.is_empty()
        || !pid.bytes().all(|b| b.is_ascii_digit())
        || !matches!(role, "M" | "S" | "C" | "X")
    {
        return None;
    }
    let day = words.next()?;
    let month = words.next()?;
    if !day.bytes().all(|b| b.is_ascii_digit()) || !MONTHS.contains(&month) {
        return None;
    }
    let sign = words.find(|word| word.len() == 1)?;
    Some(match sign {
        "." => Level::Trace,
        "-" => Level::Debug,
        "*" => Level::Info,
        "#" => Level::Warn,
        _ => return None,
    })
}

pub(super) const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A line without the `web-1  | ` that compose and others put before it.
pub(super) fn without_compose_prefix(line: &str) -> &str {
    let start = &line.as_bytes()[..line.len().min(72)];
    let Some(at) = memchr::memchr(b'|', start).filter(|at| *at > 0 && start[at - 1] == b' ') else {
        return line;
    };
    let (name, rest) = (line[..at].trim_end(), &line[at + 1..]);
    let plain = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        && name.bytes().any(|b| b.is_ascii_lowercase());
    if plain { rest.trim_start() } else { line }
}

/// A line without the `Nov 23 02:55:40 host program[12]: ` of syslog.
pub(super) fn without_syslog_header(line: &str) -> &str {
    let Some(rest) = MONTHS.iter().find_map(|month| line.strip_prefix(month)) else {
        return line;
    };
    let mut words = rest.split_ascii_whitespace();
    let day = words
        .next()
        .is_some_and(|day| day.len() <= 2 && day.bytes().all(|b| b.is_ascii_digit()));
    let time = words.next().is_some_and(|time| {
        time.len() >= 8
            && time.as_bytes()[2] == b':'
            && time
                .bytes()
                .all(|b| b.is_ascii_digit() || b":.".contains(&b))
    });
    let host = words.next();
    let program = words.next();
    match (day && time, host, program) {
        (true, Some(_), Some(program)) => {
            let at = program.as_ptr() as usize - line.as_ptr() as usize;
            match program.ends_with(':') {
                true => line[at + program.len()..].trim_start(),
                false => line[at..]
                    .split_once("]: ")
                    .map_or(&line[at..], |(_, rest)| rest),
            }
        }
        _ => line,
    }
}
