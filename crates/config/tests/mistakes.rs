//! What people read when a file is wrong. The snapshots are the texts as they see them.

mod common;

use common::{Workspace, fields};
use insta::assert_snapshot;

/// The text that a file leads to.
#[track_caller]
fn told(yaml: &str) -> String {
    Workspace::new(yaml).errors()
}

/// The text that further fields of a process lead to.
#[track_caller]
fn told_of(lines: &str) -> String {
    told(&fields(lines))
}

#[test]
fn all_mistakes_of_a_file_are_told_together() {
    assert_snapshot!(told(
        "dev:
  - name: web
    comand: npm run dev
    prot: 3000
    depends_on: [databse]
  - name: database
    command: postgres
    port: 70000
    auto_restart: yes
    stop: {timeout: 5 seconds, signal: SIGTREM}
settings:
  default_profil: dev
"
    ));
}

#[test]
fn both_files_are_told_of_together() {
    let workspace =
        Workspace::new("dev:\n  - name: web\n    command: a\n    prot: 1\n    port: x\n").with(
            ".forge/processes.local.yml",
            "dev:\n  - name: web\n    port: y\n  - name: extra\n",
        );
    assert_snapshot!(workspace.errors());
}

#[test]
fn a_syntax_error_is_told_alone_for_its_file() {
    let workspace = Workspace::new("dev:\n  - name: web\n    command: echo a: b\n    prot: 1\n")
        .with(
            ".forge/processes.local.yml",
            "dev:\n  - name: web\n    prot: 1\n",
        );
    assert_snapshot!(workspace.errors());
}

#[test]
fn tabs_are_named() {
    assert_snapshot!(told("dev:\n\t- name: a\n\t  command: b\n"));
}

#[test]
fn no_file_shows_the_way_out() {
    let workspace = Workspace::new("").with("other", "");
    std::fs::remove_file(workspace.path().join(".forge/processes.yml")).expect("gone");
    assert_snapshot!(workspace.errors());
    let workspace = workspace.with(".forge/processes.yaml", "");
    assert!(
        workspace
            .errors()
            .contains("name it `.forge/processes.yml`")
    );
}

#[test]
fn a_file_that_is_no_text_is_named() {
    let workspace = Workspace::new("").with(".forge/processes.yml", b"dev:\n  - name: \xff\xfe\n");
    assert_snapshot!(workspace.errors());
}

#[test]
fn duplicate_keys_show_both_places() {
    assert_snapshot!(told(
        "dev:\n  - name: a\n    command: b\n    env:\n      X: 1\n      X: 2\n    command: c\ndev: []\n"
    ));
}

#[test]
fn two_processes_of_one_name_are_told() {
    assert_snapshot!(told(
        "dev:\n  - {name: a, command: b}\n  - {name: a, command: c, nmae: x}\n"
    ));
}

#[test]
fn cycles_name_their_members_in_order() {
    assert_snapshot!(told(
        "dev:
  - {name: a, command: x, depends_on: [b]}
  - {name: b, command: x, depends_on: [c, d]}
  - name: c
    command: x
    depends_on:
      a: {condition: started}
  - {name: d, command: x, depends_on: [d]}
"
    ));
}

#[test]
fn unknown_dependencies_suggest_names() {
    assert_snapshot!(told(
        "dev:
  - {name: web, command: x, depends_on: [postgre, zebra]}
  - {name: postgres, command: x}
test:
  - {name: zebra, command: x}
"
    ));
}

#[test]
fn one_port_cannot_be_had_twice() {
    assert_snapshot!(told(
        "dev:
  - {name: a, command: x, port: 3000}
  - {name: b, command: x, ports: [9000, 3000]}
  - {name: c, command: x, port: 4000, replicas: 2}
"
    ));
}

#[test]
fn ports_of_processes_must_exist() {
    assert_snapshot!(told(
        "dev:
  - name: web
    command: serve --db ${process.db.port}
    env: {A: '${process.dbb.port}', B: '${process.cache.host}', C: '${process.many.port}'}
  - {name: db, command: x}
  - {name: dbc, command: x, port: 1}
  - {name: many, command: x, port: auto, replicas: 2}
"
    ));
}

#[test]
fn regular_expressions_show_where_they_break() {
    assert_snapshot!(told_of(
        "health_check: {log: 'ready (on|at'}\nlog:\n  level: {'[': error, a: fatl}\n  multiline: \"^\\\\d{2,1}\""
    ));
}

#[test]
fn cron_expressions_show_where_they_break() {
    assert_snapshot!(told_of("schedule: {cron: 0 25 * * *}"));
}

#[test]
fn checks_that_say_too_much_or_too_little_are_told() {
    assert_snapshot!(told(
        "dev:
  - {name: a, command: x, health_check: {http: 'http://a', tcp: 'a:1'}}
  - {name: b, command: x, health_check: {interval: 1s}}
  - {name: c, command: x, health_check: {command: x, status: 200}}
  - {name: d, command: x, health_check: 'ftp://localhost'}
  - {name: e, command: x, health_check: 'tcp://localhost'}
  - {name: f, command: x, health_check: 'http://localhost:99999/'}
  - {name: g, command: x, health_check: {http: localhost:3000}}
  - {name: h, command: x, schedule: {every: 5m, cron: '* * * * *'}, url: localhost, metrics: 'mongodb://x'}
"
    ));
}

#[test]
fn kinds_of_values_are_told_apart() {
    assert_snapshot!(told_of(
        "env: [A=1]
env_file: {a: b}
depends_on: db
groups: web
port: 12:30
ports: [0, 1e3]
tty: on
oneshot: 1
restart: always
stderr: merged
replicas: 0
watch: src
limits: {memory: 1XB, cpu: fast}
cwd: [a]
hooks: {before_start: []}"
    ));
}

#[test]
fn variables_that_are_missing_are_told_with_their_place() {
    let workspace = Workspace::new(&fields(
        "env:\n  A: x ${NOPE} y ${API_TOKN}\n  B: ${NEEDED:?set it to the address}\n  OWN: '1'\n  C: ${OWN}\n  D: ${BAD",
    ))
    .with(".env", "API_TOKEN=hunter2\n");
    assert_snapshot!(workspace.errors());
}

#[test]
fn values_of_variables_are_never_shown() {
    let workspace = Workspace::new(&fields(
        "port: ${SECRET_PORT}\ntty: ${SECRET_PORT}\nhealth_check: ${SECRET_PORT}://x\nenv: {API_KEY: sesame, 'B=': 1}\nlog: {multiline: '${SECRET_RE}'}",
    ))
    .with(".env", "SECRET_PORT=hunter2\nSECRET_RE='hunter2('\nBROKEN hunter2\n");
    let told = workspace.errors();
    assert!(!told.contains("hunter2"), "{told}");
    assert!(!told.contains("sesame"), "{told}");
    assert_snapshot!(told);
}

#[test]
fn extends_tells_circles_and_unknown_names() {
    assert_snapshot!(told(
        "dev:
  - {name: a, extends: b}
  - {name: b, extends: test.c}
  - {name: d, extends: e}
test:
  - {name: c, extends: dev.a}
  - {name: e, command: x}
"
    ));
}

#[test]
fn env_files_must_exist() {
    assert_snapshot!(told_of("env_file: [.env.dev, sub]"));
}

#[test]
fn hidden_characters_are_spelled_out() {
    assert_snapshot!(told(
        "dev:\n  - name: \"a\u{202e}b\"\n    command: x\n    \"te\\e[2Jst\": 1\n\"p\u{200b}\": []\n"
    ));
}

#[test]
fn names_are_plain_and_short() {
    let long = "x".repeat(101);
    assert_snapshot!(told(&format!(
        "dev:\n  - {{name: my app, command: x}}\n  - {{name: {long}, command: x}}\n  - {{command: x}}\n  - {{nmae: q, command: x}}\n  - web\n-x: []\n"
    )));
}

#[test]
fn profiles_are_lists() {
    assert_snapshot!(told(
        "dev:\n  web:\n    command: x\nseting: {dotenv: false}\nsettings: {default_profile: deev, dotenv: no}\n"
    ));
}

#[test]
fn a_very_long_line_is_cut_around_its_mark() {
    let list = "a, ".repeat(3000);
    assert_snapshot!(told(&format!(
        "dev: [{{name: w, command: x, groups: [{list}], prot: 1, groups: [{list}]}}]"
    )));
}

#[test]
fn json_has_the_same_places() {
    let workspace = Workspace::new("dev:\n  - name: web\n    comand: x\n");
    let json = workspace.load().expect_err("mistakes").to_json();
    let first = &json["diagnostics"][0];
    assert_eq!(first["file"], ".forge/processes.yml");
    assert_eq!(
        (first["line"].as_u64(), first["column"].as_u64()),
        (Some(3), Some(5))
    );
    assert_eq!(first["suggestion"], "did you mean `command`?");
    assert_eq!(first["source"], "    comand: x");
}

#[test]
fn mistakes_in_events_of_output_are_told_at_their_places() {
    assert_snapshot!(told(
        "settings:
  log: {total: lots}
  events:
    - {pattern: 'warm (', kind: ready}
    - {pattern: 'warm', kind: raedy}
    - {pattern: 'in (?P<ms>[0-9]+)', kind: slow, message: 'took ${mss}'}
    - {kind: slow}
    - {patern: x, kind: slow}
    - slow
dev:
  - {name: web, command: x}
"
    ));
}
