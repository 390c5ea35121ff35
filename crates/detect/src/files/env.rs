//! Dotenv files and their examples: names and values with their lines.

use crate::repo::{Repo, join};

/// A variable.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) path: String,
    pub(crate) line: usize,
}

/// Files of development, the most telling first. What belongs to tests or production is not read.
const FILES: [&str; 21] = [
    ".env.development.local",
    ".env.local",
    ".env.development",
    ".env.dev",
    ".env",
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.default",
    ".env.defaults",
    ".env.local.example",
    ".env.development.example",
    ".env.dev.example",
    ".env.example.local",
    ".env-example",
    ".env-sample",
    "env.example",
    "env.sample",
    ".env.tpl",
    ".env.docker",
];

/// The variables of a folder's files.
pub(crate) fn variables(repo: &Repo, folder: &str) -> Vec<Variable> {
    let files = FILES.iter().filter(|name| repo.has(folder, name));
    files
        .flat_map(|name| of_file(repo, &join(folder, name)))
        .collect()
}

/// The variables of one file.
pub(crate) fn of_file(repo: &Repo, path: &str) -> Vec<Variable> {
    let text = repo.text(path);
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(at, line)| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(plain) {
                return None;
            }
            let value = value.trim();
            let value = match value.strip_prefix(['"', '\'']) {
                Some(rest) => rest.split(['"', '\'']).next().unwrap_or(rest),
                None => value.split(" #").next().unwrap_or(value).trim(),
            };
            Some(Variable {
                name: name.to_string(),
                value: value.to_string(),
                path: path.to_string(),
                line: at + 1,
            })
        })
        .collect()
}
