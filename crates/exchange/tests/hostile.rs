//! Whatever stands in a file: an import ends with an error, or with a profile that Forge takes.

mod common;

use common::Workspace;
use forge_exchange::{Format, ImportOptions, import};
use proptest::prelude::*;
use proptest::sample::select;

const KEYS: [&str; 92] = [
    "command",
    "entrypoint",
    "args",
    "working_dir",
    "environment",
    "env_file",
    "is_dotenv_disabled",
    "vars",
    "disabled",
    "is_disabled",
    "namespace",
    "replicas",
    "description",
    "extends",
    "is_daemon",
    "is_tty",
    "is_foreground",
    "is_elevated",
    "log_location",
    "availability",
    "restart",
    "backoff_seconds",
    "max_restarts",
    "exit_on_end",
    "success_exit_codes",
    "depends_on",
    "condition",
    "a",
    "b",
    "readiness_probe",
    "liveness_probe",
    "exec",
    "http_get",
    "host",
    "port",
    "path",
    "scheme",
    "headers",
    "status_code",
    "period_seconds",
    "timeout_seconds",
    "failure_threshold",
    "ready_log_line",
    "shutdown",
    "signal",
    "parent_only",
    "send_keys",
    "schedule",
    "cron",
    "interval",
    "watch",
    "paths",
    "debounce",
    "image",
    "build",
    "ports",
    "healthcheck",
    "test",
    "profiles",
    "stop_signal",
    "stop_grace_period",
    "deploy",
    "develop",
    "links",
    "network_mode",
    "scale",
    "target",
    "published",
    "protocol",
    "shell",
    "cmd",
    "cwd",
    "env",
    "add_path",
    "autostart",
    "autorestart",
    "stop",
    "deps",
    "$select",
    "run",
    "dir",
    "retry",
    "ready_output",
    "ready_http",
    "ready_port",
    "hooks",
    "on_ready",
    "expect",
    "memory_limit",
    "cpu_limit",
    "depends",
    "oneshot",
];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "x",
            "npm run dev",
            "true",
            "false",
            "null",
            "0",
            "1",
            "3",
            "80",
            "99999999",
            "-1",
            "1.5",
            "NaN",
            "8080:80",
            "${P:-80}:80",
            "[::1]:5:5",
            "1-3:1-3",
            "$X ${Y} $$",
            "${",
            "${X:?}",
            "{{.V}} {{",
            "a",
            "b",
            "a b",
            "*/5 * * * *",
            "10s",
            "1h",
            "always",
            "on_failure",
            "no",
            "process_healthy",
            "service_healthy",
            "process_log_ready",
            "http://x:1/",
            "http",
            "../..",
            "/",
            "~",
            "~/x",
            "512MB",
            "SIGINT",
            "2",
            "^a(",
            "[a]",
            "src/**",
            "a=b",
            "A=$$x=y",
            "=",
            "os",
            "postgres:15",
            "redis",
            "Ünï\u{1}\u{7}",
            "a\nb\n",
            "'",
            "service:a",
        ])
        .prop_map(|text| serde_json::to_string(text).expect("json")),
        Just("5".to_string()),
        Just("true".to_string()),
        Just("null".to_string()),
    ]
}

/// A value as JSON, which is YAML too.
fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            map(inner),
        ]
    })
}

fn map(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec((select(KEYS.to_vec()), inner), 0..12).prop_map(|entries| {
        let entries = entries
            .iter()
            .map(|(key, value)| format!("\"{key}\": {value}"));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
    })
}

fn check(name: &str, format: Format, text: &str) -> Result<(), TestCaseError> {
    let workspace = Workspace::new();
    let path = workspace.write(name, text);
    for native in [false, true] {
        let options = ImportOptions {
            native,
            format: Some(format),
            ..workspace.options()
        };
        let Ok(imported) = import(&path, &options) else {
            continue;
        };
        if let Err(mistakes) = workspace.load(&imported.text()) {
            return Err(TestCaseError::fail(format!("{text}\n{mistakes}")));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn process_compose(one in map(value()), two in value(), top in value()) {
        let text = format!("{{\"processes\": {{\"a\": {one}, \"b\": {two}}}, \"environment\": {top}, \"vars\": {top}}}");
        check("process-compose.yaml", Format::ProcessCompose, &text)?;
    }

    #[test]
    fn compose(one in map(value()), two in value()) {
        let text = format!("{{\"services\": {{\"a\": {one}, \"b\": {two}}}}}");
        check("compose.yaml", Format::Compose, &text)?;
    }

    #[test]
    fn mprocs(one in map(value()), two in value()) {
        let text = format!("{{\"procs\": {{\"a\": {one}, \"b\": {two}}}}}");
        check("mprocs.yaml", Format::Mprocs, &text)?;
    }

    #[test]
    fn tasks(one in map(value()), two in value()) {
        let one = one.replacen('{', "{\"label\": \"a\", ", 1).replace(", }", "}");
        let text = format!("{{\"tasks\": [{one}, {two}]}}");
        check(".vscode/tasks.json", Format::VsCodeTasks, &text)?;
    }

    #[test]
    fn any_text(text in "(?s)[a-z\\-: \\[\\]{}\"'#&*!|>\n\t$0-9.]{0,200}") {
        for format in Format::ALL {
            let name = match format {
                Format::VsCodeTasks | Format::PackageJson => "x.json",
                _ => "x.yaml",
            };
            check(name, format, &text)?;
        }
    }
}
