//! Habits of process-compose that an import has to know.

mod common;

use common::{Workspace, done, done_in};
use forge_core::spec::*;
use forge_exchange::{ImportError, import};

fn shell(command: &CommandSpec) -> String {
    match command {
        CommandSpec::Shell(text) => text.to_string(),
        CommandSpec::Argv(words) => words
            .iter()
            .map(|w| w.to_string())
            .collect::<Vec<_>>()
            .join("|"),
    }
}

fn file(text: &str) -> common::Done {
    done("process-compose.yaml", text)
}

#[test]
fn a_condition_that_is_left_out_means_completed() {
    let done = file("processes:\n  a: {command: x, depends_on: {b: {}}}\n  b: {command: y}\n");
    assert_eq!(done.spec("a").depends_on[0].condition, Condition::Exited);
    assert!(
        done.tells("2:a:depends_on.b:approximated:no condition means"),
        "{:?}",
        done.told()
    );
}

#[test]
fn every_condition_has_its_word() {
    let done = file(
        "processes:
  a:
    command: x
    depends_on:
      b: {condition: process_started}
      c: {condition: process_healthy}
      d: {condition: process_completed_successfully}
      e: {condition: process_completed}
      f: {condition: process_log_ready}
      g: {condition: toto}
      h: {condition: process_log_ready}
  b: {command: x}
  c: {command: x, readiness_probe: {exec: {command: y}}}
  d: {command: x}
  e: {command: x, availability: {restart: on_failure, max_restarts: 3}}
  f: {command: x, ready_log_line: 'a.b (ready)'}
  g: {command: x}
  h: {command: x}
",
    );
    let conditions: Vec<&Condition> = done
        .spec("a")
        .depends_on
        .iter()
        .map(|need| &need.condition)
        .collect();
    let log = Condition::Log(Pattern(r"a\.b \(ready\)".into()));
    let expected = [
        &Condition::Started,
        &Condition::Healthy,
        &Condition::Completed,
        &Condition::Exited,
        &log,
        &Condition::Started,
        &Condition::Healthy,
    ];
    assert_eq!(conditions, expected);
    assert!(done.spec("d").oneshot && done.spec("e").oneshot && !done.spec("b").oneshot);
    let restart = &done.spec("e").restart;
    assert_eq!(
        (restart.policy, restart.max_restarts),
        (RestartPolicy::OnFailure, 3)
    );
    assert!(done.tells("a:depends_on.g:dropped:`toto` is no condition"));
    assert!(done.tells("a:depends_on.h:dropped:`h` has no `ready_log_line`"));
}

#[test]
fn dollar_signs_mean_what_they_meant() {
    let done = file(
        "processes:\n  a:\n    command: 'echo $$X ${HOME} $$(date)'\n    environment: ['A=$HOME-$$x', 'B=k=v']\n    description: 'costs $$5'\n",
    );
    assert_eq!(shell(&done.spec("a").command), "echo $X ${HOME} $(date)");
    assert!(done.text.contains("A: ${HOME:-}-$$x"), "{}", done.text);
    assert_eq!(
        done.spec("a").env["B"]
            .as_ref()
            .map(|t| t.to_string())
            .as_deref(),
        Some("k=v")
    );
    assert_eq!(done.spec("a").description.as_deref(), Some("costs $5"));
    let done = file("disable_env_expansion: true\nprocesses:\n  a: {command: 'echo $$ ${X}'}\n");
    assert_eq!(shell(&done.spec("a").command), "echo $$ ${X}");
}

#[test]
fn templates_are_filled_in_where_they_are_known() {
    let done = file(
        "vars: {P: 8080}\nprocesses:\n  a: {command: 'serve {{ .P }} {{.Q}}', vars: {Q: q}}\n  b: {command: \"docker ps --format '{{.Names}}'\"}\n  c: {command: 'x {{.P}}', is_template_disabled: true}\n",
    );
    assert_eq!(shell(&done.spec("a").command), "serve 8080 q");
    assert!(shell(&done.spec("b").command).ends_with("'{{.Names}}'"));
    assert!(shell(&done.spec("c").command).ends_with("x {{.P}}"));
}

#[test]
fn copies_that_know_their_number_are_written_out() {
    let done = file(
        "processes:\n  w: {command: 'run {{.PC_REPLICA_NUM}} $$PC_REPLICA_NUM', replicas: 2}\n  v: {command: x, replicas: 3}\n  a: {command: y, depends_on: {w: {condition: process_healthy}, v: {condition: process_started}}}\n",
    );
    assert_eq!(done.names(), ["w-0", "w-1", "v-1", "v-2", "v-3", "a"]);
    assert_eq!(shell(&done.spec("w-1").command), "run 1 $PC_REPLICA_NUM");
    assert_eq!(done.spec("a").depends_on.len(), 5);
}

#[test]
fn only_a_daemon_is_checked_for_life() {
    let probe = "{http_get: {port: 80, path: live}}";
    let done = file(&format!(
        "processes:\n  a: {{command: x, liveness_probe: {probe}}}\n  b: {{command: pg start, is_daemon: true, shutdown: {{command: pg stop}}, liveness_probe: {probe}}}\n"
    ));
    assert_eq!(done.spec("a").health_check, None);
    let check = done.spec("b").health_check.clone().expect("a check");
    assert_eq!(check.on_unhealthy, OnUnhealthy::Restart);
    assert!(
        matches!(&check.probe, Probe::Http { url, status, .. } if url.to_string() == "http://127.0.0.1:80/live" && status == &[(200, 200)])
    );
    assert!(shell(&done.spec("b").command).contains("pg start\n) || exit $?"));
    assert_eq!(
        done.spec("b").stop.command.as_ref().map(shell).as_deref(),
        Some("pg stop")
    );
}

#[test]
fn ends_and_restarts_are_carried() {
    let done = file(
        "processes:
  a: {command: x, availability: {restart: exit_on_failure}}
  b: {command: x, availability: {exit_on_end: true}}
  c: {command: x, availability: {restart: always, backoff_seconds: 2}, success_exit_codes: [130]}
  d: {command: x, shutdown: {signal: 2, timeout_seconds: 3, parent_only: true}}
  e: {command: x, disabled: true, is_disabled: 'false'}
",
    );
    assert_eq!(done.spec("a").on_exit, OnExit::StopAllOnFailure);
    assert_eq!(done.spec("b").on_exit, OnExit::StopAll);
    let restart = &done.spec("c").restart;
    assert_eq!(
        (restart.policy, restart.delay.as_secs(), restart.backoff),
        (RestartPolicy::Always, 2, 1.0)
    );
    assert_eq!(restart.success_codes, [0, 130]);
    let stop = &done.spec("d").stop;
    assert_eq!(
        (stop.signal, stop.timeout.as_secs(), stop.scope),
        (2, 3, Scope::Leader)
    );
    assert!(done.spec("e").autostart);
}

#[test]
fn bash_stays_bash_where_it_matters() {
    let done = file(
        "processes:\n  a: {command: '[[ -f x ]] && echo y'}\n  b: {command: npm run dev}\n  c: {entrypoint: [run, 'a b'], args: [c]}\n",
    );
    assert_eq!(
        shell(&done.spec("a").command),
        "bash|-c|[[ -f x ]] && echo y"
    );
    assert_eq!(shell(&done.spec("b").command), "npm run dev");
    assert_eq!(shell(&done.spec("c").command), "run|a b|c");
    let done = file(
        "shell: {shell_command: /bin/sh, shell_argument: -c}\nprocesses:\n  a: {command: 'echo {a,b}'}\n",
    );
    assert_eq!(shell(&done.spec("a").command), "echo {a,b}");
}

#[test]
fn circles_are_opened_and_names_made_to_fit() {
    let done = file(
        "processes:\n  _a: {command: x, depends_on: {'b c': {condition: process_started}}}\n  'b c': {command: x, depends_on: {_a: {condition: process_started}}}\n",
    );
    assert_eq!(done.names(), ["a", "b-c"]);
    assert_eq!(done.spec("a").depends_on[0].on, "b-c");
    assert!(
        done.tells("it closes a circle: _a -> b c -> _a"),
        "{:?}",
        done.told()
    );
}

#[test]
fn files_that_extend_and_override_one_another_are_one_project() {
    let workspace = Workspace::new();
    workspace.write("base/pc.yaml", "environment: [A=1]\nprocesses:\n  a: {command: old, environment: [X=1, Y=a=b]}\n  b: {command: b}\n");
    workspace.write("process-compose.yaml", "extends: base/pc.yaml\nprocesses:\n  a: {command: new, environment: [X=2]}\n  c: {extends: a, description: third}\n");
    workspace.write(
        "process-compose.override.yaml",
        "processes: {b: {disabled: true}}\n",
    );
    let done = done_in(&workspace, "process-compose.yaml", false);
    let a = done.spec("a");
    assert_eq!(shell(&a.command), "new");
    let env = |name: &str| {
        a.env
            .get(name)
            .cloned()
            .flatten()
            .map(|text| text.to_string())
    };
    assert_eq!(
        (env("A"), env("X"), env("Y")),
        (Some("1".into()), Some("2".into()), Some("a=b".into()))
    );
    assert_eq!(a.cwd, workspace.path().join("base"));
    assert!(!done.spec("b").autostart);
    assert_eq!(shell(&done.spec("c").command), "new");
}

#[test]
fn a_log_file_that_something_reads_is_still_written() {
    let done = file(
        "processes:\n  a: {command: 'echo go', log_location: ./a.log, readiness_probe: {exec: {command: grep go ./a.log}}}\n",
    );
    assert_eq!(
        shell(&done.spec("a").command),
        "bash|-c|exec > >(tee ./a.log) 2>&1\necho go"
    );
    let done = file("processes:\n  a: {command: 'echo go', log_location: ./a.log}\n");
    assert!(done.tells("1:a:log_location:dropped") || done.tells("2:a:log_location:dropped"));
}

#[test]
fn strict_fails_when_something_was_dropped() {
    let workspace = Workspace::new();
    let path = workspace.write(
        "process-compose.yaml",
        "is_tui_disabled: true\nprocesses: {a: {command: x}}\n",
    );
    let options = forge_exchange::ImportOptions {
        strict: true,
        ..workspace.options()
    };
    let error = import(&path, &options).expect_err("dropped");
    assert!(matches!(error, ImportError::Dropped(_)));
    let text = error.to_string();
    assert!(
        text.contains("process-compose.yaml:1: is_tui_disabled: "),
        "{text}"
    );
}

#[test]
fn nonsense_is_an_error_and_no_panic() {
    let workspace = Workspace::new();
    for (name, text) in [
        ("process-compose.yaml", "processes: 5"),
        ("process-compose.yaml", "a: ["),
        ("process-compose.yaml", ""),
        ("compose.yaml", "services: [1]"),
        ("package.json", "{"),
        ("package.json", "{\"scripts\": {\"build\": \"x\"}}"),
        ("tasks.json", "{\"tasks\": [{}]}"),
        ("pitchfork.toml", "[daemons"),
        ("mprocs.yaml", "procs: []"),
        ("notes.txt", "hello world"),
    ] {
        let path = workspace.write(name, text);
        assert!(
            import(&path, &workspace.options()).is_err(),
            "{name}: {text}"
        );
    }
    assert!(import(&workspace.path().join("nope"), &workspace.options()).is_err());
    assert!(import(workspace.path(), &workspace.options()).is_err());
    // Wrong types are told, and the rest is read.
    let done = file(
        "processes:\n  a: {command: x, depends_on: 5, availability: [], readiness_probe: x, shutdown: 3, replicas: x, environment: 5, watch: 1, schedule: []}\n  b: 5\n",
    );
    assert_eq!(done.names(), ["a"]);
}
