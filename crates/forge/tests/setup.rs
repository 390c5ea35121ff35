//! `detect` and `init`: a repository without a configuration gets one.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let package = "{\n  \"scripts\": {\n    \"dev\": \"vite --port 5199\"\n  }\n}\n";
    std::fs::write(folder.path().join("package.json"), package).expect("a file");
    folder
}

fn forge(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_forge"))
        .args(words)
        .current_dir(folder)
        .env("FORGE_STATE_DIR", folder.join("state"))
        .env("FORGE_RUNTIME_DIR", folder.join("runtime"))
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
}

#[track_caller]
fn code(output: &Output, expected: i32) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{told}");
}

#[test]
fn detect_tells_processes_and_reasons_without_a_workspace() {
    let folder = repository();
    let ran = forge(folder.path(), &["dev", "detect", "--json"]);
    code(&ran, 0);
    let found: Value = serde_json::from_slice(&ran.stdout).expect("one document");
    assert_eq!(
        found,
        serde_json::json!({
            "processes": [{
                "name": "web", "command": "npm run dev", "cwd": ".", "port": 5199, "confidence": 0.9,
                "why": "package.json:3: script `dev` runs `vite --port 5199`",
            }],
            "services": [],
        })
    );
    let ran = forge(folder.path(), &["dev", "detect", "."]);
    code(&ran, 0);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("npm run dev"));
    code(&forge(folder.path(), &["dev", "detect", "nowhere"]), 2);
}

#[test]
fn init_writes_once_and_only_when_it_may() {
    let folder = repository();
    let file = folder.path().join(".forge/processes.yml");
    code(&forge(folder.path(), &["dev", "init"]), 1);
    assert!(!file.exists());
    let ran = forge(folder.path(), &["dev", "init", "-y"]);
    code(&ran, 0);
    let text = std::fs::read_to_string(&file).expect("the file");
    assert!(
        text.contains("  - name: web\n    command: npm run dev\n    port: 5199\n"),
        "{text}"
    );
    assert_eq!(String::from_utf8_lossy(&ran.stdout), text);
    code(&forge(folder.path(), &["dev", "check"]), 0);
    std::fs::write(&file, "dev: []\n").expect("a file");
    code(&forge(folder.path(), &["dev", "init", "--yes"]), 1);
    assert_eq!(
        std::fs::read_to_string(&file).expect("the file"),
        "dev: []\n"
    );
}

#[test]
fn init_without_anything_to_run_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    code(&forge(folder.path(), &["dev", "init", "-y"]), 1);
    assert!(!folder.path().join(".forge").exists());
}
