//! `import` and `export`: profiles come in from other tools and go out to them.

mod common;

use common::Workspace;

const CONFIG: &str = "# ours
dev:
  - name: web   # the page
    command: sleep 1000
    port: 3999
    env: {API_TOKEN: hidden}
";

fn file(workspace: &Workspace) -> String {
    std::fs::read_to_string(workspace.path().join(".forge/processes.yml")).expect("a file")
}

fn put(workspace: &Workspace, name: &str, text: &str) {
    std::fs::write(workspace.path().join(name), text).expect("written");
}

#[test]
fn an_imported_profile_stands_beside_what_was_there() {
    let workspace = Workspace::new(CONFIG);
    put(&workspace, "Procfile", "api: serve -p $PORT\nodd line\n");
    let ran = workspace.run(&["dev", "import", "Procfile", "-p", "heroku"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        ran.stdout,
        "Procfile:2: dropped: line: expected `name: command`; foreman skips such a line too\n2 carried exactly, 0 approximated, 1 dropped\n"
    );
    assert!(file(&workspace).starts_with(&format!("{CONFIG}\nheroku:\n  - name: api\n")));
    let ran = workspace.run(&["dev", "check", "--json"]);
    assert_eq!(ran.json()["profiles"], 2);
    // Once more: the names are taken, and nothing is changed.
    let before = file(&workspace);
    let ran = workspace.run(&["dev", "import", "Procfile", "-p", "heroku"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(file(&workspace), before);
    let ran = workspace.run(&["dev", "import", "Procfile", "-p", "heroku", "--replace"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(file(&workspace), before);
}

#[test]
fn strict_and_dry_runs_write_nothing() {
    let workspace = Workspace::new(CONFIG);
    put(
        &workspace,
        "process-compose.yaml",
        "is_tui_disabled: true\nprocesses: {a: {command: x}}\n",
    );
    let ran = workspace.run(&["dev", "import", "process-compose.yaml", "--strict"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr
            .contains("process-compose.yaml:1: is_tui_disabled"),
        "{ran:?}"
    );
    let ran = workspace.run(&["dev", "import", "process-compose.yaml", "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.starts_with("dev:\n  - name: a\n"), "{ran:?}");
    let ran = workspace.run(&[
        "dev",
        "import",
        "process-compose.yaml",
        "--dry-run",
        "--json",
    ]);
    let document = ran.json();
    assert_eq!(document["format"], "process-compose");
    assert_eq!(document["written"], false);
    assert_eq!(document["fields"][0]["fate"], "dropped");
    assert_eq!(file(&workspace), CONFIG);
}

#[test]
fn an_import_needs_no_workspace_but_a_file_that_it_knows() {
    let workspace = Workspace::new(CONFIG);
    std::fs::remove_dir_all(workspace.path().join(".forge")).expect("removed");
    put(&workspace, "notes.txt", "hello");
    let ran = workspace.run(&["dev", "import", "notes.txt"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let ran = workspace.run(&["dev", "import", "gone.yaml"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    put(
        &workspace,
        "compose.yaml",
        "services: {db: {image: redis}}\n",
    );
    let ran = workspace.run(&["dev", "import", "compose.yaml", "--native"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(file(&workspace).contains("redis-server"));
}

#[test]
fn a_file_that_would_not_load_is_put_back() {
    let workspace = Workspace::new(CONFIG);
    put(
        &workspace,
        "package.json",
        "{\"scripts\": {\"dev\": \"vite --port 3999\"}}",
    );
    let ran = workspace.run(&["dev", "import", "package.json"]);
    assert_eq!(ran.code, Some(2), "both use port 3999: {ran:?}");
    assert_eq!(file(&workspace), CONFIG);
}

#[test]
fn a_profile_goes_out_to_standard_output_or_a_file() {
    let workspace = Workspace::new(CONFIG);
    let ran = workspace.run(&["dev", "export", "--to", "procfile"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stdout, "web: sleep 1000\n");
    assert!(ran.stderr.contains("dropped: web: port"), "{ran:?}");
    let ran = workspace.run(&["dev", "export", "--to", "systemd", "-o", "units"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let unit = std::fs::read_to_string(workspace.path().join("units/forge-dev-web.service"));
    assert!(!unit.expect("a unit").contains("hidden"));
    let ran = workspace.run(&["dev", "export", "--to", "nomad"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let ran = workspace.run(&["dev", "export", "-p", "nope", "--to", "json"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}
