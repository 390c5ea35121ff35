//! A workspace whose processes really run, and what is told of them.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Workspace;

/// How long anything may take; warnings have 30 seconds, other work on the machine the rest.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);
pub(crate) const BETWEEN: Duration = Duration::from_millis(250);

/// A workspace in which everything is stopped at the end.
pub(crate) struct Lives(pub(crate) Workspace);

impl Lives {
    pub(crate) fn start(config: &str, files: &[(&str, &str)]) -> Self {
        let own = Lives(Workspace::new(config));
        for (name, text) in files {
            std::fs::write(own.0.path().join(name), text).expect("a file");
        }
        let ran = own.0.run(&["dev", "start", "--timeout", "40s"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        own
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let ran = self.0.run(words);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.json()
    }

    /// The document of `monitor` once it is as wanted.
    pub(crate) fn monitor_until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let monitor = self.json(&["dev", "monitor", "--json"]);
            if wanted(&monitor) {
                return monitor;
            }
            assert!(Instant::now() < deadline, "no {what}: {}", brief(monitor));
            forge_os::pause(BETWEEN);
        }
    }

    /// Events of kind `warning`: state and name of the warning.
    pub(crate) fn warnings_told(&self, process: &str) -> Vec<String> {
        let ran = self.0.run(&["dev", "events", "--json"]);
        let events = ran
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let ours = events.filter(|one| one["kind"] == "warning" && one["process"] == process);
        ours.map(|one| format!("{} {}", text(&one["state"]), text(&one["warning"])))
            .collect()
    }
}

impl Drop for Lives {
    fn drop(&mut self) {
        let ran = self.0.run(&["daemon", "stop"]);
        // A failing test has said enough.
        if !std::thread::panicking() {
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
    }
}

fn brief(mut monitor: Value) -> String {
    for one in monitor["processes"].as_array_mut().into_iter().flatten() {
        one["history"].take();
    }
    monitor["system"].take();
    monitor.to_string()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn process<'a>(monitor: &'a Value, name: &str) -> &'a Value {
    let all = monitor["processes"].as_array().expect("a list");
    let found = all.iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {monitor}"))
}

pub(crate) fn warned(monitor: &Value, process: &str, kind: &str) -> bool {
    let all = monitor["warnings"].as_array().expect("a list");
    all.iter()
        .any(|one| one["process"] == process && one["kind"] == kind)
}
