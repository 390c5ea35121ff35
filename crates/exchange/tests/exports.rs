//! What goes out is what the other tools take.

mod common;

use common::Workspace;
use forge_exchange::{ExportFormat, ExportSource, Exported, export};

const FILE: &str = "settings: {log: {keep: 3}}
dev:
  - name: web
    command: npm run dev -- --port $PORT
    cwd: app
    port: 3000
    depends_on: [api, migrate]
    health_check: http://localhost:3000/health
    env: {API: 'http://localhost:8080/v1', SESSION_SECRET: very-secret, PATH_X: '100% \"q\" $x'}
    stop: {signal: SIGINT, timeout: 5s}
  - name: api
    command: [node, server.js, 'a b']
    port: 8080
    depends_on: {db: {condition: healthy}}
    health_check: {http: 'http://localhost:8080/', on_unhealthy: restart}
    env: {DATABASE_URL: 'postgres://u:hidden@localhost:5432/x', DB_PORT: '${process.db.port}'}
    limits: {memory: 512MB, cpu: 150%}
    restart: {policy: always}
  - name: db
    command: docker run --rm -p 5432:5432 -e POSTGRES_PASSWORD=hidden postgres:15
    port: 5432
    health_check: pg_isready
  - name: migrate
    command: npm run migrate
    oneshot: true
    depends_on: [db]
  - name: worker
    command: |
      while true; do
        sleep 1
      done
    replicas: 2
    auto_restart: false
  - name: nightly
    command: ./backup.sh && echo $$(date)
    schedule: {cron: '0 3 * * mon-fri'}
  - name: often
    command: ./tick
    schedule: {every: 10m}
  - name: tool
    command: x
    autostart: false
    tty: true
    watch: ['src/**']
";

fn out(format: ExportFormat) -> (Workspace, Exported) {
    let workspace = Workspace::new();
    let config = workspace.load(FILE).expect("loads");
    let source = ExportSource {
        workspace: workspace.path(),
        profile: config.profile("dev").expect("dev"),
        config: Some(&config),
    };
    let exported = export(&source, format).expect("exported");
    (workspace, exported)
}

fn told(exported: &Exported) -> Vec<String> {
    let entries = exported.report.entries();
    entries
        .map(|entry| {
            format!(
                "{}:{}:{}",
                entry.process.as_deref().unwrap_or("-"),
                entry.field,
                entry.word()
            )
        })
        .collect()
}

#[test]
fn nothing_secret_leaves_in_clear() {
    for format in [
        ExportFormat::Kubernetes,
        ExportFormat::Compose,
        ExportFormat::Systemd,
    ] {
        let (_workspace, exported) = out(format);
        let text = exported.text();
        assert!(!text.contains("very-secret"), "{text}");
        assert!(!text.contains("u:hidden"), "{text}");
        let clear = text.replace("-e POSTGRES_PASSWORD=hidden", "");
        assert!(
            format == ExportFormat::Systemd || !clear.contains("hidden"),
            "{text}"
        );
    }
}

#[test]
fn forge_keeps_its_own_words() {
    let (workspace, exported) = out(ExportFormat::Forge);
    let text = exported.text();
    assert!(
        text.contains("DB_PORT: ${process.db.port}") && text.contains("memory: 512MB"),
        "{text}"
    );
    let before = workspace.load(FILE).expect("loads").profile("dev").cloned();
    let again = workspace
        .load(&format!("settings: {{log: {{keep: 3}}}}\n{text}"))
        .expect("loads");
    assert_eq!(again.profile("dev").cloned(), before);
}

#[test]
fn units_pass_the_check_of_systemd() {
    let (workspace, exported) = out(ExportFormat::Systemd);
    let folder = workspace.path().join("units");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::create_dir_all(workspace.path().join("app")).expect("a folder");
    let mut units = Vec::new();
    for (name, text) in &exported.files {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        if !name.ends_with(".example") {
            units.push(path);
        }
    }
    assert!(
        exported
            .files
            .iter()
            .any(|(name, _)| name == "forge-dev-nightly.timer")
    );
    let verify = std::process::Command::new("systemd-analyze")
        .args(["verify", "--user", "--man=no", "--recursive-errors=yes"])
        .args(&units)
        .env("XDG_RUNTIME_DIR", workspace.path())
        .output();
    let Ok(output) = verify else {
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let about_us: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("forge-dev"))
        .collect();
    assert!(
        about_us.is_empty() && output.status.success(),
        "{said}\n{}",
        exported.text()
    );
}

#[test]
fn manifests_have_the_right_kinds() {
    let (_workspace, exported) = out(ExportFormat::Kubernetes);
    let text = exported.text();
    let count = |kind: &str| text.matches(&format!("\nkind: {kind}\n")).count();
    assert_eq!(
        (count("Deployment"), count("Job"), count("CronJob")),
        (5, 1, 2),
        "{text}"
    );
    assert_eq!(
        (count("Service"), count("Secret"), count("Role")),
        (3, 3, 1)
    );
    for part in [
        "image: postgres:15",
        "API: http://api:8080/v1",
        "SESSION_SECRET: \"\"",
        "job/migrate",
        "until nc -z db 5432",
        "replicas: 2",
        "livenessProbe:",
        "schedule: \"*/10 * * * *\"",
        "cpu: 1500m",
        "echo $$$$(date)",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let told = told(&exported);
    assert!(told.contains(&"tool:watch:dropped".to_string()), "{told:?}");
}

#[test]
fn a_compose_file_comes_out_and_is_read_again() {
    let (workspace, exported) = out(ExportFormat::Compose);
    let text = exported.text();
    for part in [
        "image: postgres:15",
        "condition: service_completed_successfully",
        "SESSION_SECRET: ${SESSION_SECRET:?set it in .env}",
        "PATH_X: ",
        "stop_signal: SIGINT",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    workspace.write("compose.yaml", &text);
    let done = common::done_in(&workspace, "compose.yaml", false);
    assert_eq!(done.names().len(), 8);
}

#[test]
fn a_procfile_says_names_and_commands() {
    let (_workspace, exported) = out(ExportFormat::Procfile);
    let text = exported.text();
    assert!(
        text.contains("web: cd app && npm run dev -- --port $PORT\n"),
        "{text}"
    );
    assert!(text.contains("api: node server.js 'a b'\n"));
    assert_eq!(text.lines().count(), 8);
    assert!(told(&exported).contains(&"web:env:dropped".to_string()));
}

#[test]
fn a_dev_container_starts_the_profile() {
    let (_workspace, exported) = out(ExportFormat::DevContainer);
    let text = exported.text();
    assert!(
        text.contains("forge dev start -p dev") && text.contains("features/node"),
        "{text}"
    );
    assert!(text.contains("3000"));
}
