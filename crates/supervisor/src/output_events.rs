//! Events that the output of processes tells of: found beside the loop ([`finder`]), and what follows
//! from them.
//!
//! One thread follows what all processes write, as any other reader of the logs does: it is in nobody's
//! way, and where it cannot keep up it looks at samples, and says so.

mod allowance;
mod cursor;
mod finder;

use std::sync::Arc;

use forge_facts::RunId;
use forge_logs::{EventKind, EventRule, EventRules, LogEvent};

use crate::supervisor::Supervisor;
pub(crate) use finder::Finder;

/// An address that a run has printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Printed {
    pub(crate) run: Option<RunId>,
    pub(crate) url: String,
}

impl Supervisor {
    /// Begins to look for events in output.
    pub(crate) fn look_for_events(&mut self) {
        self.recall_printed();
        let rules = self.event_rules();
        match Finder::start(&self.layout, rules, self.built(), self.inbox.clone()) {
            Ok(finder) => self.finder = Some(finder),
            Err(error) => {
                let message = format!("cannot look for events in output: {error}");
                eprintln!("supervisor: {message}");
                self.history.add(None, "warning", message);
            }
        }
    }

    /// The settings say otherwise now.
    pub(crate) fn change_event_rules(&mut self) {
        let rules = self.event_rules();
        if let Some(finder) = &self.finder {
            finder.set_rules(rules);
        }
    }

    fn event_rules(&mut self) -> Arc<EventRules> {
        let own: Vec<EventRule> = self
            .settings
            .events
            .iter()
            .map(|event| EventRule {
                pattern: event.pattern.0.clone(),
                kind: event.kind.clone(),
                message: event.message.clone(),
            })
            .collect();
        match EventRules::new(&own) {
            Ok(rules) => Arc::new(rules),
            Err(error) => {
                self.history
                    .add(None, "warning", format!("settings.events: {error}"));
                EventRules::built_in()
            }
        }
    }

    /// Those that have been built since they began: the next build is a rebuild.
    fn built(&self) -> Vec<String> {
        let mut built: Vec<&str> = Vec::new();
        for event in self.history.latest() {
            let Some(name) = event.process.as_deref() else {
                continue;
            };
            match event.kind.as_str() {
                "compiled" | "rebuild" if !built.contains(&name) => built.push(name),
                "started" | "restarted" => built.retain(|one| *one != name),
                _ => {}
            }
        }
        built.into_iter().map(str::to_string).collect()
    }

    /// The addresses that runs have told to an earlier supervisor.
    fn recall_printed(&mut self) {
        for event in self.history.latest() {
            let name = event.process.as_deref();
            let Some(managed) = name.and_then(|name| self.managed.get_mut(name)) else {
                continue;
            };
            match event.kind.as_str() {
                "started" | "restarted" => managed.printed = None,
                "ready" | "listening" if managed.printed.is_none() => {
                    let url = event.fields.get("url").and_then(|url| url.as_str());
                    let url = url.and_then(openable);
                    let run = managed.present;
                    managed.printed = url.map(|url| Printed { run, url });
                }
                _ => {}
            }
        }
    }

    /// A line of output tells of something.
    pub(crate) fn output_event(&mut self, name: &str, run: Option<RunId>, event: LogEvent) {
        let Some(managed) = self.managed.get_mut(name) else {
            return;
        };
        let tells_where = matches!(event.kind, EventKind::Ready | EventKind::Listening);
        if let Some(url) = event.fields.url.as_deref().filter(|_| tells_where)
            && let Some(url) = openable(url)
        {
            // The first one is the one for this machine.
            let known = managed.printed.as_ref();
            if known.is_none_or(|known| known.run != run) {
                managed.printed = Some(Printed { run, url });
            }
        }
        let fields = event.fields.to_map();
        self.history
            .add_with(Some(name), event.kind.name(), event.message, fields);
        self.changed();
    }
}

/// The address as a browser on this machine takes it; `None` for what no browser opens.
fn openable(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return None;
    }
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    for any in ["0.0.0.0", "[::]", "[::0]", "*"] {
        if let Some(port) = host.strip_prefix(any)
            && (port.is_empty() || port.starts_with(':'))
        {
            return Some(format!("{scheme}://localhost{port}{path}"));
        }
    }
    (!host.is_empty()).then(|| format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_all_interfaces_is_shown_as_this_machine() {
        let cases = [
            (
                "http://0.0.0.0:8000/docs",
                Some("http://localhost:8000/docs"),
            ),
            ("http://[::]:80", Some("http://localhost:80")),
            ("HTTPS://localhost:3000", Some("https://localhost:3000")),
            ("http://192.168.1.5:5173/", Some("http://192.168.1.5:5173/")),
            ("http://0.0.0.0.nip.io/", Some("http://0.0.0.0.nip.io/")),
            ("redis://127.0.0.1:6379", None),
            ("http://", None),
        ];
        for (printed, shown) in cases {
            assert_eq!(openable(printed).as_deref(), shown, "{printed}");
        }
    }

    #[test]
    fn the_kinds_of_the_settings_are_those_that_output_can_state() {
        let known = EventKind::ALL.map(EventKind::name);
        assert_eq!(known, forge_core::spec::OUTPUT_EVENTS);
    }
}
