//! Names and numbers of signals: `USR1`, `SIGUSR1` and `10` are the same.

use crate::near::did_you_mean;

/// Linux on x86 and ARM (signal(7)).
const SIGNALS: [(&str, i32); 31] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];

/// The first and last real-time signal as the C library counts them.
const REAL_TIME: (i32, i32) = (34, 64);

/// The number of a signal by name, with or without `SIG`, in any case, or by number; also
/// `RTMIN+3` and `RTMAX-1`.
pub fn signal_number(text: &str) -> Option<i32> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i32>() {
        return (1..=64).contains(&number).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time = |base: i32, rest: &str, sign: i32| {
        let offset: i32 = match rest {
            "" => 0,
            _ => rest[1..]
                .parse()
                .ok()
                .filter(|_| rest.as_bytes()[0] == if sign > 0 { b'+' } else { b'-' })?,
        };
        (0..=30).contains(&offset).then_some(base + sign * offset)
    };
    match name {
        "IOT" => return Some(6),
        "CLD" => return Some(17),
        "POLL" => return Some(29),
        _ => {}
    }
    if let Some(rest) = name.strip_prefix("RTMIN") {
        return real_time(REAL_TIME.0, rest, 1);
    }
    if let Some(rest) = name.strip_prefix("RTMAX") {
        return real_time(REAL_TIME.1, rest, -1);
    }
    let found = SIGNALS.iter().find(|(known, _)| *known == name)?;
    Some(found.1)
}

/// What to say about a text that names no signal.
pub(crate) fn help(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper).to_string();
    did_you_mean(&bare, SIGNALS.iter().map(|(name, _)| *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_signal_has_many_names() {
        for name in ["USR1", "SIGUSR1", "10", "sigusr1", " usr1 "] {
            assert_eq!(signal_number(name), Some(10), "{name}");
        }
        assert_eq!(signal_number("SIGRTMIN+2"), Some(36));
        assert_eq!(signal_number("RTMAX-1"), Some(63));
        for wrong in ["", "0", "65", "-9", "SIG", "TREM", "RTMIN-1", "RTMIN+é"] {
            assert_eq!(signal_number(wrong), None, "{wrong}");
        }
        assert_eq!(help("SIGTREM").as_deref(), Some("did you mean `TERM`?"));
    }
}
