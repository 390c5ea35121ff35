//! What services say about themselves: each asked by a task of its own, beside the loop.

use std::collections::BTreeMap;
use std::time::Duration;

use forge_api as api;
use forge_core::event::Status;
use forge_facts::RunId;
use forge_services::{Meter, Value};
use tokio::time::sleep;

use crate::input::{Inbox, Input};
use crate::managed::Task;
use crate::supervisor::Supervisor;

/// How often a service is asked.
const EVERY: Duration = Duration::from_secs(10);
/// How soon again after the first answer, which has no rates yet, and after none.
const AGAIN: Duration = Duration::from_secs(2);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Figures of a service, or why there are none.
pub(crate) type Found = Result<forge_services::Statistics, String>;

/// The services that are asked.
#[derive(Default)]
pub(crate) struct Statistics {
    asked: BTreeMap<String, Asked>,
    last_number: u64,
}

/// One service.
struct Asked {
    run: RunId,
    /// `None` where the address has no port yet.
    url: Result<String, String>,
    /// Tells its task from earlier ones.
    number: u64,
    found: Option<Found>,
    _task: Option<Task>,
}

impl Statistics {
    /// An answer has come.
    pub(crate) fn take(&mut self, name: &str, number: u64, found: Found) {
        let asked = self.asked.get_mut(name);
        if let Some(asked) = asked.filter(|asked| asked.number == number) {
            asked.found = Some(found);
        }
    }

    /// The query that runs longest at the moment, and for how long.
    pub(crate) fn running_query(&self, name: &str) -> Option<(Duration, String)> {
        let found = self.asked.get(name)?.found.as_ref()?.as_ref().ok()?;
        let (Value::Number(seconds), Value::Text(query)) =
            (found.get("slowest_query_s")?, found.get("slowest_query")?)
        else {
            return None;
        };
        let time = Duration::try_from_secs_f64(*seconds).ok()?;
        Some((time, query.clone()))
    }
}

impl Supervisor {
    /// Keeps one task for each process that runs and names a service.
    pub(crate) fn follow_services(&mut self) {
        let mut wanted: BTreeMap<String, (RunId, Result<String, String>)> = BTreeMap::new();
        for (name, managed) in &self.managed {
            let Some(run) = managed.present else { continue };
            let Some(metrics) = self.core.spec(name).and_then(|spec| spec.metrics.as_ref()) else {
                continue;
            };
            let url = metrics.resolve(|other| self.port_of(other));
            wanted.insert(name.clone(), (run, url.map_err(|error| error.to_string())));
        }
        let statistics = &mut self.statistics;
        let stays = |name: &String, asked: &mut Asked| {
            wanted
                .get(name)
                .is_some_and(|(run, url)| asked.run == *run && asked.url == *url)
        };
        statistics.asked.retain(stays);
        for (name, (run, url)) in wanted {
            if statistics.asked.contains_key(&name) {
                continue;
            }
            statistics.last_number += 1;
            let number = statistics.last_number;
            let meter = url
                .clone()
                .and_then(|url| Meter::new(&url).map_err(|error| error.to_string()));
            let (task, found) = match meter {
                Ok(meter) => {
                    let work = ask(meter, name.clone(), number, self.inbox.clone());
                    (Some(Task::spawn(work)), None)
                }
                Err(why) => (None, Some(Err(why))),
            };
            let asked = Asked {
                run,
                url,
                number,
                found,
                _task: task,
            };
            statistics.asked.insert(name, asked);
        }
    }

    /// Adds what its service says. One that is only starting need not answer yet.
    pub(crate) fn add_statistics(&self, process: &mut api::Process) {
        let asked = self.statistics.asked.get(&process.name);
        match asked.and_then(|asked| asked.found.as_ref()) {
            Some(Ok(found)) => {
                let figures = found.iter();
                process.service = figures
                    .map(|(name, value)| (name.clone(), in_json(value)))
                    .collect();
            }
            Some(Err(why)) if process.status != Status::Starting.name() => {
                process.service_error = Some(why.clone());
            }
            Some(Err(_)) | None => {}
        }
    }
}

/// Whole numbers are written as such.
fn in_json(value: &Value) -> serde_json::Value {
    const EXACT: f64 = (1u64 << 53) as f64;
    match value {
        Value::Number(whole) if whole.fract() == 0.0 && whole.abs() < EXACT => {
            serde_json::Value::from(*whole as i64)
        }
        Value::Number(number) => serde_json::Value::from((number * 1000.0).round() / 1000.0),
        Value::Text(text) => serde_json::Value::from(text.as_str()),
    }
}

async fn ask(mut meter: Meter, name: String, number: u64, inbox: Inbox) {
    let mut answers = 0u32;
    loop {
        let found = meter
            .look(PATIENCE)
            .await
            .map_err(|error| error.to_string());
        answers = if found.is_ok() {
            answers.saturating_add(1)
        } else {
            0
        };
        let input = Input::Measured {
            name: name.clone(),
            number,
            found,
        };
        if inbox.send(input).is_err() {
            return;
        }
        sleep(if answers < 2 { AGAIN } else { EVERY }).await;
    }
}
