//! Profiles of any shape, for properties.
#![allow(unreachable_pub)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use forge_core::spec::*;
use forge_core::template::{Part, Template};
use proptest::prelude::*;
use proptest::sample::select;

const NAMES: [&str; 6] = ["web", "api", "db.main", "worker_2", "x", "job-a"];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9 ]{0,12}[a-z]",
        select(vec![
            "1.10",
            "yes",
            "null",
            "a: b",
            "a #b",
            "{{.Names}}",
            "$HOME/${X:-y} $$ $(pwd)",
            "it's \"q\"",
            "two\nlines\n",
            "-x",
            "* ?",
            "ünïcode ✓",
            "back\\slash",
            "100%",
            "tab\there",
            "~",
            "[a]",
        ])
        .prop_map(String::from),
    ]
}

/// A text in which ports of processes with one may occur.
fn template(with_port: Vec<String>) -> BoxedStrategy<Template> {
    if with_port.is_empty() {
        return text().prop_map(Template::text).boxed();
    }
    (
        text(),
        proptest::option::of((select(with_port), "[a-z/]{1,5}")),
    )
        .prop_map(|(text, port)| match port {
            None => Template::text(text),
            Some((name, behind)) => Template::from_parts(vec![
                Part::Text(text),
                Part::PortOf(name),
                Part::Text(behind),
            ]),
        })
        .boxed()
}

fn command(with_port: Vec<String>) -> impl Strategy<Value = CommandSpec> {
    prop_oneof![
        template(with_port.clone()).prop_map(CommandSpec::Shell),
        proptest::collection::vec(template(with_port), 1..4).prop_map(CommandSpec::Argv),
    ]
}

fn time() -> impl Strategy<Value = Duration> {
    select(vec![1u64, 200, 1500, 5_000, 60_000, 90_000, 3_600_000]).prop_map(Duration::from_millis)
}

fn pattern() -> impl Strategy<Value = Pattern> {
    select(vec!["ready", "^a.*b$", "x{2}", "a|b"]).prop_map(|text| Pattern(text.to_string()))
}

fn probe(name: String, has_port: bool, with_port: Vec<String>) -> BoxedStrategy<Probe> {
    let url = match has_port {
        true => Template::from_parts(vec![
            Part::Text("http://localhost:".into()),
            Part::PortOf(name),
            Part::Text("/health?a=b".into()),
        ]),
        false => Template::text("https://example.org/health"),
    };
    let http = (
        prop_oneof![Just(vec![(200, 399)]), Just(vec![(200, 200), (301, 308)])],
        proptest::option::of(pattern()),
        text(),
    );
    let http = http.prop_map(move |(status, body, header)| Probe::Http {
        url: url.clone(),
        status,
        headers: vec![("X-A".into(), Template::text(header.replace('\n', " ")))],
        body,
    });
    let own = if has_port {
        Probe::OwnPort
    } else {
        Probe::Notify
    };
    prop_oneof![
        http,
        Just(Probe::Tcp {
            address: Template::text("127.0.0.1:9")
        }),
        command(with_port).prop_map(Probe::Command),
        pattern().prop_map(Probe::Log),
        Just(Probe::Notify),
        Just(own),
    ]
    .boxed()
}

fn check(probe: BoxedStrategy<Probe>) -> impl Strategy<Value = HealthCheck> {
    (
        probe,
        time(),
        time(),
        1u32..9,
        time(),
        any::<bool>(),
        proptest::option::of(pattern()),
    )
        .prop_map(
            |(probe, interval, timeout, retries, start_period, restart, fail_on)| HealthCheck {
                probe,
                interval,
                timeout,
                retries,
                start_period,
                on_unhealthy: if restart {
                    OnUnhealthy::Restart
                } else {
                    OnUnhealthy::Warn
                },
                fail_on,
            },
        )
}

fn restart(oneshot: bool) -> impl Strategy<Value = RestartSpec> {
    let policy = select(vec![
        RestartPolicy::Never,
        RestartPolicy::OnFailure,
        RestartPolicy::Always,
    ]);
    let usual = RestartSpec {
        policy: if oneshot {
            RestartPolicy::Never
        } else {
            RestartPolicy::OnFailure
        },
        ..RestartSpec::default()
    };
    let other = (
        policy,
        time(),
        time(),
        0u32..9,
        time(),
        any::<bool>(),
        any::<bool>(),
    );
    let other = other.prop_map(
        |(policy, delay, max_delay, max_restarts, window, codes, retry)| RestartSpec {
            policy,
            delay,
            backoff: 1.5,
            max_delay,
            max_restarts,
            window,
            success_codes: if codes { vec![0, 130] } else { vec![0] },
            on_deterministic: if retry {
                OnDeterministic::Retry
            } else {
                OnDeterministic::Wait
            },
        },
    );
    prop_oneof![Just(usual), other]
}

fn stop(with_port: Vec<String>) -> impl Strategy<Value = StopSpec> {
    let some = (
        select(vec![2, 15, 9, 12, 34]),
        any::<bool>(),
        time(),
        proptest::option::of(command(with_port)),
        proptest::option::of(text()),
    );
    let some = some.prop_map(|(signal, tree, timeout, command, keys)| StopSpec {
        signal,
        scope: if tree { Scope::Tree } else { Scope::Leader },
        timeout,
        command,
        keys,
    });
    prop_oneof![Just(StopSpec::default()), some]
}

/// A process of this number; those before it are what it may depend on.
fn process(number: usize, ports: Vec<bool>, oneshots: Vec<bool>) -> BoxedStrategy<ProcessSpec> {
    let name = NAMES[number].to_string();
    let with_port: Vec<String> = (0..ports.len())
        .filter(|at| ports[*at])
        .map(|at| NAMES[at].to_string())
        .collect();
    let (has_port, oneshot) = (ports[number], oneshots[number]);
    let env = proptest::collection::btree_map(
        "[A-Z]{2,6}",
        proptest::option::of(template(with_port.clone())),
        0..4,
    );
    let needs = proptest::collection::vec((0usize..6, 0usize..5, 0usize..3, pattern()), 0..3);
    let first = (
        command(with_port.clone()),
        select(vec!["", "sub", "a b/c", "../up", "~odd"]),
        env,
        proptest::option::of(text()),
        proptest::option::of(check(probe(name.clone(), has_port, with_port.clone()))),
        restart(oneshot),
        stop(with_port),
        needs,
    );
    let flags = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        0usize..3,
        0usize..3,
        proptest::option::of(time()),
        0usize..4,
    );
    (first, flags)
        .prop_map(move |(first, flags)| {
            let (command, cwd, env, description, health_check, restart, stop, needs) = first;
            let (merge, tty, autostart, on_exit, groups, every, more) = flags;
            let mut spec = ProcessSpec::new("dev", &name, command, Path::new("/").join(cwd));
            spec.env = env;
            if has_port {
                spec.port = Some(PortSpec::Fixed(4000 + number as u16));
                let own = Template::from_parts(vec![Part::PortOf(name.clone())]);
                spec.env.insert("PORT".into(), Some(own));
            }
            spec.description = description;
            spec.health_check = health_check;
            spec.restart = restart;
            spec.oneshot = oneshot;
            spec.stop = stop;
            spec.stderr = if merge {
                StderrMode::Merge
            } else {
                StderrMode::Separate
            };
            spec.tty = tty;
            spec.autostart = autostart;
            spec.on_exit = [OnExit::None, OnExit::StopAll, OnExit::StopAllOnFailure][on_exit];
            spec.groups = ["one", "two"][..groups.min(2)]
                .iter()
                .map(|group| group.to_string())
                .collect();
            spec.schedule = every.filter(|_| more == 1).map(Schedule::Every);
            further(&mut spec, more);
            for (on, condition, on_down, pattern) in needs {
                let on = NAMES[on];
                if on == name
                    || !NAMES[..number].contains(&on)
                    || spec.depends_on.iter().any(|need| need.on == on)
                {
                    continue;
                }
                let conditions = [
                    Condition::Started,
                    Condition::Healthy,
                    Condition::Completed,
                    Condition::Exited,
                    Condition::Log(pattern),
                ];
                spec.depends_on.push(Dependency {
                    on: on.to_string(),
                    condition: conditions[condition].clone(),
                    on_down: [OnDown::Ignore, OnDown::Restart, OnDown::Stop][on_down],
                });
            }
            spec
        })
        .boxed()
}

fn further(spec: &mut ProcessSpec, more: usize) {
    if more < 2 {
        return;
    }
    spec.ports = vec![5000 + spec.name.len() as u16 * 10];
    spec.watch = Some(WatchSpec {
        paths: vec!["src/**".into(), "$x/${y}".into()],
        ignore: vec!["*.log".into()],
        debounce: Duration::from_millis(500),
    });
    spec.limits = Limits {
        memory_bytes: Some(123_456_789),
        cpu_percent: Some(150.5),
        open_files: Some(100),
        on_exceed: OnExceed::Restart,
    };
    spec.log.keep = 9;
    spec.log.level = vec![(Pattern("^E".into()), "error".into())];
    spec.log.multiline = Some(Pattern(r"^\S".into()));
    spec.hooks.on_crash = Some(CommandSpec::Shell(Template::text("echo ${X} $$")));
    spec.debug = Some(DebugSpec {
        command: Some(CommandSpec::Argv(vec![
            Template::text("a"),
            Template::text("b c"),
        ])),
        env: BTreeMap::from([
            ("A".to_string(), None),
            ("B".to_string(), Some(Template::text("$1"))),
        ]),
        port: Some(9229),
    });
    spec.url = Some(Template::text("http://example.org/${x}"));
    spec.metrics = Some(Template::text("redis://h"));
}

pub fn profile() -> impl Strategy<Value = Vec<ProcessSpec>> {
    let shape = proptest::collection::vec((any::<bool>(), any::<bool>()), 1..6);
    shape.prop_flat_map(|shape| {
        let ports: Vec<bool> = shape.iter().map(|(port, _)| *port).collect();
        let oneshots: Vec<bool> = shape.iter().map(|(_, oneshot)| *oneshot).collect();
        (0..shape.len())
            .map(|number| process(number, ports.clone(), oneshots.clone()))
            .collect::<Vec<_>>()
    })
}
