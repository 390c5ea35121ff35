//! What comes of the files of the other tools.

mod common;

use common::{Workspace, done, done_in};
use forge_core::spec::*;
use forge_exchange::Format;

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

fn env(spec: &ProcessSpec, name: &str) -> Option<String> {
    spec.env.get(name)?.as_ref().map(ToString::to_string)
}

#[test]
fn a_procfile_is_one_whole() {
    let done = done(
        "Procfile.dev",
        "# all\n\nweb: rails s -p $PORT\n# jobs\nworker:   sidekiq: x\nrelease: rake db:migrate\nnonsense\nweb: again\n#old: x\nwin: serve %PORT%\n",
    );
    assert_eq!(done.names(), ["web", "worker", "release", "win"]);
    let (web, worker) = (done.spec("web"), done.spec("worker"));
    assert_eq!(web.port, Some(PortSpec::Fixed(5000)));
    assert_eq!(
        (shell(&worker.command).as_str(), env(worker, "PORT")),
        ("sidekiq: x", Some("5100".into()))
    );
    assert_eq!(
        (web.on_exit, web.restart.policy),
        (OnExit::StopAll, RestartPolicy::Never)
    );
    assert!(done.spec("release").oneshot && !done.spec("release").autostart);
    assert_eq!(shell(&done.spec("win").command), "serve $PORT");
    assert!(
        done.tells("7:-:line:dropped")
            && done.tells("8:web:line:dropped:`web` is there already, in line 3")
    );
    assert!(
        done.text.contains("  # jobs\n  - name: worker\n"),
        "{}",
        done.text
    );
}

#[test]
fn a_procfile_below_the_workspace_runs_in_its_folder() {
    let workspace = Workspace::new();
    workspace.write("app/Procfile", "web: x\n");
    workspace.write("app/.env", "PORT=3000\n");
    let done = done_in(&workspace, "app/Procfile", false);
    assert_eq!(done.spec("web").cwd, workspace.path().join("app"));
    assert_eq!(env(done.spec("web"), "PORT"), Some("3000".into()));
}

const COMPOSE: &str = "services:
  web:
    build: .
    command: npm start
    ports: ['${P:-8080}:80', '9229:9229', '53:53/udp']
    depends_on:
      db: {condition: service_healthy, restart: true}
      migrate: {condition: service_completed_successfully}
      cache: {condition: service_started}
  db:
    image: postgres:16
    restart: unless-stopped
    ports: ['5433:5432']
    stop_grace_period: 1m
    environment: {POSTGRES_USER: me, POSTGRES_PASSWORD: '$$x'}
    healthcheck: {test: [CMD, pg_isready], interval: 5s}
  migrate: {build: ., command: migrate, depends_on: [db]}
  cache: {image: 'redis:7'}
  admin: {image: adminer, ports: ['5433:8080'], profiles: [tools]}
";

#[test]
fn services_stay_with_docker() {
    let done = done("compose.yaml", COMPOSE);
    for spec in &done.profile.processes {
        let name = &spec.name;
        let command = shell(&spec.command);
        assert!(
            command.starts_with("docker compose -f compose.yaml up "),
            "{command}"
        );
        assert!(
            command.ends_with(&format!(" --no-deps {name}")),
            "{command}"
        );
        let stop = spec.stop.command.as_ref().map(shell);
        assert_eq!(
            stop,
            Some(format!("docker compose -f compose.yaml stop {name}"))
        );
    }
    let web = done.spec("web");
    assert_eq!(
        (web.port, web.ports.as_slice()),
        (Some(PortSpec::Fixed(8080)), &[9229][..])
    );
    let needs: Vec<_> = web
        .depends_on
        .iter()
        .map(|need| (need.on.as_str(), &need.condition, need.on_down))
        .collect();
    assert_eq!(
        needs,
        [
            ("db", &Condition::Healthy, OnDown::Restart),
            ("migrate", &Condition::Completed, OnDown::Ignore),
            ("cache", &Condition::Healthy, OnDown::Ignore),
        ]
    );
    assert!(
        done.spec("migrate").oneshot
            && shell(&done.spec("migrate").command).contains("--exit-code-from migrate")
    );
    let db = done.spec("db");
    assert_eq!(db.stop.timeout.as_secs(), 70);
    assert!(
        matches!(&db.health_check.as_ref().expect("a check").probe, Probe::Command(c) if shell(c).contains("docker inspect"))
    );
    assert!(!shell(&db.command).contains("--exit-code-from"));
    let admin = done.spec("admin");
    assert_eq!(
        (admin.autostart, admin.groups.as_slice(), admin.port),
        (false, &["tools".to_string()][..], None)
    );
    assert!(done.tells("admin:port:approximated:port 5433 is also that of `db`"));
    assert!(done.tells("`53/udp` is no TCP port") || done.tells("`53:53/udp` is no TCP port"));
}

#[test]
fn known_services_run_natively_when_asked() {
    let workspace = Workspace::new();
    workspace.write("compose.yaml", COMPOSE);
    let done = done_in(&workspace, "compose.yaml", true);
    let db = done.spec("db");
    assert!(shell(&db.command).contains("exec postgres -D .forge/data/db -p \"$PORT\""));
    assert_eq!(
        (db.port, env(db, "POSTGRES_PASSWORD")),
        (Some(PortSpec::Fixed(5433)), Some("$x".into()))
    );
    assert!(shell(&done.spec("cache").command).contains("redis-server --port \"$PORT\""));
    assert!(
        shell(&done.spec("web").command).starts_with("docker compose"),
        "no bare command on the host"
    );
    assert!(done.tells("web:native:approximated"));
}

#[test]
fn overlays_are_given_with_what_they_lie_over() {
    let workspace = Workspace::new();
    workspace.write(
        "docker-compose.yml",
        "services:\n  app: {image: x, ports: ['80:80']}\n",
    );
    workspace.write(
        "docker-compose.dev.yml",
        "services:\n  app: {command: yarn dev}\n",
    );
    let done = done_in(&workspace, "docker-compose.dev.yml", false);
    let command = shell(&done.spec("app").command);
    assert!(
        command.starts_with("docker compose -f docker-compose.yml -f docker-compose.dev.yml up "),
        "{command}"
    );
    assert_eq!(done.spec("app").port, Some(PortSpec::Fixed(80)));
}

#[test]
fn extended_and_included_services_are_understood() {
    let workspace = Workspace::new();
    workspace.write(
        "common.yml",
        "services:\n  base: {image: x, ports: ['90:90'], stop_grace_period: 5s}\n",
    );
    workspace.write("more.yml", "services:\n  extra: {image: y}\n");
    workspace.write("sub/compose.yml", "services: {}\n");
    workspace.write(
        "compose.yml",
        "include: [more.yml, gone.yml]\nx-a: &a {restart: always}\nservices:\n  app:\n    extends: {file: common.yml, service: base}\n    <<: *a\n    tmpfs: !reset []\n",
    );
    let done = done_in(&workspace, "compose.yml", false);
    assert_eq!(done.names(), ["extra", "app"]);
    assert_eq!(done.spec("app").port, Some(PortSpec::Fixed(90)));
    assert!(done.tells("include:dropped:`gone.yml` is not there"));
}

#[test]
fn mprocs_runs_on_terminals() {
    let done = done(
        "mprocs.yaml",
        "hide_keymap_window: true
procs:
  'web [1]': npm start
  list: [a, 'b c']
  gone: null
  full:
    shell: run
    cwd: <CONFIG_DIR>/sub
    env: {A: '1', B: null, C: '${x}'}
    add_path: bin
    autostart: false
    autorestart: true
    stop: {send-keys: ['<C-c>', 'q', '<Enter>']}
    deps: [list]
  os: {cmd: {$select: os, linux: [l], macos: [m], $else: [e]}, stop: SIGINT}
",
    );
    assert_eq!(done.names(), ["web-1", "list", "full", "os"]);
    let full = done.spec("full");
    assert!(full.tty && !full.autostart);
    assert_eq!(
        (env(full, "A"), env(full, "C")),
        (Some("1".into()), Some("${x}".into()))
    );
    assert_eq!(full.env.get("B"), Some(&None));
    assert!(env(full, "PATH").is_some_and(|path| path.contains("/bin:")));
    assert_eq!(full.stop.keys.as_deref(), Some("\u{3}q\r"));
    assert_eq!(full.depends_on[0].condition, Condition::Started);
    assert_eq!(full.restart.policy, RestartPolicy::OnFailure);
    assert_eq!(done.spec("os").stop.signal, 2);
    assert_eq!(done.spec("list").restart.policy, RestartPolicy::Never);
    assert!(done.tells("hide_keymap_window:dropped"));
}

#[test]
fn pitchfork_daemons_become_processes() {
    let done = done(
        "pitchfork.toml",
        r#"namespace = "shop"
[env]
SHARED = "1"
[daemons.db]
run = "postgres"
ready_port = 5432
retry = true
stop_signal = { signal = "SIGINT", timeout = "3s" }
[daemons.api]
run = "serve"
depends = ["shop/db"]
port = { expect = [3000, 3001], bump = true }
ready_output = "listening on \\d+"
ready_http = "http://localhost:3000/"
env = { DB = "x" }
auto = ["start"]
memory_limit = "512MB"
cron = "0 */5 * * * *"
[daemons.api.hooks]
on_ready = "echo up"
on_output = { run = "x" }
[daemons.once]
run = ["task", "a b"]
oneshot = true
mise = true
"#,
    );
    assert_eq!(done.names(), ["db", "api", "once"]);
    let (db, api) = (done.spec("db"), done.spec("api"));
    assert!(
        matches!(&db.health_check.as_ref().expect("a check").probe, Probe::Tcp { address } if address.to_string() == "localhost:5432")
    );
    assert_eq!(
        (
            db.restart.max_restarts,
            db.stop.signal,
            db.stop.timeout.as_secs()
        ),
        (1_000_000, 2, 3)
    );
    assert_eq!(api.depends_on[0].condition, Condition::Healthy);
    assert_eq!(
        (api.port, api.ports.as_slice()),
        (Some(PortSpec::Fixed(3000)), &[3001][..])
    );
    assert!(
        matches!(&api.health_check.as_ref().expect("a check").probe, Probe::Log(p) if p.0 == r"listening on \d+")
    );
    assert_eq!(api.schedule, Some(Schedule::Cron("*/5 * * * *".into())));
    assert_eq!(
        (env(api, "SHARED"), env(api, "DB")),
        (Some("1".into()), Some("x".into()))
    );
    assert_eq!(shell(&done.spec("once").command), "mise|x|--|task|a b");
    for gone in [
        "api:ready_http:dropped",
        "api:auto:dropped",
        "api:hooks.on_output:dropped",
    ] {
        assert!(done.tells(gone), "{gone} in {:?}", done.told());
    }
}

#[test]
fn scripts_that_keep_running_are_taken() {
    let workspace = Workspace::new();
    workspace.write("pnpm-lock.yaml", "");
    workspace.write(
        "web/package.json",
        "{\"scripts\": {\"build\": \"x\", \"dev\": \"vite --port 4000\", \"dev:ssl\": \"vite --https\", \"start\": \"echo use dev\"}}",
    );
    let done = done_in(&workspace, "web/package.json", false);
    assert_eq!(done.names(), ["dev", "dev-ssl"]);
    assert_eq!(shell(&done.spec("dev").command), "pnpm run dev");
    assert_eq!(done.spec("dev").port, Some(PortSpec::Fixed(4000)));
    assert!(!done.spec("dev-ssl").autostart);
    assert!(done.tells("scripts.build:dropped"));
}

#[test]
fn background_tasks_run_and_others_wait_to_be_called() {
    let done = done(
        ".vscode/tasks.json",
        r#"{ // ours
  "version": "2.0.0",
  "tasks": [
    {"label": "build it", "type": "shell", "command": "make", "args": ["all", "x y"], "group": "build"},
    {"label": "watch", "type": "process", "command": "tsc", "args": ["-w"], "isBackground": true, "dependsOn": "build it",
     "options": {"cwd": "${workspaceFolder}/app", "env": {"A": "${env:HOME}"}},
     "problemMatcher": {"background": {"beginsPattern": "start", "endsPattern": "Found 0 errors"}}},
    {"type": "npm", "script": "dev", "isBackground": true},
    {"label": "all", "dependsOn": ["watch", "npm: dev"],},
  ],
}"#,
    );
    assert_eq!(done.format(), Format::VsCodeTasks);
    assert_eq!(done.names(), ["build-it", "watch", "npm-dev"]);
    let (build, watch) = (done.spec("build-it"), done.spec("watch"));
    assert_eq!(shell(&build.command), "make all 'x y'");
    assert!(build.oneshot && !build.autostart && watch.autostart);
    assert_eq!(watch.depends_on[0].condition, Condition::Completed);
    assert!(watch.cwd.ends_with("app"));
    assert!(matches!(
        &watch.health_check.as_ref().expect("a check").probe,
        Probe::Log(_)
    ));
    assert_eq!(watch.groups, ["all"]);
    assert!(done.text.contains("A: ${HOME:-}"));
}
