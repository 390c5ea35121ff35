//! What `init` writes is a configuration without mistakes.

mod common;

use std::collections::BTreeMap;

use common::Repository;
use forge_config::{Config, Source, load};
use forge_detect::render;

#[track_caller]
fn written(repository: &Repository, programs: &[&str]) -> (String, Config) {
    let text = render(&repository.on(programs));
    let folder = repository.path().join(".forge");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("processes.yml"), &text).expect("a file");
    match load(&Source::new(repository.path(), BTreeMap::new())) {
        Ok(config) => (text, config),
        Err(mistakes) => panic!("{mistakes}\n{text}"),
    }
}

const FILES: [(&str, &str); 4] = [
    ("backend/requirements.txt", "fastapi\nasyncpg\n"),
    ("backend/app/main.py", ""),
    (
        "frontend/package.json",
        "{\n  \"scripts\": {\n    \"dev\": \"vite\"\n  }\n}",
    ),
    (
        "compose.yml",
        "services:\n  cache:\n    image: redis\n    ports: ['6390:6379']\n",
    ),
];

#[test]
fn the_file_holds_processes_with_their_reasons_and_services_first() {
    let (text, config) = written(&Repository::new(&FILES), &["redis-server"]);
    assert_eq!(
        text,
        "# What this project needs while it is developed; `forge dev start` starts all of it.\n\
         # Suggested by `forge dev init` from the files that are named; change it as you like.\n\
         dev:\n\
         \x20 # backend/requirements.txt:2: depends on asyncpg; nothing that starts it was found on this machine\n\
         \x20 # - name: postgres\n\
         \x20 #   command: docker run --rm -p 5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres:17\n\
         \x20 #   port: 5432\n\
         \x20 #   health_check: tcp://127.0.0.1:5432\n\
         \n\
         \x20 # compose.yml:2: service `cache` is redis\n\
         \x20 - name: redis\n\
         \x20   command: 'redis-server --port 6390 --bind 127.0.0.1 --save '''''\n\
         \x20   port: 6390\n\
         \n\
         \x20 # backend/requirements.txt:1: depends on fastapi\n\
         \x20 - name: backend\n\
         \x20   command: uvicorn app.main:app --reload\n\
         \x20   cwd: ./backend\n\
         \x20   port: 8000\n\
         \x20   depends_on: [redis]\n\
         \n\
         \x20 # frontend/package.json:3: script `dev` runs `vite`\n\
         \x20 - name: frontend\n\
         \x20   command: npm run dev\n\
         \x20   cwd: ./frontend\n\
         \x20   port: 5173\n"
    );
    assert_eq!(
        config.profile("dev").map(|profile| profile.processes.len()),
        Some(3)
    );
}

#[test]
fn two_servers_never_claim_one_port() {
    let files = [
        ("a/package.json", r#"{"scripts": {"dev": "vite"}}"#),
        ("b/package.json", r#"{"scripts": {"dev": "vite"}}"#),
    ];
    let (text, config) = written(&Repository::new(&files), &[]);
    assert!(text.contains("# port: 5173 is taken by a"), "{text}");
    assert_eq!(
        config.profile("dev").map(|profile| profile.processes.len()),
        Some(2)
    );
}

#[test]
fn odd_names_and_commands_are_quoted() {
    let files = [
        (
            "we ird $x/package.json",
            "{\"scripts\": {\"dev\": \"vite --base '#: {x}'\"}}",
        ),
        (
            "Procfile.dev",
            "web: ruby -e 'puts \"# : %\"' -p 3000\n*: x\nworker: bundle exec sidekiq # \"quoted\"\n",
        ),
    ];
    let (_, config) = written(&Repository::new(&files), &[]);
    assert_eq!(
        config.profile("dev").map(|profile| profile.processes.len()),
        Some(3)
    );
}

#[test]
fn services_of_a_whole_compose_file_are_not_started_twice() {
    let compose = "services:\n  a:\n    build: ./a\n    ports: ['8080:80']\n  b:\n    build: ./b\n  db:\n    image: postgres\n";
    let (text, config) = written(&Repository::new(&[("compose.yml", compose)]), &["docker"]);
    assert!(text.contains("comes with the compose file"), "{text}");
    assert_eq!(
        config.profile("dev").map(|profile| profile.processes.len()),
        Some(1)
    );
}

#[test]
fn nothing_found_is_a_file_that_says_so() {
    let (text, _) = written(&Repository::new(&[("README.md", "")]), &[]);
    assert!(text.contains("Nothing was recognised"));
}
