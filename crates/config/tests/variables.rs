//! Where variables come from, who wins, and what happens where one is missing.

mod common;

use common::{Workspace, of, variable};
use forge_config::{Setting, load_for};
use forge_core::spec::PortSpec;

fn layered() -> Workspace {
    Workspace::new(
        "dev:
  - name: a
    command: x
    env_file: [one.env, sub/two.env]
    env: {E: env, F: '${A}-${B}-${C}-${D}', P: '${E}'}
    port: ${PORT_A:-4000}
    cwd: ${D}/x
  - {name: plain, command: x, tty: '${TTY}'}",
    )
    .with(
        ".env",
        "B=dotenv\nC=dotenv\nD=dotenv\nE=dotenv\nTTY=true\nREF=${A}",
    )
    .with("one.env", "C=one\nD=one\nE=one")
    .with("sub/two.env", "D=two\nE=two\nREF2=${B}+${A}")
    .client("A", "client")
    .client("B", "client")
}

#[test]
fn later_layers_win() {
    let config = layered().config();
    let a = of(&config, "dev", "a");
    let value = |name: &str| variable(&a, name).unwrap_or_default();
    assert_eq!(value("A"), "");
    assert_eq!(value("B"), "dotenv");
    assert_eq!(value("C"), "one");
    assert_eq!(value("D"), "two");
    assert_eq!(value("E"), "env");
    assert_eq!(value("F"), "client-dotenv-one-two");
    assert_eq!(value("P"), "two");
    assert_eq!(value("REF"), "client");
    assert_eq!(value("REF2"), "dotenv+client");
    assert_eq!(a.port, Some(PortSpec::Fixed(4000)));
    assert!(a.cwd.ends_with("two/x"));
    let plain = of(&config, "dev", "plain");
    assert!(plain.tty);
    assert_eq!(variable(&plain, "C").as_deref(), Some("dotenv"));
}

#[test]
fn all_files_are_named() {
    let workspace = layered();
    let files = workspace.config().files;
    let shown: Vec<String> = files
        .iter()
        .map(|file| {
            file.strip_prefix(workspace.path())
                .expect("inside")
                .display()
                .to_string()
        })
        .collect();
    assert_eq!(
        shown,
        [".forge/processes.yml", ".env", "one.env", "sub/two.env"]
    );
}

#[test]
fn a_variable_that_is_missing_stops_only_its_profile() {
    let workspace = Workspace::new(
        "dev: [{name: a, command: x}]
prod:
  - {name: a, command: x, env: {K: '${PROD_KEY}'}, env_file: prod.env, port: '${PROD_PORT:-x}'}
late: [{name: b, extends: prod.a}]",
    );
    let config = load_for(&workspace.source(), None).expect("dev is fine");
    assert_eq!(config.profiles.len(), 1);
    let names: Vec<&String> = config.unusable.keys().collect();
    assert_eq!(names, ["late", "prod"]);
    assert!(
        config.unusable["prod"]
            .to_string()
            .contains("`PROD_KEY` is not defined")
    );
    let errors = load_for(&workspace.source(), Some("prod")).expect_err("no key");
    assert_eq!(errors.len(), 3, "{errors}");
    assert!(load_for(&workspace.source(), Some("late")).is_err());
    assert!(workspace.load().is_err());
    let good =
        Workspace::new("dev: [{name: a, command: x, env: {K: '${KEY}'}}]").client("KEY", "v");
    assert_eq!(
        variable(&of(&good.config(), "dev", "a"), "K").as_deref(),
        Some("v")
    );
}

#[test]
fn a_mistake_of_the_file_stops_all_profiles() {
    let workspace = Workspace::new("dev: [{name: a, command: x}]\nprod: [{name: b, comand: x}]");
    assert!(load_for(&workspace.source(), Some("dev")).is_err());
}

#[test]
fn what_the_local_file_replaces_need_not_be_defined() {
    let workspace = Workspace::new("dev: [{name: a, command: x, env: {K: '${NOPE}'}}]").with(
        ".forge/processes.local.yml",
        "dev: [{name: a, env: {K: here}}]",
    );
    assert_eq!(
        variable(&of(&workspace.config(), "dev", "a"), "K").as_deref(),
        Some("here")
    );
}

#[test]
fn every_setting_says_where_it_came_from() {
    let workspace = Workspace::new(
        "dev:
  - name: base
    command: x
    port: 3000
    env: {A: 1, B: 2}
    stop: {timeout: 3s}
  - name: web
    extends: base
    port: auto
    env:
      B: ${API_TOKEN}
      GONE: null
settings:
  log: {keep: 2}",
    )
    .with(".env", "# shared\nAPI_TOKEN=hunter2\n")
    .with(
        ".forge/processes.local.yml",
        "dev:\n  - name: web\n    tty: true\n",
    )
    .client("HOME", "/home/u")
    .client("GONE", "x");
    let config = workspace.config();
    let list = config.origins("dev", "web");
    let setting = |key: &str| -> Setting {
        let found = list.iter().find(|setting| setting.key == key);
        found
            .unwrap_or_else(|| panic!("no {key}: {list:#?}"))
            .clone()
    };
    let from = |key: &str| setting(key).from;
    assert_eq!(from("command"), ".forge/processes.yml:3 (extends dev.base)");
    assert_eq!(from("port"), ".forge/processes.yml:9");
    assert_eq!(from("tty"), ".forge/processes.local.yml:3");
    assert_eq!(
        from("stop.timeout"),
        ".forge/processes.yml:6 (extends dev.base)"
    );
    assert_eq!(
        (from("stop.signal"), setting("stop.signal").value),
        ("default".into(), Some("SIGTERM".into()))
    );
    assert_eq!(from("restart.policy"), "default");
    assert_eq!(from("log.keep"), ".forge/processes.yml:14");
    assert_eq!(from("env.A"), ".forge/processes.yml:5 (extends dev.base)");
    assert_eq!(
        (from("env.API_TOKEN"), setting("env.API_TOKEN").secret),
        (".env:2".into(), true)
    );
    assert_eq!(
        (from("env.HOME"), setting("env.HOME").secret),
        ("client".into(), false)
    );
    assert_eq!(from("env.PORT"), ".forge/processes.yml:9");
    assert!(setting("env.B").secret, "it holds a token");
    assert_eq!(setting("env.GONE").value, None);
    assert!(config.origins("dev", "nobody").is_empty());
}

#[test]
fn a_wrong_value_of_a_variable_stops_only_its_profile() {
    let workspace = Workspace::new(
        "dev: [{name: a, command: x}]
prod:
  - {name: a, command: x, url: '${APP}', health_check: {tcp: '${APP}'}, port: '${P}', log: {multiline: '${APP}('}}
  - {name: b, command: x, port: 80, watch: ['${APP}['], schedule: {cron: '${APP}'}, stop: {signal: '${APP}'}}",
    )
    .client("APP", "nonsense")
    .client("P", "80");
    let config = load_for(&workspace.source(), Some("dev")).expect("dev is fine");
    assert_eq!(
        config.unusable["prod"].len(),
        7,
        "{}",
        config.unusable["prod"]
    );
}
