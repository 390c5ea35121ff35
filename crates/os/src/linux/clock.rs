//! Time, and which boot this is.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64)
}

/// `/proc/sys/kernel/random/boot_id`: a name of this boot that no other boot has.
pub fn boot_id() -> io::Result<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(text.trim().to_string())
}

/// Lets this thread rest this long.
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
