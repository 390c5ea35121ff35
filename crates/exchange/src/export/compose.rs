//! `compose.yaml`: every process as a service, for those who want containers.

use forge_core::spec::{Condition, OnUnhealthy, ProcessSpec, RestartPolicy};
use std::time::Duration;

use crate::fields::Ledger;
use crate::value::Value;
use crate::written_maps::signal_name;

use super::ExportSource;
use super::common::{
    Notes, environment, fixed_port, folded, is_secret, ports, shell_line, waits_for_end,
};
use super::containers::{DockerRun, docker_run, image};
use super::process_compose_probes::as_command;

type Entries = Vec<(String, Value)>;

pub(super) fn text(source: &ExportSource<'_>, ledger: &Ledger) -> String {
    let mut services: Entries = Vec::new();
    let all = folded(source);
    for (number, (spec, name, count)) in all.iter().enumerate() {
        let notes = Notes {
            ledger,
            process: name,
            number,
        };
        services.push((
            service_name(name),
            service(source, spec, *count, &all, &notes),
        ));
    }
    let document = Value::map([
        ("name", Value::text(project(source))),
        ("services", Value::Map(services)),
    ]);
    format!(
        "# Images that Forge does not know are guesses by the command: set your own.\n{}",
        crate::emit::block(&document, 0)
    )
}

/// A name that compose takes for a project.
pub(super) fn project(source: &ExportSource<'_>) -> String {
    let folder = source
        .workspace
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let name =
        format!("{}-{}", folder.unwrap_or_default(), source.profile.name).to_ascii_lowercase();
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c,
        false => '-',
    };
    let name: String = name.chars().map(plain).collect();
    name.trim_matches('-').to_string()
}

fn service_name(name: &str) -> String {
    name.to_string()
}

fn seconds(time: Duration) -> Value {
    Value::text(format!("{}ms", time.as_millis().max(1)))
}

fn service(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    count: usize,
    all: &[(&ProcessSpec, String, usize)],
    notes: &Notes<'_>,
) -> Value {
    let mut map: Entries = Vec::new();
    let line = shell_line(source, &spec.command);
    let run = docker_run(&line);
    what(source, spec, &line, run.as_ref(), &mut map, notes);
    let mut env = environment(source, spec);
    for (name, value) in run.iter().flat_map(|run| &run.env) {
        env.insert(name.clone(), value.clone());
    }
    variables(env, &mut map, notes);
    published(spec, run.as_ref(), count, &mut map);
    depends_on(spec, all, &mut map, notes);
    health(source, spec, run.is_some(), &mut map, notes);
    life(source, spec, count, &mut map, notes);
    Value::Map(map)
}

fn what(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    line: &str,
    run: Option<&DockerRun>,
    map: &mut Entries,
    notes: &Notes<'_>,
) {
    if let Some(run) = run {
        map.push(("image".to_string(), Value::text(dollars(&run.image))));
        if !run.args.is_empty() {
            map.push((
                "command".to_string(),
                Value::texts(run.args.iter().map(|word| dollars(word))),
            ));
        }
        if !run.volumes.is_empty() {
            map.push((
                "volumes".to_string(),
                Value::texts(run.volumes.iter().map(|v| dollars(v))),
            ));
        }
        for option in &run.other {
            notes.gone(
                "command",
                &format!("`{option}` of `docker run` is left out"),
            );
        }
        return notes.exact("command");
    }
    let folder = spec.cwd.strip_prefix(source.workspace);
    let inside = match folder {
        Ok(folder) if folder.as_os_str().is_empty() => "/workspace".to_string(),
        Ok(folder) => format!("/workspace/{}", folder.to_string_lossy()),
        Err(_) => "/workspace".to_string(),
    };
    if folder.is_err() {
        notes.gone(
            "cwd",
            "it lies outside of the workspace, which is all that the container sees",
        );
    }
    let relative = folder
        .map(|folder| folder.to_string_lossy().into_owned())
        .unwrap_or_default();
    match spec.cwd.join("Dockerfile").is_file() {
        true => {
            map.push(("build".to_string(), Value::text(format!("./{relative}"))));
            notes.near("command", "in the image of the Dockerfile in its folder");
        }
        false => {
            let image = image(line);
            map.push(("image".to_string(), Value::text(image)));
            notes.near(
                "command",
                &format!("in the image `{image}`, guessed by its program"),
            );
        }
    }
    map.push(("working_dir".to_string(), Value::text(inside)));
    map.push(("volumes".to_string(), Value::texts([".:/workspace"])));
    let words = super::common::words(source, &spec.command);
    map.push((
        "command".to_string(),
        Value::texts(words.iter().map(|word| dollars(word))),
    ));
}

/// Compose replaces `$NAME` in all values.
fn dollars(text: &str) -> String {
    text.replace('$', "$$")
}

fn variables(
    env: std::collections::BTreeMap<String, Option<String>>,
    map: &mut Entries,
    notes: &Notes<'_>,
) {
    let mut entries: Entries = Vec::new();
    for (name, value) in env {
        match value {
            None => notes.near("env", &format!("`{name}` is not set in a container anyway")),
            Some(value) if is_secret(&name, &value) => {
                notes.near(
                    "env",
                    &format!("`{name}` looks secret: it is taken from the environment or `.env`"),
                );
                entries.push((
                    name.clone(),
                    Value::text(format!("${{{name}:?set it in .env}}")),
                ));
            }
            Some(value) => entries.push((name, Value::text(dollars(&value)))),
        }
    }
    if entries.iter().any(|(_, value)| matches!(value, Value::Text(text) if text.contains("localhost") || text.contains("127.0.0.1"))) {
        notes.near("env", "other services are reached by their names there, not by `localhost`");
    }
    if !entries.is_empty() {
        map.push(("environment".to_string(), Value::Map(entries)));
    }
}

fn published(spec: &ProcessSpec, run: Option<&DockerRun>, count: usize, map: &mut Entries) {
    let mut list: Vec<String> = run.map(|run| run.ports.clone()).unwrap_or_default();
    for port in ports(spec) {
        if run.and_then(|run| run.target(port)).is_none() {
            list.push(format!("{port}:{port}"));
        }
    }
    if !list.is_empty() && count == 1 {
        map.push(("ports".to_string(), Value::texts(list)));
    }
}

fn depends_on(
    spec: &ProcessSpec,
    all: &[(&ProcessSpec, String, usize)],
    map: &mut Entries,
    notes: &Notes<'_>,
) {
    let mut entries: Entries = Vec::new();
    for need in &spec.depends_on {
        let found = all.iter().find(|(other, name, _)| {
            other.name == need.on
                || need.on.strip_prefix(name.as_str()).is_some_and(|rest| {
                    rest.strip_prefix('-')
                        .is_some_and(|number| number.parse::<u32>().is_ok())
                })
        });
        let Some((other, name, _)) = found else {
            continue;
        };
        let checked = other.health_check.is_some() || fixed_port(other).is_some();
        let word = match &need.condition {
            _ if waits_for_end(need) => {
                if need.condition == Condition::Exited {
                    notes.near("depends_on", "only an exit with 0 counts there");
                }
                "service_completed_successfully"
            }
            Condition::Healthy if checked => "service_healthy",
            Condition::Log(_) => {
                notes.gone(
                    "depends_on",
                    "a line of output is nothing to wait for there: it waits for the start",
                );
                "service_started"
            }
            Condition::Healthy | Condition::Started | Condition::Completed | Condition::Exited => {
                "service_started"
            }
        };
        let mut how = vec![("condition".to_string(), Value::text(word))];
        if need.on_down == forge_core::spec::OnDown::Restart {
            how.push(("restart".to_string(), Value::bare(true)));
        }
        crate::value::set(&mut entries, &service_name(name), Value::Map(how));
    }
    if !entries.is_empty() {
        map.push(("depends_on".to_string(), Value::Map(entries)));
    }
}

fn health(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    container: bool,
    map: &mut Entries,
    notes: &Notes<'_>,
) {
    let Some(check) = spec.readiness() else {
        return;
    };
    let Some(command) = as_command(source, spec, &check.probe) else {
        return notes.gone("health_check", "it is no command, URL or port");
    };
    if container {
        notes.near(
            "health_check",
            "it runs within the container, with the ports and programs in there",
        );
    } else {
        notes.near(
            "health_check",
            "the programs that it uses have to be in the image",
        );
    }
    if check.on_unhealthy == OnUnhealthy::Restart {
        notes.gone(
            "health_check.on_unhealthy",
            "compose restarts nothing that is unhealthy",
        );
    }
    let test = Value::texts(["CMD-SHELL".to_string(), dollars(&command)]);
    let entries = [
        ("test", test),
        ("interval", seconds(check.interval)),
        ("timeout", seconds(check.timeout)),
        ("retries", Value::bare(check.retries)),
        ("start_period", seconds(check.start_period)),
    ];
    map.push(("healthcheck".to_string(), Value::map(entries)));
}

fn life(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    count: usize,
    map: &mut Entries,
    notes: &Notes<'_>,
) {
    let most = spec.restart.max_restarts;
    let word = match spec.restart.policy {
        RestartPolicy::Never => "no".to_string(),
        RestartPolicy::OnFailure => format!("on-failure:{most}"),
        RestartPolicy::Always => "always".to_string(),
    };
    map.push(("restart".to_string(), Value::text(word)));
    if spec.restart.policy != RestartPolicy::Never {
        notes.near("restart", "Docker waits between restarts as it likes");
    }
    match signal_name(spec.stop.signal) {
        Some("SIGTERM") => {}
        Some(name) => map.push(("stop_signal".to_string(), Value::text(name))),
        None => map.push((
            "stop_signal".to_string(),
            Value::text(spec.stop.signal.to_string()),
        )),
    }
    map.push(("stop_grace_period".to_string(), seconds(spec.stop.timeout)));
    if spec.stop.command.is_some() {
        notes.gone("stop.command", "only the signal is sent there");
    }
    if count > 1 {
        let replicas = Value::map([("replicas", Value::bare(count))]);
        map.push(("deploy".to_string(), replicas));
    }
    if spec.tty {
        map.push(("tty".to_string(), Value::bare(true)));
    }
    if !spec.autostart {
        let profiles = if spec.groups.is_empty() {
            vec!["manual".to_string()]
        } else {
            spec.groups.clone()
        };
        map.push(("profiles".to_string(), Value::texts(profiles)));
    }
    if let Some(bytes) = spec.limits.memory_bytes {
        map.push(("mem_limit".to_string(), Value::bare(bytes)));
        notes.near("limits", "Docker kills what needs more memory");
    }
    if let Some(percent) = spec.limits.cpu_percent {
        map.push(("cpus".to_string(), Value::bare(percent / 100.0)));
    }
    if let Some(files) = spec.limits.open_files {
        map.push((
            "ulimits".to_string(),
            Value::map([("nofile", Value::bare(files))]),
        ));
    }
    if let Some(watch) = &spec.watch {
        let folder = spec
            .cwd
            .strip_prefix(source.workspace)
            .map(|f| f.to_string_lossy().into_owned());
        let path = format!("./{}", folder.unwrap_or_default());
        let mut entry = vec![
            ("action".to_string(), Value::text("restart")),
            ("path".to_string(), Value::text(path)),
            ("include".to_string(), Value::texts(watch.paths.iter())),
        ];
        if !watch.ignore.is_empty() {
            entry.push(("ignore".to_string(), Value::texts(watch.ignore.iter())));
        }
        let list = Value::List(vec![Value::Map(entry)]);
        map.push(("develop".to_string(), Value::map([("watch", list)])));
        notes.near("watch", "by `docker compose watch`");
    }
    let fields = [
        "on_exit", "schedule", "debug", "metrics", "url", "log", "hooks", "stderr",
    ];
    notes.gone_where_set(spec, &fields);
}
