//! What else was the case when a process crashed: who refused it a connection, how those were that it
//! depends on, and which crash came first when several processes fail together.

use forge_api::{CrashOrigin, CrashReport, DependencyState};
use forge_core::event::Status;
use forge_core::spec::{PortSpec, ProcessSpec};

use super::recorder::Brief;
use crate::clock;
use crate::supervisor::Supervisor;

/// Crashes that lie further apart do not belong together.
const TOGETHER_NS: u64 = 60_000_000_000;

impl Supervisor {
    /// Adds what is known of other processes.
    pub(super) fn add_context(&self, name: &str, report: &mut CrashReport) {
        if let Some(spec) = self.core.spec(name) {
            let needs = spec.depends_on.iter().map(|need| need.on.as_str());
            report.dependencies = needs.filter_map(|on| self.state_of(on)).collect();
        }
        if report.kind.as_deref() == Some("connection-refused") {
            report.refused_by = self
                .who_refused(name, report)
                .and_then(|other| self.state_of(&other));
        }
        if let Some(by) = &report.refused_by {
            let port = report
                .port
                .map_or(String::new(), |port| format!(" on port {port}"));
            let state = described(by);
            report.summary = format!("connection refused{port}: {} {state}", by.name);
            report.suggestions.insert(
                0,
                forge_api::CrashSuggestion {
                    action: "start".to_string(),
                    text: match by.status.as_str() {
                        "stopped" | "exited" => format!("`forge dev start {}` starts it", by.name),
                        _ => format!(
                            "`forge dev why {}` tells what is the matter with it",
                            by.name
                        ),
                    },
                },
            );
        }
        report.began_with = self.origin(name, report.refused_by.as_ref());
        self.add_holder(name, report);
    }

    /// Who has the port, in words, and what can be done about it.
    fn add_holder(&self, name: &str, report: &mut CrashReport) {
        let Some(holder) = &report.holder else {
            return;
        };
        let port = holder.port;
        let who = match (&holder.process, holder.pid, &holder.command) {
            (Some(process), Some(pid), _) => format!("`{process}` of this workspace (pid {pid})"),
            (_, Some(pid), Some(command)) => format!("pid {pid} (`{command}`)"),
            (_, Some(pid), None) => format!("pid {pid}"),
            (_, None, _) => "a process of another user".to_string(),
        };
        let old = if holder.old_run {
            ", an old run of this workspace"
        } else {
            ""
        };
        report.summary = format!("port {port} is in use by {who}{old}");
        let mut suggest = |text: String| {
            report.suggestions.push(forge_api::CrashSuggestion {
                action: "free-port".to_string(),
                text,
            });
        };
        match &holder.process {
            Some(process) => suggest(format!("`forge dev stop {process}` frees it")),
            None => suggest(format!("`forge dev kill-port {port}` ends who has it")),
        }
        if self.port_of(name) == Some(port) {
            suggest(format!(
                "`forge dev start {name} --on-conflict next-port` takes the next free one"
            ));
        }
    }

    /// The process of this workspace whose port refused a connection.
    fn who_refused(&self, name: &str, report: &CrashReport) -> Option<String> {
        let port = report.port?;
        let local = report.host.as_deref().is_none_or(is_local);
        let has = |other: &&String| {
            let spec = self.core.latest_spec(other);
            other.as_str() != name
                && (self.port_of(other) == Some(port)
                    || spec.is_some_and(|spec| declares(spec, port)))
        };
        local
            .then(|| self.managed.keys().find(has).cloned())
            .flatten()
    }

    fn state_of(&self, name: &str) -> Option<DependencyState> {
        let view = self.core.view(name)?;
        Some(DependencyState {
            name: name.to_string(),
            status: view.status.name().to_string(),
            health: view.health.name().to_string(),
            message: view.message,
        })
    }

    /// The earliest crash, shortly before, of something that the process needs and that is not well.
    fn origin(&self, name: &str, refused_by: Option<&DependencyState>) -> Option<CrashOrigin> {
        let now = clock::unix_ns();
        let mut needs = self.with_needs(&[name.to_string()]);
        if let Some(by) = refused_by {
            needs.extend(self.with_needs(std::slice::from_ref(&by.name)));
        }
        let recent = needs
            .iter()
            .filter(|other| other.as_str() != name && self.is_unwell(other))
            .filter_map(|other| Some((other, self.crashes.brief(other)?)))
            .filter(|(_, brief)| now.saturating_sub(brief.at) <= TOGETHER_NS);
        let (first, brief) = recent.min_by_key(|(_, brief)| brief.at)?;
        Some(CrashOrigin {
            process: first.clone(),
            id: Some(brief.id),
            time: clock::rfc3339(brief.at),
            text: format!("{first} failed first: {}", in_words(brief)),
        })
    }

    fn is_unwell(&self, name: &str) -> bool {
        self.core.view(name).is_some_and(|view| match view.status {
            Status::Running | Status::Paused => false,
            Status::Stopped
            | Status::Waiting
            | Status::Starting
            | Status::Stopping
            | Status::Restarting
            | Status::Crashed
            | Status::Exited => true,
        })
    }

    /// Why a process is down, as its last crash tells: its cause, and what began it.
    pub(crate) fn crash_words(&self, name: &str) -> Option<String> {
        let view = self.core.view(name)?;
        let brief = self.crashes.brief(name)?;
        if view.run.is_some_and(|run| run.to_string() != brief.run) {
            return None;
        }
        let mut words = in_words(brief);
        // Why a run could not begin is its summary and its message.
        let why = brief.why.as_deref().unwrap_or_default();
        let message = view.message.as_deref().map(|message| {
            let rest = message.strip_prefix(why).filter(|_| !why.is_empty());
            rest.map_or(message, |rest| rest.trim_start_matches("; "))
        });
        if let Some(message) = message.filter(|message| !words.contains(message)) {
            words = format!("{words}; {message}");
        }
        if let Some(origin) = &brief.origin {
            words = format!("{words}; began with {origin}");
        }
        Some(words)
    }

    /// The summary, location and id of the crash of this run of a process.
    pub(crate) fn crash_of(&self, name: &str, run: &str) -> Option<&Brief> {
        self.crashes.brief(name).filter(|brief| brief.run == run)
    }
}

fn in_words(brief: &Brief) -> String {
    match &brief.location {
        Some(location) if !brief.summary.contains(location.as_str()) => {
            format!("{} ({location})", brief.summary)
        }
        Some(_) | None => brief.summary.clone(),
    }
}

/// `is not healthy: it is restarting`.
fn described(state: &DependencyState) -> String {
    match (state.status.as_str(), state.health.as_str()) {
        ("running", "unhealthy") => "is not healthy".to_string(),
        ("running", _) => "runs, but does not listen there".to_string(),
        ("stopped", _) => "is stopped".to_string(),
        ("crashed", _) => "has crashed and stays down".to_string(),
        (status, "none") => format!("is not ready: it is {status}"),
        (status, _) => format!("is not healthy: it is {status}"),
    }
}

fn is_local(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

fn declares(spec: &ProcessSpec, port: u16) -> bool {
    spec.port == Some(PortSpec::Fixed(port)) || spec.ports.contains(&port)
}
