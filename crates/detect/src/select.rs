//! Weighs what all detectors suggest: one process for each thing to be run.

use crate::model::{Candidate, Process, Role, Source};
use crate::repo::{Repo, base, join, split, within};

/// Folders that document, show or try what lies elsewhere.
const DOCS: [&str; 13] = [
    "docs",
    "doc",
    "documentation",
    "dev-docs",
    "website",
    "site",
    "playground",
    "playgrounds",
    "demo",
    "demos",
    "sandbox",
    "storybook",
    "samples",
];

/// Whether a folder documents, shows or tries what lies elsewhere.
pub(crate) fn is_docs(folder: &str) -> bool {
    folder
        .split('/')
        .any(|part| DOCS.contains(&part) || part.ends_with("-docs") || part.ends_with("-examples"))
}

/// The processes that are worth starting, the surest of each kind.
pub(crate) fn select(
    repo: &Repo,
    candidates: Vec<Candidate>,
    compose: Option<Candidate>,
) -> Vec<Process> {
    let mut found = candidates;
    for one in &mut found {
        if one.role == Role::Web && is_docs(&one.cwd) {
            one.role = Role::Docs;
        }
    }
    prefer_lists(&mut found);
    drop_covered(&mut found);
    one_server_each(&mut found);
    companions(&mut found);
    let served = found.iter().any(|one| one.role == Role::Web) || is_published(repo);
    // Documentation counts where there is nothing else, and then the nearest to the top.
    found.retain(|one| one.role != Role::Docs || !served);
    if let Some(compose) = compose {
        if compose.confidence >= 0.8 {
            // The parts that it starts are in containers, and would be there twice.
            found.retain(|one| one.confidence >= 0.95 && one.role == Role::Docs);
        }
        found.push(compose);
    }
    let mut seen: Vec<(String, String)> = Vec::new();
    found.retain(|one| {
        let key = (one.command.clone(), one.cwd.clone());
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    finish(repo, found)
}

/// Whether the top is a tool or library of a language that its documentation does not need: who
/// works on it runs its tests, not its pages.
fn is_published(repo: &Repo) -> bool {
    let python = repo.text("pyproject.toml");
    ["Cargo.toml", "go.mod", "setup.py"]
        .iter()
        .any(|name| repo.has(".", name))
        || python.contains("[build-system]") && python.contains("[project]")
}

/// A list of the authors says everything about its folder.
fn prefer_lists(found: &mut Vec<Candidate>) {
    let listed = |role: Role| {
        let lists = found
            .iter()
            .filter(|one| one.source == Source::Procfile && one.role == role);
        lists.map(|one| one.cwd.clone()).collect::<Vec<_>>()
    };
    let webs = listed(Role::Web);
    let workers = listed(Role::Worker);
    let lists = found.iter().filter(|one| one.source == Source::Procfile);
    let written: Vec<(String, String)> = lists
        .map(|one| (one.cwd.clone(), one.command.clone()))
        .collect();
    // `cd client && npm start` in the list of the top starts what lies in `client`.
    let started = |one: &Candidate| {
        let name = base(&one.cwd);
        let names = |command: &str| command.split([' ', '/', '=']).any(|word| word == name);
        written
            .iter()
            .any(|(top, command)| one.cwd != *top && within(&one.cwd, top) && names(command))
    };
    found.retain(|one| {
        one.source == Source::Procfile
            || !(started(one)
                || webs.contains(&one.cwd)
                || one.role == Role::Worker && workers.contains(&one.cwd))
    });
}

fn drop_covered(found: &mut Vec<Candidate>) {
    let covers: Vec<(String, String)> = found
        .iter()
        .flat_map(|one| {
            one.covers
                .iter()
                .map(|folder| (folder.clone(), one.cwd.clone()))
        })
        .collect();
    found.retain(|one| {
        !covers
            .iter()
            .any(|(folder, by)| *folder == one.cwd && *by != one.cwd && one.role != Role::Worker)
    });
}

/// Of several servers of one folder in the same language, the surest; another one of JavaScript
/// serves the assets of the first.
fn one_server_each(found: &mut Vec<Candidate>) {
    let folders: Vec<String> = found.iter().map(|one| one.cwd.clone()).collect();
    for folder in folders {
        let here = |one: &Candidate| one.cwd == folder && one.role == Role::Web;
        let native = found
            .iter()
            .any(|one| here(one) && one.source != Source::Script);
        let mut counts = found.iter().filter(|one| here(one)).count();
        // A script that starts the same server is no second one.
        let ports: Vec<u16> = found
            .iter()
            .filter(|one| here(one) && one.source != Source::Script)
            .filter_map(|one| one.port)
            .collect();
        let before = found.len();
        found.retain(|one| {
            let again = one.port.is_some_and(|port| ports.contains(&port));
            !(again && here(one) && one.source == Source::Script && is_package(one))
        });
        counts -= before - found.len();
        if native && counts > 1 {
            for one in found
                .iter_mut()
                .filter(|one| here(one) && one.source == Source::Script && is_package(one))
            {
                one.role = Role::Assets;
                if one.name == "web" {
                    one.name = "assets".into();
                }
                counts -= 1;
            }
        }
        // `Deno` and `package.json`, Maven and Gradle: one of them is enough.
        let deno = |one: &Candidate| here(one) && one.command.starts_with("deno task");
        if counts > 1
            && found.iter().any(deno)
            && found.iter().any(|one| one.cwd == folder && is_package(one))
        {
            found.retain(|one| !deno(one));
        }
    }
}

fn is_package(one: &Candidate) -> bool {
    ["npm ", "yarn ", "pnpm ", "bun "]
        .iter()
        .any(|manager| one.command.starts_with(manager))
}

/// What only builds needs something beside it that serves.
fn companions(found: &mut Vec<Candidate>) {
    let served: Vec<String> = found
        .iter()
        .filter(|one| one.role == Role::Web && !is_package(one))
        .map(|one| one.cwd.clone())
        .collect();
    found.retain(|one| {
        let builds = one.role == Role::Assets && one.port.is_none() && one.source == Source::Script;
        !builds
            || served
                .iter()
                .any(|folder| within(&one.cwd, folder) && one.cwd.matches('/').count() <= 2)
    });
}

fn finish(repo: &Repo, mut found: Vec<Candidate>) -> Vec<Process> {
    let order = |role: Role| match role {
        Role::Web => 0,
        Role::Assets => 1,
        Role::Worker => 2,
        Role::Docs => 3,
    };
    found.sort_by_key(|one| {
        (
            order(one.role),
            split(&one.cwd).0.to_string(),
            one.cwd.clone(),
        )
    });
    let mut names: Vec<String> = Vec::new();
    found
        .into_iter()
        .map(|one| {
            let name = unique(&fit(&one.name, repo), &one.cwd, &names);
            names.push(name.clone());
            Process {
                name,
                command: one.command,
                cwd: join(".", &one.cwd),
                port: one.port,
                why: one.why.to_string(),
                confidence: one.confidence,
            }
        })
        .collect()
}

/// A name as the configuration takes it.
fn fit(name: &str, repo: &Repo) -> String {
    let clean = |text: &str| -> String {
        let keep = |c: char| {
            if c.is_ascii_alphanumeric() || "_.-".contains(c) {
                c
            } else {
                '-'
            }
        };
        let text: String = text.chars().map(keep).take(40).collect();
        text.trim_matches(['-', '.', '_']).to_string()
    };
    let name = clean(name);
    match name.is_empty() {
        true => Some(clean(&repo.name()))
            .filter(|name| !name.is_empty())
            .unwrap_or("app".into()),
        false => name,
    }
}

pub(crate) fn unique(name: &str, folder: &str, taken: &[String]) -> String {
    let free = |name: &String| !taken.contains(name);
    let longer = format!("{}-{name}", base(folder).trim_start_matches('.'));
    let longer = Some(longer).filter(|longer| {
        folder != "." && longer.is_ascii() && !longer.starts_with('-') && !longer.contains(' ')
    });
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut all = std::iter::once(name.to_string())
        .chain(longer)
        .chain(numbered);
    all.find(free).unwrap_or_else(|| name.to_string())
}
