//! Pods: the container of a process, its probes, and the waiting for what it depends on.

use forge_core::spec::{CommandSpec, Condition};

use crate::value::Value;
use crate::written_maps::signal_name;

use super::ExportSource;
use super::common::{self, Notes, fixed_port, ports, shell_line};
use super::containers::{DockerRun, docker_run, image};
use super::kubernetes::{Part, config_name, object, secret_name};
use super::kubernetes_probes::probes;

/// Who may look at Jobs, in order to wait for them.
const WAITER: &str = "forge-waiter";

type Entries = Vec<(String, Value)>;

/// Whether a process waits for the end of another one.
pub(super) fn waits_for_jobs(parts: &[Part<'_>]) -> bool {
    parts
        .iter()
        .any(|part| needed_jobs(part, parts).next().is_some())
}

fn needed_jobs<'p>(
    part: &'p Part<'_>,
    parts: &'p [Part<'_>],
) -> impl Iterator<Item = &'p Part<'p>> {
    let needs = part.spec.depends_on.iter();
    let ends = needs.filter(|need| match &need.condition {
        Condition::Completed | Condition::Exited => true,
        Condition::Started | Condition::Healthy | Condition::Log(_) => false,
    });
    ends.filter_map(|need| find(parts, &need.on))
        .filter(|other| other.spec.oneshot && other.spec.schedule.is_none())
}

fn find<'p>(parts: &'p [Part<'_>], name: &str) -> Option<&'p Part<'p>> {
    parts.iter().find(|part| {
        part.spec.name == name
            || name
                .strip_prefix(part.name.as_str())
                .and_then(|rest| rest.strip_prefix('-'))
                .is_some_and(|n| n.parse::<u32>().is_ok())
    })
}

/// The account by which pods wait for Jobs.
pub(super) fn waiter_account(profile: &str) -> Vec<Value> {
    let labels = Value::map([(
        "app.kubernetes.io/part-of",
        Value::text(super::kubernetes::object_name(profile)),
    )]);
    let rule = Value::map([
        ("apiGroups", Value::texts(["batch"])),
        ("resources", Value::texts(["jobs"])),
        ("verbs", Value::texts(["get", "list", "watch"])),
    ]);
    let role = Value::map([
        ("apiGroup", Value::text("rbac.authorization.k8s.io")),
        ("kind", Value::text("Role")),
        ("name", Value::text(WAITER)),
    ]);
    let subject = Value::map([
        ("kind", Value::text("ServiceAccount")),
        ("name", Value::text(WAITER)),
    ]);
    let rbac = "rbac.authorization.k8s.io/v1";
    vec![
        object("v1", "ServiceAccount", WAITER, &labels, []),
        object(
            rbac,
            "Role",
            WAITER,
            &labels,
            [("rules", Value::List(vec![rule]))],
        ),
        object(
            rbac,
            "RoleBinding",
            WAITER,
            &labels,
            [("roleRef", role), ("subjects", Value::List(vec![subject]))],
        ),
    ]
}

/// The pod of a process.
pub(super) fn template(
    source: &ExportSource<'_>,
    part: &Part<'_>,
    parts: &[Part<'_>],
    labels: &Value,
    secrets: bool,
    notes: &Notes<'_>,
) -> Value {
    let spec = part.spec;
    let mut pod: Entries = Vec::new();
    if needed_jobs(part, parts).next().is_some() {
        pod.push(("serviceAccountName".to_string(), Value::text(WAITER)));
    }
    if spec.oneshot || spec.schedule.is_some() {
        pod.push(("restartPolicy".to_string(), Value::text("Never")));
    }
    let grace = spec.stop.timeout.as_secs().max(1);
    pod.push((
        "terminationGracePeriodSeconds".to_string(),
        Value::bare(grace),
    ));
    if signal_name(spec.stop.signal) != Some("SIGTERM") {
        notes.gone(
            "stop.signal",
            "Kubernetes sends the image's own signal, SIGTERM by default",
        );
    }
    let waits = waits(part, parts, notes);
    if !waits.is_empty() {
        pod.push(("initContainers".to_string(), Value::List(waits)));
    }
    let container = container(source, part, secrets, notes);
    pod.push(("containers".to_string(), Value::List(vec![container])));
    Value::map([
        ("metadata", Value::map([("labels", labels.clone())])),
        ("spec", Value::Map(pod)),
    ])
}

/// Containers that end when what is needed is there.
fn waits(part: &Part<'_>, parts: &[Part<'_>], notes: &Notes<'_>) -> Vec<Value> {
    let mut list: Vec<Value> = Vec::new();
    for need in &part.spec.depends_on {
        let Some(other) = find(parts, &need.on) else {
            continue;
        };
        let name = Value::text(format!("wait-for-{}", other.object));
        let known = |item: &Value| item.get("name") == Some(&name);
        if list.iter().any(known) {
            continue;
        }
        let port = fixed_port(other.spec).or(other.spec.ports.first().copied());
        if needed_jobs(part, parts).any(|job| job.name == other.name) {
            let job = format!("job/{}", other.object);
            list.push(Value::map([
                ("name", name),
                ("image", Value::text("registry.k8s.io/kubectl:v1.34.0")),
                (
                    "args",
                    Value::texts(["wait", "--for=condition=complete", "--timeout=600s", &job]),
                ),
            ]));
            if need.condition == Condition::Exited {
                notes.near("depends_on", "only an end with success counts there");
            }
        } else if let Some(port) = port {
            let line = format!("until nc -z {} {port}; do sleep 1; done", other.object);
            list.push(Value::map([
                ("name", name),
                ("image", Value::text("busybox:1.37")),
                ("command", Value::texts(["sh", "-c", &line])),
            ]));
            notes.near(
                "depends_on",
                "its Service is waited for, which leads to pods that are ready",
            );
        } else {
            notes.gone(
                "depends_on",
                &format!(
                    "`{}` has no port and no end to wait for: both start at once",
                    other.name
                ),
            );
        }
    }
    list
}

fn container(
    source: &ExportSource<'_>,
    part: &Part<'_>,
    secrets: bool,
    notes: &Notes<'_>,
) -> Value {
    let spec = part.spec;
    let line = shell_line(source, &spec.command);
    let run = docker_run(&line);
    let mut map: Entries = vec![("name".to_string(), Value::text(&part.object))];
    match &run {
        Some(run) => {
            map.push(("image".to_string(), Value::text(&run.image)));
            if !run.args.is_empty() {
                map.push(("args".to_string(), Value::texts(escaped(&run.args))));
            }
            if !run.volumes.is_empty() {
                notes.gone("command", "volumes of `docker run` have no PersistentVolumeClaim yet: what it stores is lost with its pod");
            }
            notes.exact("command");
        }
        None => {
            let image = image(&line);
            map.push(("image".to_string(), Value::text(image)));
            map.push((
                "command".to_string(),
                Value::texts(words(source, &spec.command)),
            ));
            notes.near(
                "command",
                &format!(
                    "in the image `{image}`, guessed by its program: build one that holds your code"
                ),
            );
            notes.gone("cwd", "set the working directory in the image");
        }
    }
    let env = references(source, part, run.as_ref(), secrets);
    if !env.is_empty() {
        map.push(("envFrom".to_string(), Value::List(env)));
    }
    let targets: Vec<Value> = ports(spec)
        .into_iter()
        .map(|port| target(run.as_ref(), port))
        .map(|port| Value::map([("containerPort", Value::bare(port))]))
        .collect();
    if !targets.is_empty() {
        map.push(("ports".to_string(), Value::List(targets)));
    }
    if spec.tty {
        map.push(("stdin".to_string(), Value::bare(true)));
        map.push(("tty".to_string(), Value::bare(true)));
    }
    probes(source, spec, run.as_ref(), &mut map, notes);
    if let Some(command) = &spec.stop.command {
        let exec = Value::map([("command", Value::texts(words(source, command)))]);
        let stop = Value::map([("exec", exec)]);
        map.push(("lifecycle".to_string(), Value::map([("preStop", stop)])));
    }
    let mut limits: Entries = Vec::new();
    if let Some(bytes) = spec.limits.memory_bytes {
        limits.push(("memory".to_string(), Value::text(bytes.to_string())));
    }
    if let Some(percent) = spec.limits.cpu_percent {
        let thousandth = (percent * 10.0).ceil().max(1.0) as u64;
        limits.push(("cpu".to_string(), Value::text(format!("{thousandth}m"))));
    }
    if !limits.is_empty() {
        map.push((
            "resources".to_string(),
            Value::map([("limits", Value::Map(limits))]),
        ));
        notes.near(
            "limits",
            "Kubernetes kills what needs more memory, and slows what needs more CPU",
        );
    }
    Value::Map(map)
}

/// A command as words, with what Kubernetes would replace (`$(NAME)`, `$$`) kept as it is.
pub(super) fn words(source: &ExportSource<'_>, command: &CommandSpec) -> Vec<String> {
    escaped(&common::words(source, command))
}

fn escaped(words: &[String]) -> Vec<String> {
    let escape = |word: &String| {
        let mut out = String::new();
        let mut chars = word.chars().peekable();
        while let Some(c) = chars.next() {
            out.push(c);
            if c == '$' && matches!(chars.peek(), Some('$' | '(')) {
                out.push('$');
            }
        }
        out
    };
    words.iter().map(escape).collect()
}

fn references(
    source: &ExportSource<'_>,
    part: &Part<'_>,
    run: Option<&DockerRun>,
    secrets: bool,
) -> Vec<Value> {
    let env = super::common::environment(source, part.spec);
    let of_run = run.iter().flat_map(|run| run.env.iter());
    let clear = env
        .iter()
        .chain(of_run.map(|(name, value)| (name, value)))
        .any(|(name, value)| {
            value
                .as_ref()
                .is_some_and(|value| !super::common::is_secret(name, value))
        });
    let reference =
        |key: &str, name: String| Value::map([(key, Value::map([("name", Value::text(name))]))]);
    let mut list = Vec::new();
    if clear {
        list.push(reference("configMapRef", config_name(part)));
    }
    if secrets {
        list.push(reference("secretRef", secret_name(part)));
    }
    list
}

pub(super) fn target(run: Option<&DockerRun>, port: u16) -> u16 {
    run.and_then(|run| run.target(port)).unwrap_or(port)
}
