//! Rust: packages with a program that serves.

use toml::{Table, Value};

use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join, line_of, split, within};

/// Crates that serve, and the port that they take without being told.
const SERVERS: [(&str, u16); 24] = [
    ("rocket", 8000),
    ("loco-rs", 5150),
    ("axum", 8080),
    ("actix-web", 8080),
    ("warp", 3030),
    ("poem", 3000),
    ("tide", 8080),
    ("salvo", 5800),
    ("hyper", 8080),
    ("tonic", 50051),
    ("ntex", 8080),
    ("gotham", 7878),
    ("thruster", 8080),
    ("viz", 3000),
    ("trillium", 8080),
    ("nickel", 6767),
    ("iron", 3000),
    ("rouille", 8080),
    ("async-graphql-axum", 8000),
    ("leptos_axum", 3000),
    ("leptos_actix", 3000),
    ("shuttle-axum", 8000),
    ("shuttle-runtime", 8000),
    ("pavex", 8000),
];
const BOTS: [&str; 5] = [
    "serenity",
    "teloxide",
    "poise",
    "twilight-gateway",
    "apalis",
];

/// A package of Cargo.
pub(crate) struct Crate {
    pub(crate) folder: String,
    name: String,
    table: Table,
    /// Names of its programs.
    programs: Vec<String>,
}

impl Crate {
    /// All packages of a repository.
    pub(crate) fn all(repo: &Repo) -> Vec<Crate> {
        let folders = repo.with("Cargo.toml");
        folders
            .iter()
            .filter_map(|folder| Crate::read(repo, folder))
            .collect()
    }

    fn read(repo: &Repo, folder: &str) -> Option<Crate> {
        let table: Table = toml::from_str(&repo.text_in(folder, "Cargo.toml")).ok()?;
        let name = table.get("package")?.get("name")?.as_str()?.to_string();
        let bins = table
            .get("bin")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let mut programs: Vec<String> = bins
            .filter_map(|bin| Some(bin.get("name")?.as_str()?.to_string()))
            .collect();
        let main_named = table
            .get("bin")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .any(|bin| {
                bin.get("path")
                    .and_then(Value::as_str)
                    .is_some_and(|path| path.ends_with("src/main.rs"))
            });
        if repo.has(folder, "src/main.rs") && !main_named && !programs.contains(&name) {
            programs.push(name.clone());
        }
        for file in repo.names(&join(folder, "src/bin")) {
            let stem = file.trim_end_matches(".rs").to_string();
            if file.ends_with(".rs") && !programs.contains(&stem) {
                programs.push(stem);
            }
        }
        Some(Crate {
            folder: folder.to_string(),
            name,
            table,
            programs,
        })
    }

    /// What a dependency is said to be like, if the package has it.
    pub(crate) fn dependency(&self, name: &str) -> Option<&Value> {
        self.table.get("dependencies")?.get(name)
    }

    /// Whether a dependency is taken with a feature, here or for all of its workspace.
    pub(crate) fn feature(&self, repo: &Repo, name: &str, feature: &str) -> bool {
        let has = |value: &Value| {
            let list = value.get("features").and_then(Value::as_array);
            list.into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .any(|one| one.contains(feature))
        };
        let Some(value) = self.dependency(name) else {
            return false;
        };
        let shared = value.get("workspace").is_some();
        has(value)
            || shared
                && crate::repo::upwards(&self.folder).any(|folder| {
                    let table: Table =
                        toml::from_str(&repo.text_in(folder, "Cargo.toml")).unwrap_or_default();
                    let all = table
                        .get("workspace")
                        .and_then(|workspace| workspace.get("dependencies"));
                    all.and_then(|all| all.get(name)).is_some_and(has)
                })
    }

    pub(crate) fn line(&self, repo: &Repo, name: &str) -> usize {
        let text = repo.text_in(&self.folder, "Cargo.toml");
        line_of(&text, &["ependencies", &format!("\n{name}")]) + 1
    }
}

/// Candidates of all packages.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let crates = Crate::all(repo);
    let all_programs: usize = crates
        .iter()
        .filter(|one| !is_aside(&one.folder))
        .map(|one| one.programs.len())
        .sum();
    let wanted = crates.iter().filter(|one| !is_aside(&one.folder));
    wanted
        .filter_map(|one| candidate(repo, one, all_programs))
        .collect()
}

fn candidate(repo: &Repo, one: &Crate, all_programs: usize) -> Option<Candidate> {
    let folder = one.folder.as_str();
    let path = join(folder, "Cargo.toml");
    let name = if folder == "." { "web" } else { base(folder) };
    let framework = |role, command: &str, cwd: &str, crate_: &str| {
        let why = Why::line(
            &path,
            one.line(repo, crate_),
            &format!("depends on {crate_}"),
        );
        Candidate::new(Source::Framework, role, cwd, command, why).named(name)
    };
    if let Some(found) = by_file(repo, folder) {
        return Some(found.named(name));
    }
    let special = [
        ("leptos", "cargo leptos watch", 3000),
        ("loco-rs", "cargo loco start", 5150),
        ("shuttle-runtime", "shuttle run", 8000),
    ];
    let mut fitting = special
        .iter()
        .filter(|(name, ..)| one.dependency(name).is_some());
    if let Some((crate_, command, port)) = fitting.next()
        && (*crate_ != "leptos" || repo.text(&path).contains("metadata.leptos"))
    {
        return Some(framework(Role::Web, command, folder, crate_).port(*port));
    }
    if one.programs.is_empty() {
        return None;
    }
    let bot = || {
        BOTS.iter()
            .find(|name| one.dependency(name).is_some())
            .map(|name| (*name, 0))
    };
    let (crate_, usual) = SERVERS
        .iter()
        .find(|(name, _)| one.dependency(name).is_some())
        .copied()
        .or_else(bot)?;
    // A tool of the command line that speaks gRPC or HTTP on the side is no server.
    if ["hyper", "tonic"].contains(&crate_)
        && one.dependency("clap").is_some()
        && one.dependency("tokio").is_none()
    {
        return None;
    }
    let (cwd, command) = command(repo, one, all_programs);
    let role = if usual == 0 { Role::Worker } else { Role::Web };
    let port = (usual > 0).then(|| port(repo, one, usual)).flatten();
    Some(framework(role, &command, &cwd, crate_).port(port))
}

/// Programs with a file of their own beside the manifest.
fn by_file(repo: &Repo, folder: &str) -> Option<Candidate> {
    let tools = [
        ("Trunk.toml", "trunk serve", 8080),
        ("Dioxus.toml", "dx serve", 8080),
        ("Shuttle.toml", "shuttle run", 8000),
    ];
    let (file, command, port) = tools.iter().find(|(file, ..)| repo.has(folder, file))?;
    let why = Why::file(&join(folder, file), "is there");
    let found = Candidate::new(Source::Framework, Role::Web, folder, command, why);
    Some(found.port(*port))
}

fn port(repo: &Repo, one: &Crate, usual: u16) -> Option<u16> {
    let folder = one.folder.as_str();
    let said = ports::of_environment(repo, &[folder, "."]);
    let said = said.or_else(|| {
        let rocket: Table =
            toml::from_str(&repo.text_in(folder, "Rocket.toml")).unwrap_or_default();
        let sections = ["debug", "default"]
            .iter()
            .filter_map(|name| rocket.get(*name)?.get("port")?.as_integer());
        sections.filter_map(|port| u16::try_from(port).ok()).next()
    });
    let said = said
        .or_else(|| crate::settings::port(repo, folder))
        .or_else(|| crate::settings::port(repo, "."));
    let said = said.or_else(|| ports::in_source(&repo.text_in(folder, "src/main.rs")));
    Some(said.unwrap_or(usual))
}

/// Where and how Cargo runs it: from the top of its workspace, by as few words as are clear.
fn command(repo: &Repo, one: &Crate, all_programs: usize) -> (String, String) {
    let mut above = crate::repo::upwards(&one.folder).filter(|folder| {
        repo.has(folder, "Cargo.toml") && repo.text_in(folder, "Cargo.toml").contains("[workspace")
    });
    let top = above.next().unwrap_or(&one.folder).to_string();
    let member = top != one.folder;
    let default = one
        .table
        .get("package")
        .and_then(|package| package.get("default-run"))
        .is_some();
    let program = one.programs.iter().find(|name| {
        ["server", "api", "web", "app"].contains(&name.as_str()) || **name == one.name
    });
    let many = one.programs.len() > 1 && !default;
    let command = match (member, many) {
        (true, false) if all_programs == 1 => "cargo run".to_string(),
        (true, false) => format!("cargo run -p {}", one.name),
        (_, true) => format!("cargo run --bin {}", program.unwrap_or(&one.programs[0])),
        (false, false) => "cargo run".to_string(),
    };
    (top, command)
}

fn is_aside(folder: &str) -> bool {
    let (_, name) = split(folder);
    ["fuzz", "xtask", "tools", "macros", "migration"].contains(&name)
        || within(folder, "tools")
        || folder.contains("src-tauri")
}
