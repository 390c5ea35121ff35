//! Where the rules begin to warn.

use std::time::Duration;

/// Where the rules begin to warn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// CPU in percent of one core that is much.
    pub cpu_percent: f32,
    /// How long it must be.
    pub cpu_for: Duration,
    /// The share of a limit that is near to it.
    pub near: f32,
    /// The share of the files that the system allows.
    pub open_files: f32,
    /// So many slow requests or queries.
    pub slow_count: usize,
    /// Within this time.
    pub slow_within: Duration,
    /// A query that runs for so long is slow while it does.
    pub running_query: Duration,
    /// So many crashes.
    pub crashes: usize,
    /// Within this time.
    pub crashes_within: Duration,
    /// How long a port must be as it is.
    pub port_for: Duration,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            cpu_percent: 90.0,
            cpu_for: Duration::from_secs(120),
            near: 0.9,
            open_files: 0.8,
            slow_count: 1,
            slow_within: Duration::from_secs(3600),
            running_query: Duration::from_secs(5),
            crashes: 3,
            crashes_within: Duration::from_secs(600),
            port_for: Duration::from_secs(10),
        }
    }
}
