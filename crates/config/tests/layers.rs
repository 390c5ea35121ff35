//! Anchors, the local file and `extends`: maps laid over maps.

mod common;

use std::time::Duration;

use common::{Workspace, of, process, variable};
use forge_core::spec::{CommandSpec, PortSpec, Probe};

#[test]
fn anchors_aliases_and_merge_keys_work() {
    let yaml = "x-env: &env {A: 1, B: 2}
x-base: &base
  command: run
  env:
    <<: *env
    B: 3
dev:
  - <<: *base
    name: a
  - <<: [*base, {command: other, tty: true}]
    name: b
    env: *env";
    let a = process(yaml, "a");
    assert_eq!(
        (variable(&a, "A").as_deref(), variable(&a, "B").as_deref()),
        (Some("1"), Some("3"))
    );
    let b = process(yaml, "b");
    assert!(b.tty);
    assert_eq!(variable(&b, "B").as_deref(), Some("2"));
    assert!(matches!(b.command, CommandSpec::Shell(text) if text.to_string() == "run"));
}

#[test]
fn the_local_file_is_laid_over_the_shared_one() {
    let config = Workspace::new(
        "dev:
  - name: web
    command: run
    port: 3000
    env: {A: 1, B: 2, C: 3}
    stop: {signal: INT, timeout: 3s}
    groups: [x, y]
    health_check: {http: 'http://a/', status: 204, interval: 9s}
  - {name: db, command: x}
settings: {notify: true, log: {keep: 2}}",
    )
    .with(
        ".forge/processes.local.yml",
        "dev:
  - name: web
    port: auto
    env: {B: 20, C: null, D: 4}
    stop: {timeout: 1s}
    group: z
    health_check: {command: check}
  - {name: extra, command: y}
mine:
  - {name: only, command: z}
settings: {log: {max_size: 1MB}}",
    )
    .config();
    let web = of(&config, "dev", "web");
    assert_eq!(web.port, Some(PortSpec::Auto));
    let value = |name: &str| variable(&web, name);
    assert_eq!(
        (value("A"), value("B"), value("D")),
        (Some("1".into()), Some("20".into()), Some("4".into()))
    );
    assert_eq!(web.env.get("C"), Some(&None));
    assert_eq!(
        (web.stop.signal, web.stop.timeout),
        (2, Duration::from_secs(1))
    );
    assert_eq!(web.groups, ["z"]);
    let check = web.health_check.expect("a check");
    assert_eq!(check.interval, Duration::from_secs(9));
    assert!(matches!(check.probe, Probe::Command(_)));
    let names: Vec<&str> = config.profiles[0]
        .processes
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(names, ["web", "db", "extra"]);
    assert_eq!(config.profiles[1].name, "mine");
    assert!(config.settings.notify);
    assert_eq!(
        (config.settings.log.keep, config.settings.log.max_size),
        (2, 1 << 20)
    );
    assert_eq!(config.files.len(), 2);
}

#[test]
fn null_in_the_local_file_takes_a_setting_away() {
    let config = Workspace::new(
        "dev: [{name: a, command: x, port: 3000, health_check: 'http://localhost:3000/'}]",
    )
    .with(
        ".forge/processes.local.yml",
        "dev: [{name: a, port: null, health_check: }]",
    )
    .config();
    let a = of(&config, "dev", "a");
    assert_eq!((a.port, a.health_check), (None, None));
}

#[test]
fn settings_can_be_laid_over_a_short_check() {
    let config = Workspace::new("dev: [{name: a, command: x, health_check: 'http://h:1/'}]")
        .with(
            ".forge/processes.local.yml",
            "dev: [{name: a, health_check: {timeout: 9s}}]",
        )
        .config();
    let check = of(&config, "dev", "a").health_check.expect("a check");
    assert_eq!(check.timeout, Duration::from_secs(9));
    assert!(matches!(check.probe, Probe::Http { .. }));
}

#[test]
fn a_process_starts_from_the_fields_of_another() {
    let yaml = "base:
  - name: api
    command: serve
    env: {A: 1, B: 2}
    stop: {signal: INT, timeout: 3s}
    groups: [x]
    port: 1
dev:
  - {name: api, extends: base.api, env: {B: 3}, port: 2}
  - {name: child, extends: api, stop: {timeout: 9s}, groups: [y], port: 3}
  - {name: a.b, command: dotted}
  - {name: dotted, extends: a.b}
a:
  - {name: b, command: not this}";
    let api = process(yaml, "api");
    assert!(matches!(&api.command, CommandSpec::Shell(text) if text.to_string() == "serve"));
    assert_eq!(
        (
            variable(&api, "A").as_deref(),
            variable(&api, "B").as_deref()
        ),
        (Some("1"), Some("3"))
    );
    let child = process(yaml, "child");
    assert_eq!(
        (child.stop.signal, child.stop.timeout),
        (2, Duration::from_secs(9))
    );
    assert_eq!(child.groups, ["y"]);
    assert_eq!(variable(&child, "B").as_deref(), Some("3"));
    let dotted = process(yaml, "dotted");
    assert!(matches!(&dotted.command, CommandSpec::Shell(text) if text.to_string() == "dotted"));
}

#[test]
fn what_is_extended_has_the_local_file_over_it() {
    let config =
        Workspace::new("dev: [{name: a, command: x, env: {V: shared}}, {name: b, extends: a}]")
            .with(
                ".forge/processes.local.yml",
                "dev: [{name: a, env: {V: local}}]",
            )
            .config();
    assert_eq!(
        variable(&of(&config, "dev", "b"), "V").as_deref(),
        Some("local")
    );
}
