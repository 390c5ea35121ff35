//! How well levels are recognised: lines of real programs, each with the levels that are right.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use forge_logs::{Level, Leveller};
use serde_json::Value;

use super::{Score, records, text};

/// Scores a file of `{line, level, accept, source}` and lists the misses.
///
/// The lines of a source are read in order, as they come from a process.
pub(super) fn run(file: &Path) -> Result<()> {
    let mut score = Score::new(97.0);
    let mut levellers: BTreeMap<String, Leveller> = BTreeMap::new();
    let (mut calm, mut alarms) = (0u64, 0u64);
    for record in records(file)? {
        let (line, source) = (text(&record, "line"), text(&record, "source"));
        let accept: Vec<Option<&str>> = match record.get("accept").and_then(Value::as_array) {
            Some(accept) => accept.iter().map(Value::as_str).collect(),
            None => vec![record.get("level").and_then(Value::as_str)],
        };
        let leveller = levellers.entry(source.clone()).or_default();
        let found = leveller.next(line.as_bytes());
        let right = accept.contains(&found.map(Level::name));
        let severe = |level: &Option<&str>| matches!(level, Some("error" | "fatal"));
        if !accept.iter().any(severe) {
            calm += 1;
            alarms += u64::from(found >= Some(Level::Error));
        }
        score.count(&source, right, || {
            format!("{found:?}, not {accept:?}: {line:?}")
        });
    }
    println!("{alarms} of {calm} lines that state no error were called one");
    score.tell()
}
