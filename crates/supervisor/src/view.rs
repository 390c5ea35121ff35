//! What clients see: the status of a workspace, put together from the core, the samples and the events.

use forge_api as api;
use forge_core::event::{Outcome, View};
use forge_core::signal_name;
use forge_core::spec::{PortSpec, Probe, ProcessSpec};
use forge_facts::Exit;

use crate::clock;
use crate::managed::{FreshTree, Http, Managed};
use crate::supervisor::Supervisor;

/// How many events a status shows.
const EVENTS: usize = 20;

impl Supervisor {
    /// The whole status.
    pub(crate) fn status(&self) -> api::Status {
        let names = self.core.names().into_iter();
        let processes: Vec<api::Process> = names.filter_map(|name| self.process(name)).collect();
        let pid = i32::try_from(std::process::id()).unwrap_or(0);
        let latest = self.history.latest().rev().take(EVENTS);
        let mut events: Vec<api::Event> = latest.cloned().collect();
        events.reverse();
        api::Status {
            workspace: self.layout.workspace().to_string_lossy().into_owned(),
            profile: self.profile_name(),
            supervisor: Some(api::SupervisorInfo {
                pid,
                version: env!("CARGO_PKG_VERSION").to_string(),
                started_at: clock::rfc3339(self.started_at),
            }),
            keeper: self.keeper_pid().map(|pid| api::KeeperInfo { pid }),
            totals: totals(&processes),
            warnings: self.warnings_of(&processes),
            processes,
            events,
        }
    }

    /// One process as clients see it.
    pub(crate) fn process(&self, name: &str) -> Option<api::Process> {
        let spec = self.core.latest_spec(name)?;
        let view = self.core.view(name)?;
        let managed = self.managed.get(name)?;
        let (exit_code, signal) = exit_of(&view);
        let now = clock::now();
        let started = view.started_unix_ns.filter(|_| view.run.is_some());
        let uptime = view.pid.and(match view.started_mono {
            Some(mono) => Some(now.mono.saturating_sub(mono)),
            None => view
                .started_unix_ns
                .map(|at| std::time::Duration::from_nanos(now.unix_ns.saturating_sub(at))),
        });
        let mut process = api::Process {
            name: name.to_string(),
            profile: spec.profile.clone(),
            groups: spec.groups.clone(),
            status: view.status.name().to_string(),
            health: health(&view),
            pid: view.pid,
            run_id: view.run.map(|run| run.to_string()),
            port: managed.port.or(fixed_port(spec)),
            requested_port: fixed_port(spec),
            adopted: managed.adopted.is_some(),
            tty: spec.tty,
            debug: managed.debug,
            debug_port: managed.debug_port.filter(|_| managed.debug),
            debugger: self.debugger_of(managed),
            started_at: started.map(clock::rfc3339),
            uptime_ms: uptime.and_then(|time| u64::try_from(time.as_millis()).ok()),
            restarts: view.restarts,
            exit_code,
            signal,
            waiting_for: view.waiting_for.clone(),
            message: self.message_of(name, &view),
            restart_at: view.restart_at.map(|at| {
                let left = at.saturating_sub(now.mono);
                clock::rfc3339(now.unix_ns.saturating_add(nanos(left)))
            }),
            description: spec.description.clone(),
            url: self.url(name, spec, managed),
            ..api::Process::default()
        };
        add_usage(&mut process, managed);
        process.containers = self.containers.told(name, managed.present);
        self.add_statistics(&mut process);
        Some(process)
    }

    fn message_of(&self, name: &str, view: &View) -> Option<String> {
        if view.message.is_some() {
            return view.message.clone();
        }
        let next = self.schedules.next_of(name)?;
        let local = next.to_zoned(jiff::tz::TimeZone::system());
        Some(format!(
            "runs next at {}",
            local.strftime("%Y-%m-%d %H:%M:%S")
        ))
    }

    /// Where people open it: as the file says, its port where it speaks HTTP, or as it has printed.
    fn url(&self, name: &str, spec: &ProcessSpec, managed: &Managed) -> Option<String> {
        if let Some(url) = &spec.url {
            return url.resolve(|other| self.port_of(other)).ok();
        }
        let view = self.core.view(name).filter(|view| view.pid.is_some())?;
        Self::url_of_port(spec, managed).or_else(|| {
            let printed = managed.printed.as_ref()?;
            let own = printed.run.is_none() || printed.run == view.run;
            own.then(|| printed.url.clone())
        })
    }

    fn url_of_port(spec: &ProcessSpec, managed: &Managed) -> Option<String> {
        let port = managed.port.or(fixed_port(spec))?;
        let check = spec.health_check.as_ref().map(|check| &check.probe);
        let http = match check {
            Some(Probe::Http { .. }) => true,
            Some(
                Probe::Tcp { .. }
                | Probe::Command(_)
                | Probe::Log(_)
                | Probe::Notify
                | Probe::OwnPort,
            )
            | None => managed.http == Http::Speaks,
        };
        http.then(|| format!("http://localhost:{port}"))
    }

    /// One line about how far the start of a process has come.
    pub(crate) fn progress_line(&self, name: &str) -> (api::ProgressLine, bool) {
        let outcome = self.core.outcome(name);
        let view = self.core.view(name);
        let status = view.as_ref().map_or("stopped", |view| view.status.name());
        let (word, detail, settled) = match outcome {
            Outcome::Pending(detail) => ("pending", detail, false),
            Outcome::Ready => {
                let how = view.and_then(|view| view.health_detail).map(|(how, _)| how);
                ("ready", how.unwrap_or_default(), true)
            }
            Outcome::Done => ("done", String::new(), true),
            Outcome::Failed(why) => ("failed", why, true),
            Outcome::Down => ("down", String::new(), true),
        };
        let line = api::ProgressLine {
            name: name.to_string(),
            status: status.to_string(),
            outcome: word.to_string(),
            detail,
            port: self.port_of(name),
            elapsed_ms: 0,
        };
        (line, settled)
    }
}

/// The port that the file names.
pub(crate) fn fixed_port(spec: &ProcessSpec) -> Option<u16> {
    match spec.port {
        Some(PortSpec::Fixed(port)) => Some(port),
        Some(PortSpec::Auto) | None => None,
    }
}

fn add_usage(process: &mut api::Process, managed: &Managed) {
    if managed.present.is_none() {
        return;
    }
    process.pids = process.pid.into_iter().collect();
    if let FreshTree::Seen { pids, ports } = &managed.fresh_tree {
        process.pids.clone_from(pids);
        process.listening.clone_from(ports);
    }
    // What was sampled of the run before is not its own.
    let own =
        |usage: &&forge_inspect::Usage| process.pid.is_none_or(|pid| usage.pids.contains(&pid));
    let Some(usage) = managed.usage.as_ref().filter(own) else {
        return;
    };
    if matches!(managed.fresh_tree, FreshTree::Sampled) && !usage.pids.is_empty() {
        process.pids.clone_from(&usage.pids);
        process.listening = usage.ports();
    }
    process.waits_for_input = managed.waits_for_input;
    process.cpu_percent = usage
        .cpu_percent
        .map(|one| (f64::from(one) * 10.0).round() / 10.0);
    process.memory_bytes = usage.memory_bytes;
    process.memory_pss_bytes = usage.memory_pss_bytes;
    process.threads = usage.threads.map(u64::from);
    process.open_files = usage.open_files.map(u64::from);
    process.disk_read_bytes_per_s = usage.disk_read_bytes_per_s;
    process.disk_write_bytes_per_s = usage.disk_write_bytes_per_s;
    process.net_rx_bytes_per_s = usage.net_rx_bytes_per_s;
    process.net_tx_bytes_per_s = usage.net_tx_bytes_per_s;
}

fn exit_of(view: &View) -> (Option<i32>, Option<String>) {
    match view.exit {
        Some(Exit::Code(code)) => (Some(code), None),
        Some(Exit::Signal { signal, .. }) => {
            let name = signal_name(signal).map(str::to_string);
            (None, name.or_else(|| Some(signal.to_string())))
        }
        Some(Exit::Unknown) | None => (None, None),
    }
}

fn health(view: &View) -> api::Health {
    let detail = view.health_detail.as_ref();
    api::Health {
        state: view.health.name().to_string(),
        detail: detail.map(|(detail, _)| detail.clone()),
        checked_at: detail.map(|(_, at)| clock::rfc3339(*at)),
    }
}

fn totals(processes: &[api::Process]) -> api::Totals {
    let sum = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>());
    let cpu = processes.iter().filter_map(|one| one.cpu_percent).collect();
    let memory: Vec<u64> = processes
        .iter()
        .filter_map(|one| one.memory_bytes)
        .collect();
    api::Totals {
        running: processes.iter().filter(|one| one.pid.is_some()).count(),
        cpu_percent: sum(cpu).map(|sum| (sum * 10.0).round() / 10.0),
        memory_bytes: (!memory.is_empty()).then(|| memory.iter().sum()),
    }
}

fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
