//! What a package starts beside its server, or instead of one: parts, workers, workshops of
//! components, and watchers that keep assets built.

use super::script::{Leaf, follow};
use super::suggest::short;
use super::{Finder, Manager, Package};
use crate::model::{Candidate, Role, Source, Why};
use crate::tools::Does;

/// Scripts that work in the background.
const WORKERS: [&str; 9] = [
    "worker:dev",
    "dev:worker",
    "start:worker:dev",
    "worker:watch",
    "workers:dev",
    "worker",
    "workers",
    "start:worker",
    "queue:dev",
];
/// Scripts that keep styles and scripts built for a server of another language.
const WATCHERS: [&str; 9] = [
    "dev",
    "watch",
    "start",
    "watch:css",
    "css:watch",
    "dev:css",
    "tailwind:watch",
    "tailwind",
    "watch:all",
];

impl Finder<'_> {
    /// Without one script for all, those that start a part each.
    pub(super) fn parts(&mut self, package: &Package) {
        let avoided = [
            "test",
            "prod",
            "debug",
            "mock",
            "docker",
            "e2e",
            "build",
            "storybook",
            "inspect",
            "ci",
            "https",
            "preview",
        ];
        let names: Vec<String> = package
            .scripts
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        let mut seen: Vec<String> = Vec::new();
        for name in names {
            let part = ["dev:", "start:", "dev-", "start-", "serve:"]
                .iter()
                .find_map(|begin| name.strip_prefix(begin));
            let Some(part) = part.filter(|part| !avoided.iter().any(|word| part.contains(word)))
            else {
                continue;
            };
            let run = follow(self.packages, package, &name);
            if self.serves(&run) && !seen.iter().any(|one| one == part) {
                seen.push(part.to_string());
                self.suggest(package, &name, &run);
            }
        }
    }

    pub(super) fn workers(&mut self, package: &Package) {
        let name = WORKERS.iter().find(|name| package.script(name).is_some());
        let Some(name) = name.filter(|_| self.found.iter().any(|one| one.cwd == package.folder))
        else {
            return;
        };
        let run = follow(self.packages, package, name);
        let lasting = |leaf: &Leaf| matches!(leaf.does, Does::Runs | Does::Works);
        let deployed = run.leaves.iter().any(|leaf| leaf.does == Does::Deployed);
        if run.leaves.iter().any(lasting) && !deployed {
            let command = Manager::of(self.repo, &package.folder).run(name);
            let text = format!(
                "script `{name}` runs `{}`",
                short(package.script(name).unwrap_or_default())
            );
            let why = Why::line(&package.path(), package.line(name), &text);
            let found =
                Candidate::new(Source::Script, Role::Worker, &package.folder, &command, why);
            self.found.push(found.named("worker").sure(0.8));
        }
    }

    /// A workshop of components counts where components are what the package is about.
    pub(super) fn storybook(&mut self, package: &Package) {
        let names = [
            "storybook",
            "storybook:dev",
            "start-storybook",
            "dev:storybook",
        ];
        let Some(name) = names.iter().find(|name| package.script(name).is_some()) else {
            return;
        };
        let about = package.name.contains("storybook") || package.name.contains("design-system");
        let serves = self.found.iter().any(|one| one.cwd == package.folder);
        let run = follow(self.packages, package, name);
        if (about || !serves)
            && run
                .leaves
                .iter()
                .any(|leaf| matches!(leaf.does, Does::Shows(_)))
        {
            self.suggest(package, name, &run);
        }
    }

    /// What keeps assets built; weighed later against what serves in the same folder.
    pub(super) fn watcher(&mut self, package: &Package) {
        if self
            .found
            .iter()
            .any(|one| one.cwd == package.folder && one.role != Role::Worker)
        {
            return;
        }
        let chosen = WATCHERS.iter().find(|name| {
            package.script(name).is_some()
                && follow(self.packages, package, name)
                    .leaves
                    .iter()
                    .any(|leaf| leaf.does == Does::Watches)
        });
        if let Some(name) = chosen {
            let command = Manager::of(self.repo, &package.folder).run(name);
            let text = format!(
                "script `{name}` builds on every change: `{}`",
                short(package.script(name).unwrap_or_default())
            );
            let why = Why::line(&package.path(), package.line(name), &text);
            let found =
                Candidate::new(Source::Script, Role::Assets, &package.folder, &command, why);
            self.found.push(found.named("assets").sure(0.75));
        }
    }
}
