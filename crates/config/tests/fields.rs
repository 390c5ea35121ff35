//! Every field, in all its forms.

mod common;

use std::path::Path;
use std::time::Duration;

use common::{Workspace, of, process, variable, with_fields};
use forge_core::spec::*;

fn shell(command: &CommandSpec) -> String {
    match command {
        CommandSpec::Shell(text) => text.to_string(),
        CommandSpec::Argv(words) => format!("{words:?}"),
    }
}

#[test]
fn a_command_is_text_or_a_list() {
    let list = process(
        "dev: [{name: a, command: [npm, run, 'two words', 5, true]}]",
        "a",
    );
    assert_eq!(
        shell(&list.command),
        r#"["npm", "run", "two words", "5", "true"]"#
    );
    let text = process("dev: [{name: a, command: true}]", "a");
    assert_eq!(shell(&text.command), "true");
}

#[test]
fn the_shell_expands_commands_itself() {
    let spec = process(
        "dev:
  - name: a
    command: echo $HOME ${HOME} $$ ${NOPE:?x} ${process.b.port}
    hooks: {before_start: 'echo ${NOPE}'}
    stop: {command: 'kill $PID ${X}'}
    health_check: {command: 'curl localhost:${PORT}'}
  - {name: b, command: x, port: auto}",
        "a",
    );
    assert_eq!(
        shell(&spec.command),
        "echo $HOME ${HOME} $$ ${NOPE:?x} ${process.b.port}"
    );
    assert_eq!(
        spec.hooks.before_start.as_ref().map(shell).as_deref(),
        Some("echo ${NOPE}")
    );
    assert_eq!(
        spec.stop.command.as_ref().map(shell).as_deref(),
        Some("kill $PID ${X}")
    );
    let Some(Probe::Command(check)) = spec.health_check.map(|check| check.probe) else {
        panic!("no command");
    };
    assert_eq!(shell(&check), "curl localhost:${PORT}");
}

#[test]
fn folders_are_below_the_workspace() {
    let workspace = Workspace::new(
        "dev: [{name: a, command: x}, {name: b, command: x, cwd: ./sub/./x}, {name: c, command: x, cwd: /opt}, {name: d, command: x, cwd: ~/app}, {name: e, command: x, cwd: ../other}]",
    );
    let config = workspace.config();
    let cwd = |name: &str| of(&config, "dev", name).cwd;
    assert_eq!(cwd("a"), workspace.path());
    assert_eq!(cwd("b"), workspace.path().join("sub/x"));
    assert_eq!(cwd("c"), Path::new("/opt"));
    assert_eq!(cwd("d"), Path::new("/home/u/app"));
    assert_eq!(cwd("e"), workspace.path().join("../other"));
}

#[test]
fn variables_keep_their_text() {
    let spec = with_fields(
        "env:\n  V: 1.10\n  N: no\n  E: 1e3\n  T: 12:30\n  B: true\n  H: 0x1F\n  O: 0o17\n  Q: \"\"\n  GONE: null\n  D: 2024-01-01\n  U: 1_000\n  S: ' x '",
    );
    let values: Vec<Option<String>> = ["V", "N", "E", "T", "B", "H", "O", "Q", "D", "U", "S"]
        .map(|name| variable(&spec, name))
        .into();
    let expect = [
        "1.10",
        "no",
        "1e3",
        "12:30",
        "true",
        "0x1F",
        "0o17",
        "",
        "2024-01-01",
        "1_000",
        " x ",
    ];
    assert_eq!(values, expect.map(|value| Some(value.to_string())));
    assert_eq!(spec.env.get("GONE"), Some(&None));
}

#[test]
fn ports_are_numbers_or_automatic() {
    assert_eq!(with_fields("port: auto").port, Some(PortSpec::Auto));
    assert_eq!(
        with_fields("port: \"3000\"").port,
        Some(PortSpec::Fixed(3000))
    );
    assert_eq!(with_fields("port: 65535\nports: [3, 1, 3]").ports, [1, 3]);
    assert_eq!(with_fields("port: null").port, None);
}

#[test]
fn port_is_set_to_the_port_unless_env_says_otherwise() {
    assert_eq!(
        variable(&with_fields("port: 3000"), "PORT").as_deref(),
        Some("${process.a.port}")
    );
    assert_eq!(
        variable(&with_fields("port: 3000\nenv: {PORT: 80}"), "PORT").as_deref(),
        Some("80")
    );
    assert_eq!(
        with_fields("port: 3000\nenv: {PORT: null}").env.get("PORT"),
        Some(&None)
    );
    assert_eq!(variable(&with_fields("tty: true"), "PORT"), None);
    let workspace =
        Workspace::new("dev: [{name: a, command: x, port: 3000}]").with(".env", "PORT=1");
    assert_eq!(
        variable(&of(&workspace.config(), "dev", "a"), "PORT").as_deref(),
        Some("${process.a.port}")
    );
}

#[test]
fn conditions_default_by_what_is_needed() {
    let yaml = "dev:
  - {name: db, command: x}
  - {name: migrate, command: x, oneshot: true, depends_on: [db]}
  - {name: web, command: x, depends_on: [db, migrate]}
  - name: late
    command: x
    depends_on:
      db: {condition: started, on_down: restart}
      migrate: {condition: exited, on_down: stop}
      web: {log: 'ready in \\d+'}
      one:
  - {name: one, command: x}";
    let conditions = |name: &str| -> Vec<(String, Condition, OnDown)> {
        let needs = process(yaml, name).depends_on.into_iter();
        needs
            .map(|need| (need.on, need.condition, need.on_down))
            .collect()
    };
    let quiet = |on: &str, condition| (on.to_string(), condition, OnDown::Ignore);
    assert_eq!(
        conditions("web"),
        [
            quiet("db", Condition::Healthy),
            quiet("migrate", Condition::Completed)
        ]
    );
    assert_eq!(
        conditions("late"),
        [
            ("db".into(), Condition::Started, OnDown::Restart),
            ("migrate".into(), Condition::Exited, OnDown::Stop),
            quiet("web", Condition::Log(Pattern(r"ready in \d+".into()))),
            quiet("one", Condition::Healthy),
        ]
    );
}

#[test]
fn a_group_can_be_depended_on() {
    let yaml = "dev:
  - {name: a, command: x, group: data}
  - {name: b, command: x, groups: [data, more], depends_on: [a]}
  - {name: c, command: x, depends_on: [data]}";
    let on: Vec<String> = process(yaml, "c")
        .depends_on
        .into_iter()
        .map(|need| need.on)
        .collect();
    assert_eq!(on, ["a", "b"]);
    assert_eq!(process(yaml, "b").groups, ["data", "more"]);
}

#[test]
fn a_check_has_a_short_form_and_a_long_one() {
    let probe = |lines: &str| with_fields(lines).health_check.expect("a check").probe;
    assert!(
        matches!(probe("health_check: https://x.test/ok"), Probe::Http { url, .. } if url.to_string() == "https://x.test/ok")
    );
    assert!(
        matches!(probe("health_check: tcp://localhost:5432"), Probe::Tcp { address } if address.to_string() == "localhost:5432")
    );
    assert!(
        matches!(probe("health_check: {tcp: '[::1]:80'}"), Probe::Tcp { address } if address.to_string() == "[::1]:80")
    );
    assert!(matches!(
        probe("health_check: {command: [pg_isready, -q]}"),
        Probe::Command(CommandSpec::Argv(_))
    ));
    assert!(
        matches!(probe("health_check: {log: ready}"), Probe::Log(Pattern(text)) if text == "ready")
    );
    assert!(matches!(
        probe("health_check: {notify: true}"),
        Probe::Notify
    ));
    assert!(matches!(
        probe("port: 80\nhealth_check: {start_period: 2m}"),
        Probe::OwnPort
    ));
}

#[test]
fn a_check_takes_all_its_settings() {
    let check = with_fields(
        "health_check:\n  http: http://h:1/\n  interval: 500ms\n  timeout: 1\n  retries: 7\n  start_period: 1m30s\n  on_unhealthy: restart\n  fail_on: EADDRINUSE\n  status: [200, 300-302]\n  headers: {X-A: b}\n  body: ok",
    )
    .health_check
    .expect("a check");
    assert_eq!(
        (check.interval, check.timeout),
        (Duration::from_millis(500), Duration::from_secs(1))
    );
    assert_eq!(
        (check.retries, check.start_period),
        (7, Duration::from_secs(90))
    );
    assert_eq!(check.on_unhealthy, OnUnhealthy::Restart);
    assert_eq!(check.fail_on, Some(Pattern("EADDRINUSE".into())));
    let Probe::Http {
        status,
        headers,
        body,
        ..
    } = check.probe
    else {
        panic!("not http");
    };
    assert_eq!(status, [(200, 200), (300, 302)]);
    assert_eq!(headers[0].0, "X-A");
    assert_eq!(body, Some(Pattern("ok".into())));
}

#[test]
fn urls_follow_the_own_port() {
    let spec = with_fields(
        "port: 5432\nhealth_check: tcp://127.0.0.1:5432\nurl: http://localhost:5432/x\nmetrics: postgres://u:p@localhost:5432/db",
    );
    assert_eq!(
        spec.url.expect("a url").to_string(),
        "http://localhost:${process.a.port}/x"
    );
    assert_eq!(
        spec.metrics.expect("a url").to_string(),
        "postgres://u:p@localhost:${process.a.port}/db"
    );
    let Some(Probe::Tcp { address }) = spec.health_check.map(|check| check.probe) else {
        panic!("not tcp");
    };
    assert_eq!(address.to_string(), "127.0.0.1:${process.a.port}");
    let spec = with_fields("port: auto\nhealth_check: http://localhost:${PORT}/ok");
    let Some(Probe::Http { url, .. }) = spec.health_check.map(|check| check.probe) else {
        panic!("not http");
    };
    assert_eq!(url.to_string(), "http://localhost:${process.a.port}/ok");
}

#[test]
fn restarts_are_described() {
    assert_eq!(with_fields("tty: false").restart, RestartSpec::default());
    let policy = |lines: &str| with_fields(lines).restart.policy;
    assert_eq!(policy("auto_restart: false"), RestartPolicy::Never);
    assert_eq!(policy("oneshot: true"), RestartPolicy::Never);
    assert_eq!(
        policy("oneshot: true\nauto_restart: true"),
        RestartPolicy::OnFailure
    );
    assert_eq!(
        policy("oneshot: true\nrestart: {policy: always}"),
        RestartPolicy::Always
    );
    let restart = with_fields(
        "restart: {policy: always, delay: 1s, backoff: 1.5, max_delay: 30s, max_restarts: 3, window: 1h, success_codes: [0, 143], on_deterministic: retry}",
    )
    .restart;
    let expect = RestartSpec {
        policy: RestartPolicy::Always,
        delay: Duration::from_secs(1),
        backoff: 1.5,
        max_delay: Duration::from_secs(30),
        max_restarts: 3,
        window: Duration::from_secs(3600),
        success_codes: vec![0, 143],
        on_deterministic: OnDeterministic::Retry,
    };
    assert_eq!(restart, expect);
    assert_eq!(
        with_fields("restart: {delay: 5m}").restart.max_delay,
        Duration::from_secs(300)
    );
}

#[test]
fn stops_are_described() {
    let stop = with_fields(
        "stop: {signal: INT, scope: leader, timeout: 500ms, command: bye, keys: \"\\x03q\"}",
    )
    .stop;
    assert_eq!(
        (stop.signal, stop.scope, stop.timeout),
        (2, Scope::Leader, Duration::from_millis(500))
    );
    assert_eq!(stop.command.as_ref().map(shell).as_deref(), Some("bye"));
    assert_eq!(stop.keys.as_deref(), Some("\u{3}q"));
    assert_eq!(with_fields("stop: {signal: 10}").stop.signal, 10);
}

#[test]
fn the_other_fields_are_read() {
    let spec = with_fields(
        "on_exit: stop-all-on-failure
stderr: merge
tty: true
autostart: false
watch: [src/**/*.rs, '*.toml']
schedule: {every: 1h}
debug: {command: dlv debug, env: {D: 1, E: null}, port: 2345}
limits: {memory: 512MB, cpu: 150%, open_files: 1024, on_exceed: restart}
description: The shop
log: {max_size: 1MB, keep: 2, level: {'^E': error, '^W': warn}, multiline: '^\\['}
hooks: {before_start: a, after_ready: [b], after_stop: c, on_crash: d}",
    );
    assert_eq!(spec.on_exit, OnExit::StopAllOnFailure);
    assert_eq!(spec.stderr, StderrMode::Merge);
    assert!(spec.tty && !spec.autostart);
    let watch = spec.watch.expect("a watch");
    assert_eq!(watch.paths, ["src/**/*.rs", "*.toml"]);
    assert_eq!(
        spec.schedule,
        Some(Schedule::Every(Duration::from_secs(3600)))
    );
    let debug = spec.debug.expect("debug");
    assert_eq!(
        (debug.port, debug.env.len(), debug.env.get("E")),
        (Some(2345), 2, Some(&None))
    );
    assert_eq!(spec.limits.memory_bytes, Some(512 << 20));
    assert_eq!(
        (spec.limits.cpu_percent, spec.limits.open_files),
        (Some(150.0), Some(1024))
    );
    assert_eq!(spec.limits.on_exceed, OnExceed::Restart);
    assert_eq!(spec.description.as_deref(), Some("The shop"));
    assert_eq!((spec.log.max_size, spec.log.keep), (1 << 20, 2));
    let level: Vec<(&str, &str)> = spec.log.level.iter().map(|(p, l)| (&*p.0, &**l)).collect();
    assert_eq!(level, [("^E", "error"), ("^W", "warn")]);
    assert_eq!(spec.log.multiline, Some(Pattern(r"^\[".into())));
    assert!(spec.hooks.before_start.is_some() && spec.hooks.on_crash.is_some());
    let watch = with_fields("watch: {paths: [a], ignore: [b], debounce: 1s}")
        .watch
        .expect("a watch");
    assert_eq!(
        (watch.ignore, watch.debounce),
        (vec!["b".to_string()], Duration::from_secs(1))
    );
    assert_eq!(
        with_fields("schedule: {cron: '*/5 * * * *'}").schedule,
        Some(Schedule::Cron("*/5 * * * *".into()))
    );
}

#[test]
fn replicas_are_written_out() {
    let yaml = "dev:
  - name: worker
    command: run ${process.worker.port}
    port: auto
    replicas: 3
    group: jobs
    env: {ME: '${PORT}', HER: '${process.worker-1.port}'}
  - {name: web, command: x, depends_on: [worker]}
  - {name: one, command: x, depends_on: [worker-2]}";
    let config = Workspace::new(yaml).config();
    let names: Vec<&str> = config.profiles[0]
        .processes
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(names, ["worker-1", "worker-2", "worker-3", "web", "one"]);
    let second = of(&config, "dev", "worker-2");
    assert_eq!(second.replica, Some(2));
    assert_eq!(second.groups, ["jobs", "worker"]);
    assert_eq!(shell(&second.command), "run ${process.worker-2.port}");
    assert_eq!(
        variable(&second, "ME").as_deref(),
        Some("${process.worker-2.port}")
    );
    assert_eq!(
        variable(&second, "HER").as_deref(),
        Some("${process.worker-1.port}")
    );
    assert_eq!(
        variable(&second, "PORT").as_deref(),
        Some("${process.worker-2.port}")
    );
    let on = |name: &str| -> Vec<String> {
        of(&config, "dev", name)
            .depends_on
            .into_iter()
            .map(|need| need.on)
            .collect()
    };
    assert_eq!(on("web"), ["worker-1", "worker-2", "worker-3"]);
    assert_eq!(on("one"), ["worker-2"]);
    assert_eq!(
        process("dev: [{name: a, command: x, replicas: 1}]", "a").replica,
        None
    );
}

#[test]
fn settings_are_read() {
    let config = Workspace::new(
        "settings: {default_profile: b, dotenv: false, stop_order: parallel, sample_interval: 2s, history: 1h, log: {keep: 9, level: {x: info}}, auto_restore: true, notify: true}
a: [{name: p, command: x, log: {level: {y: warn, x: error}}}]
b: [{name: q, command: x}]
x-free: {any: [thing]}",
    )
    .with(".env", "A=1")
    .config();
    assert_eq!(
        config
            .default_profile()
            .map(|profile| profile.name.as_str()),
        Some("b")
    );
    let settings = &config.settings;
    assert_eq!(
        (settings.dotenv, settings.stop_order),
        (false, StopOrder::Parallel)
    );
    assert_eq!(
        (settings.sample_interval, settings.history),
        (Duration::from_secs(2), Duration::from_secs(3600))
    );
    assert!(settings.auto_restore && settings.notify);
    let spec = of(&config, "a", "p");
    assert!(spec.env.is_empty());
    assert_eq!(spec.log.keep, 9);
    let level: Vec<(&str, &str)> = spec.log.level.iter().map(|(p, l)| (&*p.0, &**l)).collect();
    assert_eq!(level, [("y", "warn"), ("x", "error")]);
    assert_eq!(of(&config, "b", "q").log, settings.log);
}

#[test]
fn the_size_of_all_logs_and_events_of_output_are_settings() {
    let settings = |yaml: &str| Workspace::new(yaml).config().settings.clone();
    assert_eq!(settings("dev:").log_total, 2 << 30);
    let own = settings(
        "settings:
  log: {total: 500MB, keep: 2}
  events:
    - {pattern: 'warm in (?P<ms>[0-9]+ms)', kind: ready, message: 'took ${ms}'}
    - {pattern: '^OLD ', kind: deprecation}
",
    );
    assert_eq!((own.log_total, own.log.keep), (500 << 20, 2));
    let kinds: Vec<(&str, Option<&str>)> = own
        .events
        .iter()
        .map(|event| (event.kind.as_str(), event.message.as_deref()))
        .collect();
    assert_eq!(
        kinds,
        [("ready", Some("took ${ms}")), ("deprecation", None)]
    );
}

#[test]
fn the_default_profile_is_dev_else_the_first() {
    let default = |yaml: &str| {
        Workspace::new(yaml)
            .config()
            .default_profile()
            .map(|p| p.name.clone())
    };
    assert_eq!(default("a: []\ndev: []").as_deref(), Some("dev"));
    assert_eq!(default("a: []\nb:").as_deref(), Some("a"));
    assert_eq!(default(""), None);
}

#[test]
fn a_check_may_begin_with_a_variable() {
    let config = Workspace::new("dev: [{name: a, command: x, health_check: '${API}/ok'}, {name: b, command: x, health_check: '${RUN} -x'}]")
        .with(".env", "API=http://h:1\nRUN=check")
        .config();
    let probe = |name: &str| {
        of(&config, "dev", name)
            .health_check
            .expect("a check")
            .probe
    };
    assert!(matches!(probe("a"), Probe::Http { url, .. } if url.to_string() == "http://h:1/ok"));
    assert!(matches!(probe("b"), Probe::Command(command) if shell(&command) == "${RUN} -x"));
}

#[test]
fn waiting_for_what_runs_by_the_clock_is_odd() {
    let config = Workspace::new("dev: [{name: a, command: x, depends_on: [b]}, {name: b, command: x, schedule: {every: 1h}}]").config();
    assert!(
        config.warnings[0]
            .message
            .contains("runs by the clock only")
    );
}
