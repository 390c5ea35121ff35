//! `forge dev events --file`: what any text tells of. No workspace is needed, nothing is started.

use std::path::Path;

use forge_logs::{EventDetector, LevelRules, LogEvent, TextLine, read_text, rfc3339};
use serde_json::{Value, json};

use crate::args::EventsArgs;
use crate::commands::logs::open;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::clock::{local, zone};

pub(super) fn run(file: &Path, args: &EventsArgs, context: &Context) -> Outcome {
    let mut detector = EventDetector::default();
    let mut time = None;
    for line in read_text(open(file)?, LevelRules::default(), zone().clone()) {
        let line = line
            .map_err(|error| Failure::failed(format!("cannot read {}: {error}", file.display())))?;
        let event = detector.next(&line.text);
        // A line without a time is no older than the one before it.
        time = line.time.or(time);
        let asked = args.since.is_none_or(|since| time >= Some(since));
        match event {
            _ if !asked => {}
            event if args.json => context.ui.out.json(&record(&line, event.as_ref())),
            Some(event) => context.ui.out.line(&shown(&line, &event)),
            None => {}
        }
        if context.ui.out.is_closed() {
            break;
        }
    }
    Ok(exit::DONE)
}

/// One record for each line, of whatever kind.
fn record(line: &TextLine, event: Option<&LogEvent>) -> Value {
    let mut record = json!({
        "line": line.number,
        "time": line.time.map(rfc3339),
        "kind": event.map(|event| event.kind.name()),
    });
    if let Some(event) = event {
        record["message"] = event.message.clone().into();
        for (name, value) in event.fields.to_map() {
            record[name] = value;
        }
    }
    record
}

fn shown(line: &TextLine, event: &LogEvent) -> String {
    let time = line.time.map(rfc3339);
    let time = time.map_or_else(|| format!("line {}", line.number), |time| local(&time));
    format!("{time}  {:<13} {}", event.kind.name(), event.message)
}
