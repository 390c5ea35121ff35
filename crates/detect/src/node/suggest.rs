//! From a script that serves to a candidate: its folder, command, port and name.

use super::script::{Leaf, Run};
use super::{BOTS, Finder, Manager, Package, SERVERS};
use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::base;
use crate::tools::Does;

impl Finder<'_> {
    pub(super) fn suggest(&mut self, package: &Package, script: &str, run: &Run) {
        let Some(leaf) = self.main_leaf(run) else {
            return;
        };
        let port = self.port(package, &leaf);
        let (mut folder, mut script) = (package.folder.clone(), script.to_string());
        // In a repository of several languages each part is suggested in its own folder.
        if let [member] = run.handed.as_slice()
            && self.only_filters(package, &script)
            && self.is_polyglot(member)
            && let Some(inner) = self.packages.iter().find(|one| one.folder == *member)
            && let Some((name, _)) = self.choose(inner)
        {
            (folder, script) = (inner.folder.clone(), name);
        }
        let Some(owner) = self.packages.iter().find(|one| one.folder == folder) else {
            return;
        };
        let command = Manager::of(self.repo, &folder).run(&script);
        let role = role(&leaf, owner, &folder);
        let text = match owner.script(&script) {
            Some(text) => format!("script `{script}` runs `{}`", short(text)),
            None => format!("`{command}` runs `{}`", leaf.text),
        };
        let why = Why::line(&owner.path(), owner.line(&script), &text);
        let mut candidate = Candidate::new(Source::Script, role, &folder, &command, why).port(port);
        if !script.contains("dev") {
            candidate = candidate.sure(0.85);
        }
        if owner.script(&script).is_none() {
            candidate = candidate.sure(0.6);
        }
        candidate.name = self.name(&script, &folder, role);
        let members = self
            .packages
            .iter()
            .filter(|other| run.everywhere && package.holds(other));
        candidate.covers = members.map(|other| other.folder.clone()).collect();
        candidate.covers.extend(run.handed.iter().cloned());
        self.covered.extend(candidate.covers.iter().cloned());
        if !self
            .found
            .iter()
            .any(|one| one.cwd == candidate.cwd && one.command == candidate.command)
        {
            self.found.push(candidate);
        }
    }

    /// Of several servers, the one that people open in their browser.
    pub(super) fn main_leaf(&self, run: &Run) -> Option<Leaf> {
        let servers: Vec<&Leaf> = run
            .leaves
            .iter()
            .filter(|leaf| self.leaf_serves(leaf))
            .collect();
        let front = |leaf: &&&Leaf| {
            let name = base(&leaf.folder);
            ["web", "app", "frontend", "client", "site", "www", "ui"].contains(&name)
        };
        let shown =
            |leaf: &&&Leaf| !matches!(leaf.does, Does::Shows(_)) && base(&leaf.folder) != "docs";
        let best = servers.iter().find(front).or(servers.iter().find(shown));
        best.or(servers.first()).map(|leaf| (*leaf).clone())
    }

    pub(super) fn port(&self, package: &Package, leaf: &Leaf) -> Option<u16> {
        let usual = match leaf.does {
            Does::Serves(port) | Does::Shows(port) => port,
            Does::Runs
                if self
                    .owner(leaf)
                    .is_some_and(|owner| !owner.uses(&SERVERS) && owner.uses(&BOTS)) =>
            {
                return leaf.port;
            }
            Does::Runs => Some(3000),
            Does::Works
            | Does::Watches
            | Does::Stores
            | Does::Composes
            | Does::Deployed
            | Does::Ends => None,
        };
        leaf.port
            .or_else(|| ports::of_bundler(self.repo, &leaf.folder, &leaf.text))
            .or_else(|| match leaf.does {
                Does::Shows(_) => None,
                _ => ports::of_environment(self.repo, &[&leaf.folder, &package.folder]),
            })
            .or_else(|| match leaf.does {
                Does::Runs => ports::of_code(self.repo, &leaf.folder, &leaf.text),
                _ => None,
            })
            .or(usual)
    }

    pub(super) fn only_filters(&self, package: &Package, script: &str) -> bool {
        package.script(script).is_some_and(|text| {
            crate::command::is_simple(text)
                && ["--filter", "workspace", "-w ", "-F "]
                    .iter()
                    .any(|word| text.contains(word))
        })
    }

    /// Whether the repository has an application of another language beside this member.
    pub(super) fn is_polyglot(&self, member: &str) -> bool {
        let manifests = [
            "pyproject.toml",
            "requirements.txt",
            "go.mod",
            "Gemfile",
            "pom.xml",
            "manage.py",
            "mix.exs",
            "composer.json",
        ];
        let mut folders = self
            .repo
            .folders()
            .filter(|folder| *folder != "." && !crate::repo::within(folder, member));
        folders.any(|folder| manifests.iter().any(|name| self.repo.has(folder, name)))
    }

    fn name(&self, script: &str, folder: &str, role: Role) -> String {
        let part = script.split([':', '-']).find(|part| {
            ![
                "dev",
                "start",
                "serve",
                "watch",
                "run",
                "local",
                "all",
                "server",
                "development",
                "develop",
                "site",
            ]
            .contains(part)
        });
        match (part, folder) {
            (Some(part), _) => part.to_string(),
            (None, ".") => match role {
                Role::Docs => "docs",
                Role::Web | Role::Assets | Role::Worker => "web",
            }
            .to_string(),
            (None, folder) => base(folder).to_string(),
        }
    }
}

fn role(leaf: &Leaf, package: &Package, folder: &str) -> Role {
    match leaf.does {
        Does::Shows(_) if leaf.text.contains("storybook") => Role::Web,
        Does::Shows(_) => Role::Docs,
        _ if crate::select::is_docs(folder) => Role::Docs,
        _ if leaf.does == Does::Runs && !package.uses(&SERVERS) && package.uses(&BOTS) => {
            Role::Worker
        }
        _ => Role::Web,
    }
}

/// The beginning of a long text.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}
