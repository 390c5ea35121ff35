//! What a Python project depends on, and the tool that runs commands in its environment.

use toml::{Table, Value};

use crate::repo::{Repo, join, line_of, upwards};

/// A dependency and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    /// Lower case, with dashes.
    pub(crate) name: String,
    pub(crate) extras: String,
    pub(crate) path: String,
    pub(crate) line: usize,
    /// Only with an extra or in a group of its own.
    pub(crate) optional: bool,
}

const LISTS: [&str; 11] = [
    "requirements.txt",
    "requirements.in",
    "requirements/base.txt",
    "requirements/base.in",
    "requirements/common.txt",
    "requirements/dev.txt",
    "requirements/local.txt",
    "requirements/production.txt",
    "requirements/requirements.txt",
    "requirements-dev.txt",
    "requirements/main.txt",
];

/// All dependencies of a folder.
pub(crate) fn requirements(repo: &Repo, folder: &str) -> Vec<Requirement> {
    let mut found = Vec::new();
    for name in LISTS.iter().filter(|name| repo.has(folder, name)) {
        lines(repo, &join(folder, name), &mut found);
    }
    if repo.has(folder, "pyproject.toml") {
        pyproject(repo, &join(folder, "pyproject.toml"), &mut found);
    }
    if repo.has(folder, "Pipfile") {
        let path = join(folder, "Pipfile");
        let text = repo.text(&path);
        let table: Table = toml::from_str(&text).unwrap_or_default();
        keys(table.get("packages"), &path, &text, false, &mut found);
    }
    for name in ["setup.py", "setup.cfg", "environment.yml"] {
        if repo.has(folder, name) {
            loose(repo, &join(folder, name), &mut found);
        }
    }
    found
}

fn lines(repo: &Repo, path: &str, found: &mut Vec<Requirement>) {
    for (at, line) in repo.text(path).lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', '-']) {
            continue;
        }
        found.extend(requirement(line, path, at + 1, false));
    }
}

fn pyproject(repo: &Repo, path: &str, found: &mut Vec<Requirement>) {
    let text = repo.text(path);
    let table: Table = toml::from_str(&text).unwrap_or_default();
    let at = |keys: &[&str]| dig(&table, keys);
    let mut list = |value: Option<&Value>, optional: bool| {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        for item in items.filter_map(Value::as_str) {
            found.extend(requirement(item, path, line_of(&text, &[item]), optional));
        }
    };
    list(at(&["project", "dependencies"]), false);
    for tables in [
        at(&["project", "optional-dependencies"]),
        at(&["dependency-groups"]),
    ] {
        for (_, value) in tables.and_then(Value::as_table).into_iter().flatten() {
            list(Some(value), true);
        }
    }
    keys(
        at(&["tool", "poetry", "dependencies"]),
        path,
        &text,
        false,
        found,
    );
    let groups = at(&["tool", "poetry", "group"]).and_then(Value::as_table);
    for (name, group) in groups.into_iter().flatten() {
        keys(
            group.get("dependencies"),
            path,
            &text,
            name != "main",
            found,
        );
    }
}

fn keys(
    value: Option<&Value>,
    path: &str,
    text: &str,
    optional: bool,
    found: &mut Vec<Requirement>,
) {
    for (name, value) in value.and_then(Value::as_table).into_iter().flatten() {
        let extras = {
            let items = value
                .get("extras")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            items
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(",")
        };
        let marked = value.get("optional").and_then(Value::as_bool) == Some(true);
        found.push(Requirement {
            name: normal(name),
            extras,
            path: path.to_string(),
            line: line_of(text, &[&format!("\n{name}")]) + 1,
            optional: optional || marked,
        });
    }
}

/// Files that are no lists, but name dependencies in quotes or lines.
fn loose(repo: &Repo, path: &str, found: &mut Vec<Requirement>) {
    for (at, line) in repo.text(path).lines().enumerate() {
        for part in line.split(',') {
            let part = part.trim().trim_start_matches(['-', ' ', '"', '\'', '[']);
            if part.len() < 60 && !part.contains('(') {
                found.extend(requirement(part, path, at + 1, false));
            }
        }
    }
}

fn requirement(text: &str, path: &str, line: usize, optional: bool) -> Option<Requirement> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    (!name.is_empty()).then(|| Requirement {
        name: normal(name),
        extras: rest
            .trim()
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
            .unwrap_or_default()
            .to_string(),
        path: path.to_string(),
        line,
        optional,
    })
}

fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn dig<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter()
        .try_fold(table.get(*first)?, |value, key| value.get(key))
}

/// The entry point that a project names for FastAPI's own tool.
pub(crate) fn fastapi_entry(repo: &Repo, folder: &str) -> bool {
    let text = repo.text_in(folder, "pyproject.toml");
    let table: Table = toml::from_str(&text).unwrap_or_default();
    dig(&table, &["tool", "fastapi", "entrypoint"]).is_some()
}

/// What stands before a command so that it runs in the project's environment.
pub(crate) fn runner(repo: &Repo, folder: &str) -> &'static str {
    for folder in upwards(folder) {
        let locks = [
            ("uv.lock", "uv run "),
            ("poetry.lock", "poetry run "),
            ("pdm.lock", "pdm run "),
            ("Pipfile", "pipenv run "),
        ];
        if let Some((_, runner)) = locks.iter().find(|(file, _)| repo.has(folder, file)) {
            return runner;
        }
        let text = repo.text_in(folder, "pyproject.toml");
        let tools = [
            ("[tool.uv", "uv run "),
            ("[tool.poetry", "poetry run "),
            ("[tool.pdm", "pdm run "),
        ];
        if let Some((_, runner)) = tools.iter().find(|(table, _)| text.contains(table)) {
            return runner;
        }
    }
    ""
}
