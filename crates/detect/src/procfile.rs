//! Procfiles: one for development is a list of what to start; one for production tells of workers.

use crate::command::steps;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, join};
use crate::tools::Does;

/// Procfiles of development, the first that is there counts.
const DEVELOP: [&str; 7] = [
    "Procfile.dev",
    "Procfile.development",
    "Procfile.local",
    "Procfile.hivemind",
    "Procfile.overmind",
    "Procfile.foreman",
    "Overmindfile",
];

/// An entry of a Procfile.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) command: String,
    pub(crate) line: usize,
}

/// Candidates of the Procfiles of development, and of the workers of others.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let folders: Vec<&str> = repo.folders().collect();
    let lists = folders
        .into_iter()
        .map(|folder| match repo.first(folder, &DEVELOP) {
            Some(file) => develop(repo, folder, file),
            None => production(repo, folder),
        });
    lists.flatten().collect()
}

/// The entries of a Procfile.
pub(crate) fn entries(repo: &Repo, path: &str) -> Vec<Entry> {
    let text = repo.text(path);
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(at, line)| {
            let (name, command) = line.split_once(':')?;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let name = name.trim();
            let (named, command) = (!name.is_empty() && name.chars().all(plain), command.trim());
            (named && !command.is_empty()).then(|| Entry {
                name: name.to_string(),
                command: command.to_string(),
                line: at + 1,
            })
        })
        .collect()
}

fn develop(repo: &Repo, folder: &str, file: &str) -> Vec<Candidate> {
    let path = join(folder, file);
    let entries = entries(repo, &path);
    let wanted = entries.into_iter().filter(|entry| {
        let found = steps(&entry.command);
        let stored = |does| matches!(does, Does::Stores | Does::Composes);
        entry.name != "release" && !found.iter().any(|step| stored(step.does()))
    });
    let candidates = wanted.map(|entry| {
        let why = Why::line(
            &path,
            entry.line,
            &format!("`{}` of the development Procfile", entry.name),
        );
        let command = tidy(&entry.command);
        let role = role(&entry);
        let found = Candidate::new(Source::Procfile, role, folder, &command, why);
        found.named(&entry.name).port(port(repo, folder, &entry))
    });
    candidates.collect()
}

fn role(entry: &Entry) -> Role {
    let found = steps(&entry.command);
    match found.last().map(|step| step.does()) {
        _ if entry.name == "web" => Role::Web,
        Some(Does::Serves(_) | Does::Runs) if !entry.name.contains("worker") => {
            match [
                "vite",
                "js",
                "assets",
                "webpack",
                "css",
                "frontend_assets",
                "webpacker",
            ]
            .contains(&entry.name.as_str())
            {
                true => Role::Assets,
                false => Role::Web,
            }
        }
        Some(Does::Watches) => Role::Assets,
        _ if ["css", "js", "assets"].contains(&entry.name.as_str()) => Role::Assets,
        _ => Role::Worker,
    }
}

fn port(repo: &Repo, folder: &str, entry: &Entry) -> Option<u16> {
    let found = steps(&entry.command);
    let said = found.iter().find_map(|step| step.port());
    let served = found.iter().find_map(|step| match step.does() {
        Does::Serves(port) | Does::Shows(port) => port,
        _ => None,
    });
    if let Some(Does::Works | Does::Watches) = found.last().map(|step| step.does()) {
        return None;
    }
    let rails = entry.name == "web" && repo.has(folder, "bin/rails");
    let script = || {
        let serves = |one: &Candidate| one.cwd == folder && one.port.is_some();
        let starts = ["dev", "start", "serve"]
            .iter()
            .any(|word| entry.command.contains(word));
        let package = starts
            && ["npm", "yarn", "pnpm", "bun"]
                .iter()
                .any(|word| entry.command.contains(word));
        let found = package.then(|| crate::node::detect(repo));
        found.and_then(|found| {
            found
                .iter()
                .find(|one| serves(one))
                .and_then(|one| one.port)
        })
    };
    said.or(rails.then_some(3000)).or(served).or_else(script)
}

/// The workers of a Procfile that is made for production; what serves there does not serve here.
fn production(repo: &Repo, folder: &str) -> Vec<Candidate> {
    let path = join(folder, "Procfile");
    if !repo.has(folder, "Procfile") {
        return Vec::new();
    }
    let avoided = [
        "web",
        "release",
        "postdeploy",
        "console",
        "migrate",
        "setup",
        "deploy",
    ];
    let wanted = entries(repo, &path).into_iter().filter(|entry| {
        let last = steps(&entry.command).last().map(|step| step.does());
        let works = match last {
            Some(Does::Works) => true,
            Some(Does::Runs) => {
                !entry.command.contains("/dist/") && !entry.command.contains("build/")
            }
            _ => false,
        };
        works && !avoided.contains(&entry.name.as_str())
    });
    let candidates = wanted.map(|entry| {
        let why = Why::line(
            &path,
            entry.line,
            &format!("`{}` of the Procfile", entry.name),
        );
        let found = Candidate::new(
            Source::Procfile,
            Role::Worker,
            folder,
            &tidy(&entry.command),
            why,
        );
        found.named(&entry.name).sure(0.8)
    });
    candidates.collect()
}

/// A command as people write it: `python ./manage.py` is `python manage.py`.
fn tidy(command: &str) -> String {
    command
        .replace("python ./", "python ")
        .replace("python3 ./", "python3 ")
}
