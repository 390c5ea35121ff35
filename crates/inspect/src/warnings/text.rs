//! Figures as people read them.

use std::time::Duration;

/// Bytes with a unit of 1024.
pub(super) fn bytes(bytes: f64) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"];
    let mut value = bytes.max(0.0);
    let mut unit = 0;
    while value >= 1023.5 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 9.95 && unit > 0 {
        format!("{value:.1} {}", units[unit])
    } else {
        format!("{value:.0} {}", units[unit])
    }
}

/// A time of seconds, minutes or hours.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h", (seconds + 1800) / 3600),
    }
}

/// A count with its noun.
pub(super) fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_unit_that_fits() {
        let mib = 1024.0 * 1024.0;
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(1.5 * mib), "1.5 MB");
        assert_eq!(bytes(512.0 * mib), "512 MB");
        assert_eq!(bytes(1023.9 * mib), "1.0 GB");
        assert_eq!(time(Duration::from_secs(119)), "119 s");
        assert_eq!(time(Duration::from_secs(300)), "5 min");
        assert_eq!(time(Duration::from_secs(7200)), "2 h");
        assert_eq!(count(1, "query", "queries"), "1 query");
    }
}
