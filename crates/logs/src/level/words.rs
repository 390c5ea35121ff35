//! The words that stand for levels, in all the spellings that loggers have.

use super::Level;

/// The level that a word stands for where nothing but a level can stand (a field of JSON, brackets,
/// `level=`), in any case.
pub(super) fn level(word: &str) -> Option<Level> {
    // Most words are none: they are told by their first letter and length.
    let begins = b"abcdefhilnprstvw".contains(&word.as_bytes().first()?.to_ascii_lowercase());
    if !begins || !(3..=13).contains(&word.len()) {
        return None;
    }
    let mut lower = [0u8; 16];
    let lower = lower.get_mut(..word.len())?;
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"trace" | b"trc" | b"trac" | b"trce" | b"finest" | b"finer" | b"silly" | b"sill"
        | b"vrb" | b"all" => Level::Trace,
        b"debug" | b"dbg" | b"debu" | b"dbug" | b"fine" | b"verbose" | b"verb" | b"http"
        | b"debug1" | b"debug2" | b"debug3" | b"debug4" | b"debug5" | b"config" => Level::Debug,
        b"info" | b"inf" | b"information" | b"informational" | b"notice" | b"note" | b"log"
        | b"success" | b"ready" | b"start" | b"system" | b"default" => Level::Info,
        b"warn" | b"warning" | b"wrn" | b"warnings" | b"deprecated" => Level::Warn,
        b"error" | b"err" | b"erro" | b"eror" | b"severe" | b"fail" | b"failed" | b"failure"
        | b"fault" => Level::Error,
        b"fatal" | b"ftl" | b"fata" | b"critical" | b"crit" | b"alert" | b"emerg"
        | b"emergency" | b"panic" | b"pani" | b"pnc" | b"dpanic" => Level::Fatal,
        _ => return None,
    })
}

/// Whether a word in capitals stands for a level wherever a column of a log's head can be. Words
/// that are also written in capitals for other reasons need a colon or brackets.
pub(super) fn stands_alone(word: &str) -> bool {
    level(word).is_some()
        && !matches!(
            word,
            "ALL"
                | "HTTP"
                | "CONFIG"
                | "LOG"
                | "NOTE"
                | "READY"
                | "START"
                | "SYSTEM"
                | "DEFAULT"
                | "FAULT"
                | "VERB"
                | "SILL"
                | "DEPRECATED"
                | "FAILURE"
        )
}

/// Whether a word, written small or with a capital, stands for a level when a colon follows.
pub(super) fn stands_before_colon(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    level(word).is_some()
        && !matches!(
            lower.as_str(),
            "all"
                | "config"
                | "default"
                | "fine"
                | "finer"
                | "finest"
                | "log"
                | "ready"
                | "start"
                | "system"
                | "fault"
                | "success"
                | "failed"
        )
}

/// Whether a word written small stands for a level without a colon, as the first of a line or
/// behind a time.
pub(super) fn stands_first(word: &str) -> bool {
    matches!(
        word,
        "trace" | "debug" | "info" | "warn" | "warning" | "error" | "fatal" | "critical" | "notice"
    )
}

/// Levels as numbers: of pino and bunyan (10 to 60), of log4j (5000 to 50000), of Python's are the same
/// as pino's up to a factor that is none.
pub(super) fn number(value: i64) -> Option<Level> {
    Some(match value {
        10..=19 => Level::Trace,
        20..=29 => Level::Debug,
        30..=39 => Level::Info,
        40..=49 => Level::Warn,
        50..=59 => Level::Error,
        60..=69 => Level::Fatal,
        5_000..10_000 => Level::Trace,
        10_000..20_000 => Level::Debug,
        20_000..30_000 => Level::Info,
        30_000..40_000 => Level::Warn,
        40_000..50_000 => Level::Error,
        50_000 => Level::Fatal,
        _ => return None,
    })
}

/// Severities of OpenTelemetry: four steps for each level.
pub(super) fn otel(number: i64) -> Option<Level> {
    let step = usize::try_from(number.checked_sub(1)?).ok()? / 4;
    Level::ALL.get(step).copied()
}

/// Severities of syslog (RFC 5424, table 2).
pub(super) fn syslog(severity: i64) -> Option<Level> {
    Some(match severity {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warn,
        5 | 6 => Level::Info,
        7 => Level::Debug,
        _ => return None,
    })
}

/// The single letters of klog, glog, logcat, Ruby's logger, MongoDB and Tornado.
pub(super) fn letter(letter: u8) -> Option<Level> {
    Some(match letter {
        b'V' | b'T' => Level::Trace,
        b'D' => Level::Debug,
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' | b'C' => Level::Fatal,
        _ => return None,
    })
}

/// Values that say that there is no error.
pub(super) fn is_nothing(rest: &str) -> bool {
    matches!(
        rest.trim_end_matches([',', ';', '.'])
            .to_ascii_lowercase()
            .as_str(),
        "0" | "none" | "null" | "nil" | "false" | "no" | "undefined" | "\"\"" | "''" | "ok"
    )
}
