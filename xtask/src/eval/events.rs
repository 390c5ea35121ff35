//! How well events are recognised: lines of real programs, each with what it tells of.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use forge_logs::{EventDetector, EventFields, LogEvent};
use serde_json::Value;

use super::{Score, records, text};

/// What is compared beside the kind, where a line states it.
const FIELDS: [&str; 12] = [
    "url", "port", "ms", "files", "asset", "size", "gzip", "errors", "warnings", "passed",
    "failed", "package",
];

/// Scores a file of `{line, event, accept_event, source, …}` and lists the misses.
///
/// The lines of a source are read in order, as they come from a process.
pub(super) fn run(file: &Path) -> Result<()> {
    let mut score = Score::new(95.0);
    let mut detectors: BTreeMap<String, EventDetector> = BTreeMap::new();
    for record in records(file)? {
        let (line, source) = (text(&record, "line"), text(&record, "source"));
        let accept: Vec<&str> = match record.get("accept_event").and_then(Value::as_array) {
            Some(accept) => accept.iter().filter_map(Value::as_str).collect(),
            None => record
                .get("event")
                .and_then(Value::as_str)
                .into_iter()
                .collect(),
        };
        let detector = detectors.entry(source.clone()).or_default();
        let found = detector.next(line.as_bytes());
        let kind = found.as_ref().map_or("none", |event| event.kind.name());
        let stated = record.get("event").and_then(Value::as_str) != Some("none");
        let wrong = match &found {
            Some(event) if stated => differences(&record, event),
            _ => Vec::new(),
        };
        score.count(&source, accept.contains(&kind) && wrong.is_empty(), || {
            format!("{kind} {wrong:?}, not {accept:?}: {line:?}")
        });
    }
    score.tell()
}

/// Fields that are stated and were not found so; numbers may differ by one percent.
fn differences(record: &Value, event: &LogEvent) -> Vec<String> {
    let found = EventFields::to_map(&event.fields);
    let compared = FIELDS.iter().filter_map(|name| {
        let (wanted, found) = (record.get(name)?, found.get(*name));
        let same = match (wanted.as_f64(), found.and_then(Value::as_f64)) {
            (Some(wanted), Some(found)) => (wanted - found).abs() <= wanted.abs() * 0.01,
            _ => found == Some(wanted),
        };
        (!same).then(|| format!("{name}: {wanted} but {found:?}"))
    });
    compared.collect()
}
