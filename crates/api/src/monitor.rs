//! `GET /monitor`: what the machine and each process use, now and over time; `GET /hogs`: what uses
//! most on this machine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::status::{Process, Warning};

/// What is asked of `/monitor`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MonitorQuery {
    /// A name, group or glob; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How far the history reaches back: `1h`, `14:30`, RFC 3339; `None`: a quarter of an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// At most so many points of each series, each the mean of its part of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<usize>,
    /// Names of the series, with commas between; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,
}

/// The machine and its processes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Monitor {
    /// Absolute path of the workspace.
    pub workspace: String,
    /// The machine.
    pub system: System,
    /// In the order of the file.
    pub processes: Vec<MonitorProcess>,
    /// What deserves a look.
    pub warnings: Vec<Warning>,
}

/// What the machine uses; `None` is what could not be read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct System {
    /// Percent of all cores together.
    pub cpu_percent: Option<f64>,
    pub cores: Option<u32>,
    pub memory_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
    pub swap_bytes: Option<u64>,
    /// Over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// `cpu_percent`, `memory_bytes` and `load` over time.
    pub history: Series,
}

/// A process with its past.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct MonitorProcess {
    /// The fields of the status.
    #[serde(flatten)]
    pub process: Process,
    /// Its values over time.
    pub history: Series,
}

/// Values over time, oldest first, by the name of their field.
pub type Series = BTreeMap<String, Vec<Point>>;

/// Second since 1970 in which its interval begins, and the value. Whole numbers are written as such.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
pub struct Point(pub u64, pub f64);

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const EXACT: f64 = (1u64 << 53) as f64;
        match self.1 {
            whole if whole.fract() == 0.0 && whole.abs() < EXACT => {
                (self.0, whole as i64).serialize(serializer)
            }
            other => (self.0, other).serialize(serializer),
        }
    }
}

/// `GET /hogs`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Hogs {
    /// The busiest first.
    pub processes: Vec<Hog>,
}

/// A process of this machine that uses much.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Hog {
    pub pid: i32,
    pub ppid: i32,
    pub command: String,
    /// Percent of one core.
    pub cpu_percent: Option<f64>,
    pub memory_bytes: u64,
    pub started_at: Option<String>,
    /// `this-workspace`, `other-workspace`, `outside`, `container`, `unknown`.
    pub owner: String,
    /// The workspace, where it is a process of one.
    pub workspace: Option<String>,
    /// The name of the process there.
    pub name: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_written_as_in_the_status_and_read_back() {
        let mut one = MonitorProcess::default();
        one.process.name = "api".to_string();
        one.process.service.insert("connections".into(), 3.0.into());
        let points = vec![Point(1_700_000_000, 2.0), Point(1_700_000_001, 2.5)];
        one.history.insert("cpu_percent".into(), points);
        let text = serde_json::to_string(&one).unwrap();
        assert!(text.starts_with(r#"{"name":"api","#), "{text}");
        let series = r#""history":{"cpu_percent":[[1700000000,2],[1700000001,2.5]]}"#;
        assert!(text.contains(series), "{text}");
        let again: MonitorProcess = serde_json::from_str(&text).unwrap();
        assert_eq!(again, one);
    }
}
