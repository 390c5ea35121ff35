//! Files of settings that applications read themselves: the port they name.

use crate::files::ports;
use crate::repo::{Repo, base, join};
use crate::yaml::Yaml;

/// Folders of settings, and files at the top.
const FOLDERS: [&str; 6] = [
    "configuration",
    "config",
    "configs",
    "conf",
    "settings",
    ".",
];
/// Names of files, the most general first.
const STEMS: [&str; 10] = [
    "base",
    "default",
    "config",
    "development",
    "dev",
    "local",
    "settings",
    "app",
    "application",
    "config.example",
];
/// Keys below which a port is that of the application itself.
const SECTIONS: [&str; 9] = [
    "application",
    "server",
    "app",
    "http",
    "web",
    "api",
    "service",
    "rest",
    "listen",
];

/// The port that settings of a folder name for the application.
pub(crate) fn port(repo: &Repo, folder: &str) -> Option<u16> {
    files(repo, folder).iter().find_map(|path| {
        let yaml = parse(repo, path)?;
        let sections = SECTIONS.iter().filter_map(|section| yaml.get(section));
        let mut ports = sections.filter_map(|section| ports::port(section.get("port")?.text()?));
        ports
            .next()
            .or_else(|| ports::port(yaml.get("port")?.text()?))
    })
}

/// Files of settings for development.
pub(crate) fn files(repo: &Repo, folder: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for inner in FOLDERS {
        let inner = join(folder, inner);
        for stem in STEMS {
            let names = ["yaml", "yml", "toml", "json"].map(|ending| format!("{stem}.{ending}"));
            found.extend(
                names
                    .iter()
                    .filter(|name| repo.has(&inner, name))
                    .map(|name| join(&inner, name)),
            );
        }
    }
    found
}

/// YAML, JSON, or TOML, as one kind of tree.
pub(crate) fn parse(repo: &Repo, path: &str) -> Option<std::rc::Rc<Yaml>> {
    let text = repo.text(path);
    match base(path).ends_with(".toml") {
        false => Yaml::parse(&text),
        true => {
            let value: serde_json::Value = toml::from_str(&text).ok()?;
            Yaml::parse(&value.to_string())
        }
    }
}
