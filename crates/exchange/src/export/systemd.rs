//! systemd user units: a service for each process, a timer where it runs by the clock, and a target for
//! the profile.

use std::time::Duration;

use forge_core::spec::{Condition, OnDown, Probe, ProcessSpec, RestartPolicy, Schedule, Scope};

use crate::fields::Ledger;
use crate::written_maps::signal_name;

use super::ExportSource;
use super::common::{Notes, environment, is_secret, is_set, shell_line, words};
use super::process_compose_probes::as_command;
use super::systemd_words::{assignment, calendar, exec, rest};

pub(super) fn files(source: &ExportSource<'_>, ledger: &Ledger) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut wanted = Vec::new();
    for (number, spec) in source.profile.processes.iter().enumerate() {
        let notes = Notes {
            ledger,
            process: &spec.name,
            number,
        };
        let unit = unit_name(source, &spec.name);
        let mut secrets = Vec::new();
        let text = service(source, spec, &mut secrets, &notes);
        files.push((unit.clone(), text));
        match timer(source, spec, &unit, &notes) {
            Some((name, text)) => {
                wanted.push(name.clone());
                files.push((name, text));
            }
            None if spec.autostart && spec.schedule.is_none() => wanted.push(unit.clone()),
            None => {}
        }
        if !secrets.is_empty() {
            let lines = secrets.iter().map(|name| format!("{name}=\n"));
            let head = format!(
                "# Fill in and save as ~/.config/forge/{}\n",
                secret_file(source, spec)
            );
            files.push((
                format!("{}.example", secret_file(source, spec)),
                head + &lines.collect::<String>(),
            ));
        }
    }
    let target = format!(
        "[Unit]\nDescription=Profile {} of {}\nWants={}\n\n[Install]\nWantedBy=default.target\n",
        rest(&source.profile.name),
        rest(&source.workspace.to_string_lossy()),
        wanted.join(" "),
    );
    files.push((target_name(source), target));
    files
}

fn target_name(source: &ExportSource<'_>) -> String {
    format!("forge-{}.target", source.profile.name)
}

fn unit_name(source: &ExportSource<'_>, process: &str) -> String {
    format!("forge-{}-{process}.service", source.profile.name)
}

fn secret_file(source: &ExportSource<'_>, spec: &ProcessSpec) -> String {
    format!("forge-{}-{}.env", source.profile.name, spec.name)
}

fn time(time: Duration) -> String {
    format!("{}ms", time.as_millis().max(1))
}

/// A unit's text, section by section.
#[derive(Default)]
struct Unit {
    unit: Vec<String>,
    service: Vec<String>,
}

impl Unit {
    fn unit(&mut self, key: &str, value: impl AsRef<str>) {
        self.unit.push(format!("{key}={}\n", value.as_ref()));
    }

    fn service(&mut self, key: &str, value: impl AsRef<str>) {
        self.service.push(format!("{key}={}\n", value.as_ref()));
    }

    fn shell(&mut self, key: &str, line: &str) {
        let words = ["/bin/sh", "-c", line].map(String::from);
        self.service(key, exec(&words));
    }
}

fn service(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    secrets: &mut Vec<String>,
    notes: &Notes<'_>,
) -> String {
    let mut unit = Unit::default();
    let about = spec
        .description
        .clone()
        .unwrap_or_else(|| spec.name.clone());
    unit.unit("Description", rest(&about));
    unit.unit("PartOf", target_name(source));
    dependencies(source, spec, &mut unit, notes);
    let kind = match spec.health_check.as_ref().map(|check| &check.probe) {
        _ if spec.oneshot => "oneshot",
        Some(Probe::Notify) => "notify",
        _ => "exec",
    };
    unit.service("Type", kind);
    if kind == "oneshot" && spec.schedule.is_none() {
        unit.service("RemainAfterExit", "yes");
    }
    if kind == "notify" {
        unit.service("NotifyAccess", "all");
    }
    unit.service("WorkingDirectory", rest(&spec.cwd.to_string_lossy()));
    variables(source, spec, &mut unit, secrets, notes);
    if let Some(hook) = &spec.hooks.before_start {
        unit.shell("ExecStartPre", &shell_line(source, hook));
    }
    let mut line = words(source, &spec.command);
    if line.first().is_some_and(|word| !word.starts_with('/')) {
        line.insert(0, "/usr/bin/env".to_string());
    }
    unit.service("ExecStart", exec(&line));
    notes.near(
        "command",
        "the user manager's PATH may differ from your shell's",
    );
    health(source, spec, &mut unit, notes);
    if let Some(hook) = &spec.hooks.after_ready {
        unit.shell("ExecStartPost", &shell_line(source, hook));
    }
    if let Some(command) = &spec.stop.command {
        unit.shell("ExecStop", &shell_line(source, command));
    }
    if let Some(hook) = &spec.hooks.after_stop {
        unit.shell("ExecStopPost", &shell_line(source, hook));
    }
    life(spec, &mut unit, notes);
    let fields = [
        "on_exit",
        "groups",
        "tty",
        "watch",
        "debug",
        "metrics",
        "url",
        "log",
        "stop.keys",
    ];
    notes.gone_where_set(spec, &fields);
    if spec.hooks.on_crash.is_some() {
        notes.gone(
            "hooks.on_crash",
            "write a unit of its own and name it in `OnFailure=`",
        );
    }
    format!(
        "[Unit]\n{}\n[Service]\n{}",
        unit.unit.concat(),
        unit.service.concat()
    )
}

fn dependencies(source: &ExportSource<'_>, spec: &ProcessSpec, unit: &mut Unit, notes: &Notes<'_>) {
    for need in &spec.depends_on {
        let other = unit_name(source, &need.on);
        let bond = match (&need.condition, need.on_down) {
            (Condition::Exited, _) => "Wants",
            (_, OnDown::Stop) => "BindsTo",
            (_, OnDown::Ignore | OnDown::Restart) => "Requires",
        };
        unit.unit(bond, &other);
        unit.unit("After", &other);
        if need.on_down == OnDown::Restart {
            unit.unit("PartOf", &other);
        }
        if let Condition::Log(_) = &need.condition {
            notes.gone(
                "depends_on.log",
                "a line of output is nothing to wait for there",
            );
        }
    }
    if !spec.depends_on.is_empty() {
        notes.near(
            "depends_on",
            "stopping a unit also stops those that require it",
        );
    }
}

fn variables(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    unit: &mut Unit,
    secrets: &mut Vec<String>,
    notes: &Notes<'_>,
) {
    for (name, value) in environment(source, spec) {
        match value {
            None => unit.service("UnsetEnvironment", &name),
            Some(value) if is_secret(&name, &value) => {
                notes.near(
                    "env",
                    &format!(
                        "`{name}` looks secret: it is read from {}",
                        secret_file(source, spec)
                    ),
                );
                secrets.push(name);
            }
            Some(value) => unit.service("Environment", assignment(&name, &value)),
        }
    }
    if !secrets.is_empty() {
        unit.service(
            "EnvironmentFile",
            format!("%E/forge/{}", secret_file(source, spec)),
        );
    }
}

/// A service has started when its check has succeeded: then what comes after it goes on.
fn health(source: &ExportSource<'_>, spec: &ProcessSpec, unit: &mut Unit, notes: &Notes<'_>) {
    let Some(check) = spec.readiness().filter(|_| !spec.oneshot) else {
        return;
    };
    unit.service("TimeoutStartSec", time(check.start_period));
    match as_command(source, spec, &check.probe) {
        Some(command) => {
            let line = format!("until {{ {command}; }} >/dev/null 2>&1; do sleep 0.5; done");
            unit.shell("ExecStartPost", &line);
            if is_set(spec, "health_check") {
                notes.near(
                    "health_check",
                    "it is waited for at the start, and not checked later",
                );
            }
        }
        None if check.probe == Probe::Notify => notes.exact("health_check"),
        None => notes.gone("health_check", "it is no command, URL or port"),
    }
}

fn life(spec: &ProcessSpec, unit: &mut Unit, notes: &Notes<'_>) {
    let restart = &spec.restart;
    let word = match restart.policy {
        RestartPolicy::Never => "no",
        RestartPolicy::OnFailure => "on-failure",
        // systemd refuses it for what ends by itself.
        RestartPolicy::Always if spec.oneshot => "on-failure",
        RestartPolicy::Always => "always",
    };
    unit.service("Restart", word);
    if restart.policy != RestartPolicy::Never {
        unit.service("RestartSec", time(restart.delay));
        unit.unit("StartLimitIntervalSec", time(restart.window));
        unit.unit(
            "StartLimitBurst",
            restart.max_restarts.saturating_add(1).to_string(),
        );
        if restart.backoff != 1.0 {
            notes.near(
                "restart.backoff",
                "the wait between restarts does not grow there",
            );
        }
    }
    let codes: Vec<String> = restart
        .success_codes
        .iter()
        .filter(|code| **code != 0)
        .map(i32::to_string)
        .collect();
    if !codes.is_empty() {
        unit.service("SuccessExitStatus", codes.join(" "));
    }
    let signal =
        signal_name(spec.stop.signal).map_or_else(|| spec.stop.signal.to_string(), str::to_string);
    unit.service("KillSignal", signal);
    unit.service(
        "KillMode",
        match spec.stop.scope {
            Scope::Tree => "control-group",
            Scope::Leader => "mixed",
        },
    );
    unit.service("TimeoutStopSec", time(spec.stop.timeout));
    if let Some(bytes) = spec.limits.memory_bytes {
        unit.service("MemoryMax", bytes.to_string());
        notes.near("limits.memory", "the kernel kills what needs more");
    }
    if let Some(percent) = spec.limits.cpu_percent {
        unit.service("CPUQuota", format!("{}%", percent.ceil().max(1.0)));
    }
    if let Some(files) = spec.limits.open_files {
        unit.service("LimitNOFILE", files.to_string());
    }
}

fn timer(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    unit: &str,
    notes: &Notes<'_>,
) -> Option<(String, String)> {
    let when = match spec.schedule.as_ref()? {
        Schedule::Every(every) => format!("OnActiveSec={0}\nOnUnitActiveSec={0}\n", time(*every)),
        Schedule::Cron(cron) => match calendar(cron) {
            Some(calendar) => format!("OnCalendar={calendar}\n"),
            None => {
                notes.gone("schedule", "systemd's calendars cannot say these times");
                return None;
            }
        },
    };
    notes.exact("schedule");
    let name = unit.replace(".service", ".timer");
    let text = format!(
        "[Unit]\nDescription=Times of {}\nPartOf={}\n\n[Timer]\n{when}Unit={unit}\n",
        rest(&spec.name),
        target_name(source),
    );
    Some((name, text))
}
