//! Which tool a file belongs to: by what it holds first, by its name where that does not decide.

use std::path::Path;

use crate::node::Node;

/// A file of another tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `Procfile`, `Procfile.dev`: foreman, overmind, hivemind, heroku.
    Procfile,
    /// `compose.yaml`, `docker-compose.yml`.
    Compose,
    /// `process-compose.yaml`, and `compose.yaml` with `processes:`.
    ProcessCompose,
    /// `mprocs.yaml`.
    Mprocs,
    /// `pitchfork.toml`.
    Pitchfork,
    /// `package.json`.
    PackageJson,
    /// `.vscode/tasks.json`.
    VsCodeTasks,
}

impl Format {
    /// All formats that can be imported.
    pub const ALL: [Format; 7] = [
        Format::Procfile,
        Format::Compose,
        Format::ProcessCompose,
        Format::Mprocs,
        Format::Pitchfork,
        Format::PackageJson,
        Format::VsCodeTasks,
    ];

    /// The name by which a user may choose it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Procfile => "procfile",
            Format::Compose => "compose",
            Format::ProcessCompose => "process-compose",
            Format::Mprocs => "mprocs",
            Format::Pitchfork => "pitchfork",
            Format::PackageJson => "package.json",
            Format::VsCodeTasks => "vscode-tasks",
        }
    }

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// The format of a file; `None` where neither name nor content tells.
pub fn recognise(path: &Path, text: &str) -> Option<Format> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    if name.contains("procfile") {
        return Some(Format::Procfile);
    }
    if name.ends_with(".toml") {
        let root = crate::read_toml::read(0, text).ok();
        let daemons = root.is_some_and(|root| root.get("daemons").is_some());
        return (daemons || name.contains("pitchfork")).then_some(Format::Pitchfork);
    }
    let json = name.ends_with(".json") || name.ends_with(".jsonc");
    let root = match json {
        true => crate::read_jsonc::read(0, text).ok(),
        false => crate::read_yaml::read(0, text).ok(),
    };
    root.and_then(|root| by_content(&root, json))
        .or_else(|| by_name(&name))
        .or_else(|| crate::import::procfile::looks_like(text).then_some(Format::Procfile))
}

fn by_content(root: &Node, json: bool) -> Option<Format> {
    let has = |key: &str| root.get(key).is_some_and(|value| value.map().is_some());
    let is_list = |key: &str| root.get(key).is_some_and(|value| value.list().is_some());
    match () {
        () if has("processes") => Some(Format::ProcessCompose),
        () if has("services") => Some(Format::Compose),
        () if has("procs") => Some(Format::Mprocs),
        () if json && is_list("tasks") => Some(Format::VsCodeTasks),
        () if json && has("scripts") => Some(Format::PackageJson),
        () if is_list("include") && !json => Some(Format::Compose),
        () => None,
    }
}

fn by_name(name: &str) -> Option<Format> {
    match () {
        () if name.contains("process-compose") => Some(Format::ProcessCompose),
        () if name.contains("compose") => Some(Format::Compose),
        () if name.contains("mprocs") => Some(Format::Mprocs),
        () if name == "package.json" => Some(Format::PackageJson),
        () if name == "tasks.json" => Some(Format::VsCodeTasks),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_before_the_name() {
        let check = |name: &str, text: &str, expect| {
            assert_eq!(recognise(Path::new(name), text), expect, "{name}");
        };
        check(
            "compose.yaml",
            "processes: {a: {command: x}}",
            Some(Format::ProcessCompose),
        );
        check(
            "compose.yaml",
            "services: {a: {image: x}}",
            Some(Format::Compose),
        );
        check("a/Procfile.dev", "web: x", Some(Format::Procfile));
        check("x.yml", "procs: {a: x}", Some(Format::Mprocs));
        check(
            "pitchfork.toml",
            "[daemons.a]\nrun='x'",
            Some(Format::Pitchfork),
        );
        check(
            ".vscode/tasks.json",
            "{\"tasks\": [],}",
            Some(Format::VsCodeTasks),
        );
        check(
            "package.json",
            "{\"scripts\": {}}",
            Some(Format::PackageJson),
        );
        check("notes", "hello", None);
    }
}
