//! A `package.json`, its package manager, and which packages belong to a workspace.

use std::rc::Rc;

use globset::{GlobBuilder, GlobSetBuilder};
use serde_json::{Map, Value};

use crate::repo::{Repo, join, line_of, upwards, within};
use crate::yaml::Yaml;

/// A package.
pub(crate) struct Package {
    /// Its folder.
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) scripts: Vec<(String, String)>,
    /// What it uses when it runs.
    pub(crate) dependencies: Vec<String>,
    pub(crate) dev_dependencies: Vec<String>,
    /// Globs of the packages that belong to it; none where it is no workspace.
    pub(crate) members: Vec<String>,
    /// Whether it is a program for the command line.
    pub(crate) has_bin: bool,
    /// Whether it is published for others to use.
    pub(crate) is_library: bool,
    text: Rc<str>,
}

impl Package {
    /// All packages of a repository, by path.
    pub(crate) fn all(repo: &Repo) -> Vec<Package> {
        let folders = repo.with("package.json");
        let mut packages: Vec<Package> = folders
            .iter()
            .filter_map(|folder| Package::read(repo, folder))
            .collect();
        packages.sort_by_key(|package| (depth(&package.folder), package.folder.clone()));
        packages
    }

    fn read(repo: &Repo, folder: &str) -> Option<Package> {
        let text = repo.text_in(folder, "package.json");
        let json: Value = serde_json::from_str(&text).ok()?;
        let keys = |field: &str| -> Vec<String> {
            let map = json.get(field).and_then(Value::as_object);
            map.map(|map| map.keys().cloned().collect())
                .unwrap_or_default()
        };
        let empty = Map::new();
        let scripts = json
            .get("scripts")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let scripts = scripts
            .iter()
            .filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_string())));
        let private = json.get("private").and_then(Value::as_bool) == Some(true);
        let exported = ["exports", "main", "module", "types", "peerDependencies"];
        Some(Package {
            folder: folder.to_string(),
            name: json["name"].as_str().unwrap_or_default().to_string(),
            scripts: scripts.collect(),
            dependencies: keys("dependencies"),
            dev_dependencies: keys("devDependencies"),
            members: members(repo, folder, &json),
            has_bin: json.get("bin").is_some(),
            is_library: !private
                && exported.iter().any(|field| json.get(*field).is_some())
                && json.get("version").is_some(),
            text,
        })
    }

    pub(crate) fn script(&self, name: &str) -> Option<&str> {
        let found = self.scripts.iter().find(|(script, _)| script == name);
        found.map(|(_, text)| text.as_str())
    }

    /// The line of a script in the file.
    pub(crate) fn line(&self, script: &str) -> usize {
        line_of(&self.text, &["\"scripts\"", &format!("\"{script}\"")])
    }

    pub(crate) fn line_of_dependency(&self, name: &str) -> usize {
        line_of(&self.text, &["ependencies\"", &format!("\"{name}\"")])
    }

    pub(crate) fn path(&self) -> String {
        join(&self.folder, "package.json")
    }

    /// Whether it uses one of these, when it runs or while it is developed.
    pub(crate) fn uses(&self, names: &[&str]) -> bool {
        let all = self.dependencies.iter().chain(&self.dev_dependencies);
        all.into_iter().any(|name| names.contains(&name.as_str()))
    }

    /// Whether another package belongs to this workspace.
    pub(crate) fn holds(&self, other: &Package) -> bool {
        if other.folder == self.folder || !within(&other.folder, &self.folder) {
            return false;
        }
        let inner = match self.folder.as_str() {
            "." => other.folder.as_str(),
            folder => &other.folder[folder.len() + 1..],
        };
        let (mut take, mut leave) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for glob in &self.members {
            let (set, glob) = match glob.strip_prefix('!') {
                Some(glob) => (&mut leave, glob),
                None => (&mut take, glob.as_str()),
            };
            let glob = glob.trim_start_matches("./").trim_end_matches('/');
            if let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() {
                set.add(glob);
            }
        }
        let matches = |set: GlobSetBuilder| set.build().is_ok_and(|set| set.is_match(inner));
        matches(take) && !matches(leave)
    }
}

fn depth(folder: &str) -> usize {
    match folder {
        "." => 0,
        folder => folder.matches('/').count() + 1,
    }
}

fn members(repo: &Repo, folder: &str, json: &Value) -> Vec<String> {
    let list = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items
            .filter_map(Value::as_str)
            .map(str::to_string)
            .collect()
    };
    let mut globs = list(&json["workspaces"]);
    globs.extend(list(&json["workspaces"]["packages"]));
    let yaml = Yaml::parse(&repo.text_in(folder, "pnpm-workspace.yaml"));
    let packages = yaml.as_ref().and_then(|yaml| yaml.get("packages"));
    let texts = packages
        .into_iter()
        .flat_map(Yaml::items)
        .filter_map(Yaml::text);
    globs.extend(texts.map(str::to_string));
    if repo.has(folder, "lerna.json") {
        let lerna: Value =
            serde_json::from_str(&repo.text_in(folder, "lerna.json")).unwrap_or_default();
        globs.extend(list(&lerna["packages"]));
    }
    if globs.is_empty()
        && ["nx.json", "turbo.json", "lerna.json"]
            .iter()
            .any(|name| repo.has(folder, name))
    {
        globs.extend(["apps/*", "packages/*", "libs/*"].map(str::to_string));
    }
    globs
}

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    Npm,
    Yarn,
    Pnpm,
    Bun,
}

const LOCKS: [(&str, Manager); 7] = [
    ("pnpm-lock.yaml", Manager::Pnpm),
    ("pnpm-workspace.yaml", Manager::Pnpm),
    ("yarn.lock", Manager::Yarn),
    (".yarnrc.yml", Manager::Yarn),
    ("bun.lock", Manager::Bun),
    ("bun.lockb", Manager::Bun),
    ("package-lock.json", Manager::Npm),
];

impl Manager {
    /// The one that the folder or the nearest above it says, by `packageManager`, else by lock file.
    pub(crate) fn of(repo: &Repo, folder: &str) -> Manager {
        for folder in upwards(folder) {
            let text = repo.text_in(folder, "package.json");
            let json: Value = serde_json::from_str(&text).unwrap_or_default();
            let engine = json["devEngines"]["packageManager"]["name"].as_str();
            let named = json["packageManager"]
                .as_str()
                .or(engine)
                .and_then(Manager::named);
            let locked = LOCKS.iter().find(|(file, _)| repo.has(folder, file));
            if let Some(manager) = named.or(locked.map(|(_, manager)| *manager)) {
                return manager;
            }
        }
        Manager::Npm
    }

    fn named(text: &str) -> Option<Manager> {
        let name = text.split('@').next().unwrap_or(text);
        match name {
            "npm" => Some(Manager::Npm),
            "yarn" => Some(Manager::Yarn),
            "pnpm" => Some(Manager::Pnpm),
            "bun" => Some(Manager::Bun),
            _ => None,
        }
    }

    /// The command that runs a script.
    pub(crate) fn run(self, script: &str) -> String {
        match (self, script) {
            (Manager::Npm, "start") => "npm start".to_string(),
            (Manager::Npm, script) => format!("npm run {script}"),
            (Manager::Yarn, script) => format!("yarn {script}"),
            // Without `run`, these would be commands of pnpm itself.
            (Manager::Pnpm, "serve" | "server" | "store" | "deploy") => {
                format!("pnpm run {script}")
            }
            (Manager::Pnpm, script) => format!("pnpm {script}"),
            (Manager::Bun, script) => format!("bun run {script}"),
        }
    }
}
