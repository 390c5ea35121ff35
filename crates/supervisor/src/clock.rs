//! The clocks: one that never jumps for deadlines, one that people read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use forge_core::event::Now;
use rustix::time::{ClockId, clock_gettime};

/// The present moment on both clocks.
pub(crate) fn now() -> Now {
    Now {
        mono: mono(),
        unix_ns: unix_ns(),
    }
}

/// Time since boot, suspended time included (CLOCK_BOOTTIME, clock_gettime(2)).
pub(crate) fn mono() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Nanoseconds since 1970.
pub(crate) fn unix_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}

/// RFC 3339 with nanoseconds, UTC.
pub(crate) fn rfc3339(unix_ns: u64) -> String {
    let time = i128::from(unix_ns);
    match jiff::Timestamp::from_nanosecond(time) {
        Ok(time) => format!("{time:.9}"),
        Err(_) => String::new(),
    }
}

/// Nanoseconds since 1970 of such a text.
pub(crate) fn parse(rfc3339: &str) -> Option<u64> {
    let time: jiff::Timestamp = rfc3339.parse().ok()?;
    u64::try_from(time.as_nanosecond()).ok()
}

/// A short duration for people: `850ms`, `4.0s`, `2m 05s`, `3h 20m`.
pub(crate) fn short(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{}ms", time.as_millis()),
        1..60 => format!("{:.1}s", time.as_secs_f64()),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}
