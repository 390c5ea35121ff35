//! The walk over the tree: what it leaves out, and hostile trees.

mod common;

use std::fmt::Write as _;

use common::{Repository, processes};
use forge_detect::{Having, detect};

const VITE: &str = r#"{"scripts": {"dev": "vite"}}"#;

#[test]
fn what_is_ignored_built_fetched_or_an_example_is_not_looked_at() {
    let files = [
        (".gitignore", "/generated/\n*.local\n"),
        ("package.json", VITE),
        ("generated/package.json", VITE),
        ("node_modules/x/package.json", VITE),
        ("vendor/x/manage.py", ""),
        ("examples/x/package.json", VITE),
        ("tests/fixtures/manage.py", ""),
        ("packages/create-app/template-react/package.json", VITE),
    ];
    processes(&files, &["npm run dev @ . : 5173"]);
}

#[test]
fn broken_manifests_are_no_evidence_and_no_error() {
    let deep = "[".repeat(100_000);
    let mut circle = String::from(
        "{\"scripts\": {\"dev\": \"npm run a\", \"a\": \"npm run b && npm run b && npm run b\"",
    );
    for at in 0..30u8 {
        let _ = write!(
            circle,
            ", \"{}\": \"npm run dev & npm run a\"",
            char::from(b'b' + at % 25)
        );
    }
    circle.push_str("}}");
    for text in [
        "",
        "{",
        "\u{0}\u{1}",
        "a: *b",
        "[[[",
        "web",
        deep.as_str(),
        circle.as_str(),
        "\"unclosed 'quotes ${",
    ] {
        let files = [
            "package.json",
            "Procfile",
            "Procfile.dev",
            "compose.yml",
            "Cargo.toml",
            "go.mod",
            "pyproject.toml",
            "Gemfile",
            "mix.exs",
            "composer.json",
            "artisan",
            "pom.xml",
            "build.gradle",
            "x.csproj",
            "deno.json",
            "Taskfile.yml",
            "Makefile",
            "justfile",
            ".env",
            "pnpm-workspace.yaml",
            "turbo.json",
            "requirements.txt",
            "app.py",
            "main.go",
            "config/database.yml",
            "config/config.toml",
            "Properties/launchSettings.json",
            "src/main.rs",
            "vite.config.ts",
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|name| (*name, text)).collect();
        Repository::new(&files).on(&[]);
    }
}

#[test]
fn a_missing_folder_holds_nothing() {
    let found = detect(std::path::Path::new("/nowhere/at/all"), &Having(&[]));
    assert!(found.processes.is_empty());
}

#[test]
fn links_in_a_circle_end() {
    let repository = Repository::new(&[("package.json", VITE)]);
    std::os::unix::fs::symlink(repository.path(), repository.path().join("again")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", repository.path().join("Procfile")).expect("a link");
    assert_eq!(repository.on(&[]).processes.len(), 1);
}
