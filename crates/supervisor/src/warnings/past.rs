//! What the list of events says to the rules: crashes, slow work, and what an earlier supervisor has told.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use forge_api as api;
use forge_inspect::warnings::{Slow, SlowKind, Warning};
use serde_json::Value;

/// So many events of each kind are kept of a process.
const MOST: usize = 1_000;

/// The word of an event by which a warning begins, and the one by which it is over.
pub(super) const RAISED: &str = "raised";
pub(super) const CLEARED: &str = "cleared";

/// What has happened to a process.
#[derive(Default)]
pub(super) struct Past {
    pub(super) crashes: Vec<Duration>,
    pub(super) slow: Vec<Slow>,
}

/// Takes in what a rule may ask about later.
pub(super) fn hear_event(past: &mut HashMap<String, Past>, event: &api::Event) {
    let is_crash = event.kind == "crashed";
    if !is_crash && event.kind != "slow" {
        return;
    }
    let (Some(process), Some(at)) = (&event.process, time_of(event)) else {
        return;
    };
    let past = past.entry(process.clone()).or_default();
    if is_crash {
        past.crashes.push(at);
        keep_last(&mut past.crashes);
        return;
    }
    let text = event.message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let kind = if says(&["query", "queries", "sql", "select "]) {
        SlowKind::Query
    } else if says(&[
        "request", "response", "get /", "post /", "put /", "patch /", "delete /",
    ]) {
        SlowKind::Request
    } else {
        SlowKind::Other
    };
    let ms = event.fields.get("ms").and_then(Value::as_f64);
    let took = ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    past.slow.push(Slow { at, kind, took });
    keep_last(&mut past.slow);
}

fn keep_last<T>(list: &mut Vec<T>) {
    if list.len() > MOST {
        list.drain(..list.len() - MOST);
    }
}

fn time_of(event: &api::Event) -> Option<Duration> {
    let time: jiff::Timestamp = event.time.parse().ok()?;
    Duration::try_from(time.as_duration()).ok()
}

/// What an earlier supervisor has told and not taken back: it is not told again.
#[derive(Default)]
pub(super) struct Recalled(pub(super) BTreeMap<Subject, Vec<String>>);

/// Whose, which kind, which port.
pub(super) type Subject = (Option<String>, String, u64);

impl Recalled {
    /// Takes in what an earlier supervisor has told.
    pub(super) fn hear(&mut self, event: &api::Event) {
        let field = |name: &str| event.fields.get(name);
        let (Some(kind), Some(state)) = (
            field("warning").and_then(Value::as_str),
            field("state").and_then(Value::as_str),
        ) else {
            return;
        };
        let port = field("figures").and_then(|figures| figures.get("port"));
        let port = port.and_then(Value::as_f64).unwrap_or(0.0) as u64;
        let subject = (event.process.clone(), kind.to_string(), port);
        let told = self.0.entry(subject).or_default();
        if state == RAISED {
            told.push(event.message.clone());
        } else {
            told.pop();
        }
    }

    /// Whether it was told before; then it counts as told from now on.
    pub(super) fn knows(&mut self, warning: &Warning) -> bool {
        let port = warning.figures.iter().find(|(name, _)| *name == "port");
        let port = port.map_or(0, |(_, port)| *port as u64);
        let process = warning.process.as_ref().map(|key| key.as_str().to_string());
        let subject = (process, warning.kind.name().to_string(), port);
        self.0
            .get_mut(&subject)
            .is_some_and(|told| told.pop().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, message: &str, fields: serde_json::Value) -> api::Event {
        let Value::Object(fields) = fields else {
            panic!("an object")
        };
        api::Event {
            time: "2025-11-21T14:30:15.000000000Z".to_string(),
            process: Some("api".to_string()),
            kind: kind.to_string(),
            message: message.to_string(),
            fields,
        }
    }

    fn silent(port: u16) -> Warning {
        Warning {
            process: Some("api".into()),
            kind: forge_inspect::warnings::Kind::SilentPort,
            message: String::new(),
            since: Duration::ZERO,
            figures: vec![("port", f64::from(port))],
        }
    }

    #[test]
    fn crashes_and_slow_work_are_kept_with_kind_and_time() {
        let mut past = HashMap::new();
        let none = serde_json::json!({});
        hear_event(&mut past, &event("crashed", "exit code 1", none.clone()));
        hear_event(&mut past, &event("started", "started", none.clone()));
        let ms = serde_json::json!({"ms": 1500});
        hear_event(&mut past, &event("slow", "slow query: SELECT 1", ms));
        hear_event(&mut past, &event("slow", "GET /users took long", none));
        let past = &past["api"];
        assert_eq!(past.crashes, [Duration::from_secs(1_763_735_415)]);
        let slow: Vec<_> = past
            .slow
            .iter()
            .map(|slow| (slow.kind, slow.took))
            .collect();
        let took = Some(Duration::from_millis(1500));
        assert_eq!(slow, [(SlowKind::Query, took), (SlowKind::Request, None)]);
    }

    #[test]
    fn what_was_told_and_not_taken_back_is_known_once() {
        let told = |state: &str, port: u16| {
            let figures = serde_json::json!({"port": port});
            let fields =
                serde_json::json!({"warning": "silent-port", "state": state, "figures": figures});
            event("warning", "nobody listens", fields)
        };
        let mut recalled = Recalled::default();
        recalled.hear(&told(RAISED, 80));
        recalled.hear(&told(RAISED, 81));
        recalled.hear(&told(CLEARED, 81));
        assert!(!recalled.knows(&silent(81)));
        assert!(recalled.knows(&silent(80)));
        assert!(!recalled.knows(&silent(80)));
    }
}
