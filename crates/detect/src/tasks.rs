//! Task runners: Taskfile, Makefile, justfile. A task that starts what a language's own way would
//! start carries settings that the other lacks, so it takes its place; it is no reason of its own,
//! as projects of all kinds have tasks that run something.

use crate::command::{Step, steps};
use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, join};
use crate::tools::Does;
use crate::yaml::Yaml;

/// Names by which tasks start what is developed, the likeliest first.
const NAMES: [&str; 24] = [
    "dev",
    "develop",
    "run",
    "serve",
    "start",
    "server",
    "run-dev",
    "dev-run",
    "start-dev",
    "dev-server",
    "run:dev",
    "dev:run",
    "start:dev",
    "watch",
    "run-server",
    "runserver",
    "live",
    "up",
    "api",
    "backend",
    "py",
    "web",
    "app",
    "run-api",
];

/// A task.
#[derive(Debug)]
struct Task {
    name: String,
    commands: Vec<String>,
    /// Where it runs, from the folder of its file.
    folder: String,
    line: usize,
    port: Option<u16>,
    /// Whether it sets variables that the command needs.
    prepared: bool,
}

/// A file of tasks, and the program that runs them.
struct Tasks {
    path: String,
    folder: String,
    program: &'static str,
    tasks: Vec<Task>,
}

/// Lets tasks take the place of candidates that they start.
pub(crate) fn apply(repo: &Repo, candidates: &mut [Candidate]) {
    for tasks in all(repo) {
        for name in NAMES {
            if let Some(task) = tasks.tasks.iter().find(|task| task.name == name) {
                replace(&tasks, task, candidates);
            }
        }
    }
}

fn replace(tasks: &Tasks, task: &Task, candidates: &mut [Candidate]) {
    let found = all_steps(tasks, task, 0);
    let starts = |step: &&Step| matches!(step.does(), Does::Serves(_) | Does::Runs);
    let Some(step) = found.iter().find(starts) else {
        return;
    };
    let language = language(&step.words.join(" "));
    let own_way = matches!(language, Language::Canonical | Language::Unknown);
    let folder = join(
        &tasks.folder,
        &join(&task.folder, step.folder.as_deref().unwrap_or(".")),
    );
    let mut same = candidates.iter_mut().filter(|one| {
        one.role == Role::Web
            && one.source == Source::Framework
            && one.cwd == folder
            && self::language(&one.command) == language
    });
    if let (Some(one), None, false) = (same.next(), same.next(), own_way)
        && (task.prepared || tasks.program != "task" || language == Language::Go)
    {
        let said = step.port().or(task.port);
        one.command = format!("{} {}", tasks.program, task.name);
        one.cwd = tasks.folder.clone();
        one.port = said.or(one.port);
        one.why = Why::line(
            &tasks.path,
            task.line,
            &format!("task `{}` runs `{}`", task.name, step.words.join(" ")),
        );
        one.source = Source::Task;
        one.confidence = 0.9;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Go,
    Rust,
    Python,
    /// With one way that everybody knows.
    Canonical,
    Unknown,
}

fn language(command: &str) -> Language {
    let words: Vec<String> = steps(command)
        .into_iter()
        .flat_map(|step| step.words)
        .collect();
    let first = words.first().map(String::as_str).unwrap_or_default();
    match first.rsplit('/').next().unwrap_or(first) {
        "go" | "air" | "reflex" | "wgo" | "gow" | "CompileDaemon" => Language::Go,
        "cargo" | "bacon" => Language::Rust,
        "python" | "python3" if words.get(1).is_some_and(|word| word.ends_with("manage.py")) => {
            Language::Canonical
        }
        "manage.py" | "rails" | "mix" | "php" | "dotnet" => Language::Canonical,
        "python" | "python3" | "uvicorn" | "fastapi" | "flask" | "hypercorn" | "litestar"
        | "sanic" | "streamlit" => Language::Python,
        _ => Language::Unknown,
    }
}

/// What a task runs, through the tasks that it calls.
fn all_steps(tasks: &Tasks, task: &Task, depth: u8) -> Vec<Step> {
    let mut found = Vec::new();
    for step in task.commands.iter().flat_map(|command| steps(command)) {
        let words = step.words();
        let called = match words.as_slice() {
            ["make" | "task" | "just" | "$(MAKE)" | "${MAKE}", name, ..] => {
                tasks.tasks.iter().find(|task| task.name == *name)
            }
            _ => None,
        };
        match called.filter(|_| depth < 4) {
            Some(called) => found.extend(all_steps(tasks, called, depth + 1)),
            None => found.push(step),
        }
    }
    found
}

fn all(repo: &Repo) -> Vec<Tasks> {
    let mut found = Vec::new();
    let folders: Vec<&str> = repo.folders().collect();
    for folder in folders {
        let taskfile = [
            "Taskfile.yml",
            "Taskfile.yaml",
            "taskfile.yml",
            "taskfile.yaml",
            "Taskfile.dist.yml",
        ];
        if let Some(file) = repo.first(folder, &taskfile) {
            found.extend(of_taskfile(repo, folder, file));
        }
        if let Some(file) = repo.first(folder, &["Makefile", "makefile", "GNUmakefile"]) {
            found.push(of_lines(repo, folder, file, "make"));
        }
        if let Some(file) = repo.first(folder, &["justfile", "Justfile", ".justfile"]) {
            found.push(of_lines(repo, folder, file, "just"));
        }
    }
    found
}

fn of_taskfile(repo: &Repo, folder: &str, file: &str) -> Option<Tasks> {
    let path = join(folder, file);
    let yaml = Yaml::parse(&repo.text(&path))?;
    let common = environment_port(yaml.get("env"));
    let prepared = yaml.get("env").is_some() || yaml.get("dotenv").is_some();
    let tasks = yaml.get("tasks")?.entries().map(|(name, node)| Task {
        name: name.to_string(),
        commands: commands(node),
        folder: node
            .get("dir")
            .and_then(Yaml::text)
            .unwrap_or(".")
            .to_string(),
        line: node.line,
        port: environment_port(node.get("env")).or(common),
        prepared: prepared || node.get("env").is_some() || node.get("dotenv").is_some(),
    });
    Some(Tasks {
        tasks: tasks.collect(),
        path,
        folder: folder.to_string(),
        program: "task",
    })
}

fn commands(node: &Yaml) -> Vec<String> {
    let one = |node: &Yaml| match node.text() {
        Some(text) => Some(text.to_string()),
        None => {
            let called = node
                .get("task")
                .and_then(Yaml::text)
                .map(|name| format!("task {name}"));
            called.or_else(|| node.get("cmd").and_then(Yaml::text).map(str::to_string))
        }
    };
    if node.text().is_some() {
        return one(node).into_iter().collect();
    }
    let list = node
        .get("cmds")
        .into_iter()
        .flat_map(Yaml::items)
        .chain(node.items());
    list.chain(node.get("cmd")).filter_map(one).collect()
}

fn environment_port(env: Option<&Yaml>) -> Option<u16> {
    let names = ["PORT", "API_PORT", "APP_PORT", "SERVER_PORT", "HTTP_PORT"];
    names
        .iter()
        .find_map(|name| ports::port(env?.get(name)?.text()?))
}

/// A Makefile or a justfile: names before a colon, commands on lines that are set in.
fn of_lines(repo: &Repo, folder: &str, file: &str, program: &'static str) -> Tasks {
    let path = join(folder, file);
    let text = repo.text(&path);
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut tasks: Vec<Task> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with(['\t', ' ']) {
            let command = line.trim().trim_start_matches(['@', '-', '+']).trim();
            if let Some(task) = tasks.last_mut().filter(|_| !command.starts_with('#')) {
                task.commands.push(expanded(command, &variables));
            }
            continue;
        }
        if let Some((name, value)) = line
            .split_once(":=")
            .or(line.split_once("?="))
            .or(line.split_once(" = "))
        {
            variables.push((
                name.trim().to_string(),
                value.trim().trim_matches(['"', '\'']).to_string(),
            ));
        } else if let Some((head, _)) = line
            .split_once(':')
            .filter(|_| !line.starts_with(['#', '.', '[']))
        {
            let name = head
                .trim_start_matches('@')
                .split_whitespace()
                .next()
                .unwrap_or_default();
            tasks.push(Task {
                name: name.to_string(),
                commands: Vec::new(),
                folder: ".".to_string(),
                line: at + 1,
                port: None,
                prepared: true,
            });
        }
    }
    Tasks {
        path,
        folder: folder.to_string(),
        program,
        tasks,
    }
}

fn expanded(command: &str, variables: &[(String, String)]) -> String {
    let mut command = command.to_string();
    for (name, value) in variables {
        for form in [
            format!("$({name})"),
            format!("${{{name}}}"),
            format!("{{{{{name}}}}}"),
            format!("{{{{ {name} }}}}"),
        ] {
            if command.contains(&form) && command.len() < 10_000 {
                command = command.replace(&form, value);
            }
        }
    }
    command
}
