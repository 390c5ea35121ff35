//! Task runners, compose files, and repositories of several parts.

mod common;

use common::processes;

#[test]
fn a_task_takes_the_place_of_what_it_starts() {
    let gin = "module example.com/shop\n\nrequire github.com/gin-gonic/gin v1.9.0\n";
    let make = "PORT := 8123\n\nbuild:\n\tgo build ./...\n\nrun: build\n\t@PORT=$(PORT) go run .\n";
    processes(
        &[("go.mod", gin), ("main.go", ""), ("Makefile", make)],
        &["make run @ . : 8123"],
    );
    let just = "run *args:\n    go run . {{args}}\n";
    processes(
        &[("go.mod", gin), ("main.go", ""), ("justfile", just)],
        &["just run @ . : 8080"],
    );
    let task = "version: '3'\nenv:\n  PORT: 8222\ntasks:\n  dev:\n    cmds:\n      - go run .\n";
    processes(
        &[("go.mod", gin), ("main.go", ""), ("Taskfile.yml", task)],
        &["task dev @ . : 8222"],
    );
    // A tool with such a task stays a tool.
    processes(
        &[
            (
                "go.mod",
                "module x.io/t\nrequire github.com/spf13/cobra v1.8.0\n",
            ),
            ("main.go", ""),
            ("Makefile", "run:\n\tgo run .\n"),
        ],
        &[],
    );
}

#[test]
fn what_only_compose_describes_is_started_by_compose() {
    let compose = "services:\n  vote:\n    build: ./vote\n    ports: ['5001:80']\n  result:\n    build: ./result\n  redis:\n    image: redis\n";
    processes(
        &[
            ("compose.yml", compose),
            ("vote/Dockerfile", ""),
            ("result/Dockerfile", ""),
        ],
        &["docker compose up @ . : 5001"],
    );
    let one =
        "services:\n  web:\n    build: .\n    ports: ['3000:3000']\n  db:\n    image: postgres\n";
    processes(
        &[
            ("compose.yml", one),
            ("package.json", r#"{"scripts": {"dev": "next dev"}}"#),
        ],
        &["npm run dev @ . : 3000"],
    );
}

#[test]
fn a_front_end_and_a_back_end_are_two_processes() {
    let files = [
        ("backend/requirements.txt", "fastapi\n"),
        ("backend/app/main.py", ""),
        ("frontend/package.json", r#"{"scripts": {"dev": "vite"}}"#),
        ("frontend/yarn.lock", ""),
    ];
    processes(
        &files,
        &[
            "uvicorn app.main:app --reload @ backend : 8000",
            "yarn dev @ frontend : 5173",
        ],
    );
}
