//! How exits, times and lists read to people: in one place, so that every message says it alike.

use std::time::Duration;

use forge_facts::Exit;

/// How a run has ended, in words: `exit code 1`, `killed by SIGSEGV (core dumped)`.
pub fn exit_words(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal { signal, core } => {
            let name = match signal_name(signal) {
                Some(name) => name.to_string(),
                None => format!("signal {signal}"),
            };
            let dumped = if core { " (core dumped)" } else { "" };
            format!("killed by {name}{dumped}")
        }
        Exit::Unknown => "ended while unsupervised, exit status unknown".to_string(),
    }
}

/// The name of a signal by its number on Linux (signal(7)); `None` for the real-time ones.
pub fn signal_name(signal: i32) -> Option<&'static str> {
    const NAMES: [&str; 31] = [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    let place = usize::try_from(signal).ok()?.checked_sub(1)?;
    NAMES.get(place).copied()
}

/// The exit code that a shell would give: 128 and the signal for a signal, 1 where nothing is known.
pub(crate) fn exit_number(exit: Exit) -> i32 {
    match exit {
        Exit::Code(code) => code,
        Exit::Signal { signal, .. } => 128 + signal,
        Exit::Unknown => 1,
    }
}

/// A setting as one would write it: `200ms`, `60s`, `10m`, `1h`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if time.subsec_millis() != 0 {
        if seconds == 0 {
            return format!("{}ms", time.as_millis());
        }
        return format!("{:.1}s", time.as_secs_f64());
    }
    match seconds {
        0 => "0s".to_string(),
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 && s > 60 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// A time that passes, as exact as anybody cares: `0.2 s`, `5 s`, `42 s`, `3 min`.
pub(crate) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 && time.subsec_millis() != 0 {
        format!("{seconds:.1} s")
    } else if seconds < 120.0 {
        format!("{} s", seconds.round())
    } else if seconds < 7200.0 {
        format!("{} min", (seconds / 60.0).round())
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

/// What is left of a wait: `4.0 s`, `42 s`.
pub(crate) fn remaining(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        lasting(time)
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<S: AsRef<str>>(items: &[S]) -> String {
    let mut text = String::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            text.push_str(if place + 1 == items.len() {
                " and "
            } else {
                ", "
            });
        }
        text.push_str(item.as_ref());
    }
    text
}

/// `pid 1`, `pids 1, 2`.
pub(crate) fn pids(pids: &[i32]) -> String {
    let numbers: Vec<String> = pids.iter().map(i32::to_string).collect();
    match numbers.len() {
        0 => "what is left of it".to_string(),
        1 => format!("pid {}", numbers[0]),
        _ => format!("pids {}", numbers.join(", ")),
    }
}

/// `1 restart`, `5 restarts`.
pub(crate) fn restarts(count: u32) -> String {
    match count {
        1 => "1 restart".to_string(),
        many => format!("{many} restarts"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_reads_as_people_say_it() {
        assert_eq!(exit_words(Exit::Code(1)), "exit code 1");
        let segv = Exit::Signal {
            signal: 11,
            core: true,
        };
        assert_eq!(exit_words(segv), "killed by SIGSEGV (core dumped)");
        let real_time = Exit::Signal {
            signal: 34,
            core: false,
        };
        assert_eq!(exit_words(real_time), "killed by signal 34");
        assert_eq!(signal_name(0), None);
        assert_eq!(signal_name(-1), None);
        assert_eq!(signal_name(31), Some("SIGSYS"));
    }

    #[test]
    fn the_exit_number_is_the_one_a_shell_would_give() {
        let term = Exit::Signal {
            signal: 15,
            core: false,
        };
        assert_eq!(exit_number(term), 143);
        assert_eq!(exit_number(Exit::Code(3)), 3);
        assert_eq!(exit_number(Exit::Unknown), 1);
    }

    #[test]
    fn settings_read_as_they_are_written() {
        for (millis, text) in [
            (0, "0s"),
            (200, "200ms"),
            (1_500, "1.5s"),
            (60_000, "60s"),
            (90_000, "90s"),
            (600_000, "10m"),
            (7_200_000, "2h"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn times_that_pass_are_as_exact_as_anybody_cares() {
        for (millis, text) in [
            (200, "0.2 s"),
            (5_000, "5 s"),
            (5_250, "5.2 s"),
            (42_400, "42 s"),
            (185_000, "3 min"),
            (9_000_000, "2.5 h"),
        ] {
            assert_eq!(lasting(Duration::from_millis(millis)), text);
        }
        assert_eq!(remaining(Duration::from_secs(4)), "4.0 s");
        assert_eq!(remaining(Duration::from_secs(40)), "40 s");
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(pids(&[1, 2]), "pids 1, 2");
    }
}
