//! JavaScript and TypeScript: one good script of a `package.json` rather than all of them.

mod extras;
mod package;
mod script;
mod suggest;

use crate::model::Candidate;
use crate::repo::Repo;
use crate::tools::Does;

pub(crate) use package::{Manager, Package};
use script::{Leaf, Run, follow};

/// Scripts by which projects are developed, the likeliest first.
const DEVELOP: [&str; 20] = [
    "dev",
    "develop",
    "development",
    "start:dev",
    "dev:start",
    "start:development",
    "serve:dev",
    "dev:server",
    "start:local",
    "dev:local",
    "local",
    "start:watch",
    "watch:dev",
    "dev:all",
    "start:all",
    "dev-server",
    "serve",
    "server",
    "start",
    "site:dev",
];
const SERVERS: [&str; 30] = [
    "express",
    "koa",
    "fastify",
    "@hapi/hapi",
    "restify",
    "polka",
    "h3",
    "hono",
    "@hono/node-server",
    "@nestjs/core",
    "apollo-server",
    "@apollo/server",
    "graphql-yoga",
    "socket.io",
    "ws",
    "micro",
    "@feathersjs/express",
    "@feathersjs/feathers",
    "@feathersjs/koa",
    "elysia",
    "@adonisjs/core",
    "sails",
    "@trpc/server",
    "json-server",
    "browser-sync",
    "connect",
    "parse-server",
    "moleculer-web",
    "@grpc/grpc-js",
    "@loopback/rest",
];
const BOTS: [&str; 8] = [
    "discord.js",
    "telegraf",
    "grammy",
    "@slack/bolt",
    "node-telegram-bot-api",
    "whatsapp-web.js",
    "bullmq",
    "agenda",
];

/// Candidates of all packages.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let packages = Package::all(repo);
    let mut finder = Finder {
        repo,
        packages: &packages,
        found: Vec::new(),
        covered: Vec::new(),
    };
    for package in &packages {
        finder.package(package);
    }
    finder.found
}

struct Finder<'a> {
    repo: &'a Repo,
    packages: &'a [Package],
    found: Vec<Candidate>,
    /// Folders of packages that another package's script starts.
    covered: Vec<String>,
}

impl<'a> Finder<'a> {
    fn package(&mut self, package: &Package) {
        if self.covered.contains(&package.folder) || is_template(package) {
            return;
        }
        let member_of = self.packages.iter().find(|other| other.holds(package));
        let above = member_of.is_some_and(|top| self.found.iter().any(|one| one.cwd == top.folder));
        if let Some((script, run)) = self.choose(package) {
            // Beside a script of the whole workspace only further applications count.
            let application = serves_others(package);
            if !above || application {
                let through = member_of
                    .filter(|_| above)
                    .and_then(|top| self.through(top, package));
                match through {
                    Some((top, script, run)) => self.suggest(top, &script, &run),
                    None => self.suggest(package, &script, &run),
                }
            }
        } else if !above {
            self.parts(package);
        }
        if !above {
            self.workers(package);
            self.storybook(package);
            self.watcher(package);
        }
    }

    /// The best script that serves.
    fn choose(&self, package: &Package) -> Option<(String, Run)> {
        let names = DEVELOP.iter().filter(|name| package.script(name).is_some());
        let mut runs = names.map(|name| (name.to_string(), follow(self.packages, package, name)));
        runs.find(|(_, run)| self.serves(run))
            .or_else(|| self.implied(package))
    }

    /// `npm start` runs `server.js` where no script says otherwise.
    fn implied(&self, package: &Package) -> Option<(String, Run)> {
        let there =
            package.script("start").is_none() && self.repo.has(&package.folder, "server.js");
        let leaf = Leaf {
            does: Does::Runs,
            port: None,
            folder: package.folder.clone(),
            text: "node server.js".into(),
        };
        let run = Run {
            leaves: vec![leaf],
            ..Run::default()
        };
        (there && self.serves(&run)).then(|| ("start".to_string(), run))
    }

    fn serves(&self, run: &Run) -> bool {
        let deployed = run.leaves.iter().any(|leaf| leaf.does == Does::Deployed);
        !deployed && run.leaves.iter().any(|leaf| self.leaf_serves(leaf))
    }

    fn leaf_serves(&self, leaf: &Leaf) -> bool {
        match leaf.does {
            Does::Serves(_) | Does::Shows(_) => true,
            Does::Runs => match self.owner(leaf) {
                Some(package) => {
                    package.uses(&SERVERS)
                        || package.uses(&BOTS)
                        || !package.has_bin && !package.is_library && names_a_server(&leaf.text)
                }
                None => names_a_server(&leaf.text),
            },
            Does::Works
            | Does::Watches
            | Does::Stores
            | Does::Composes
            | Does::Deployed
            | Does::Ends => false,
        }
    }

    fn owner(&self, leaf: &Leaf) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| package.folder == leaf.folder)
    }

    /// The script of the workspace that starts just this member.
    fn through(&self, top: &'a Package, package: &Package) -> Option<(&'a Package, String, Run)> {
        let names = top.scripts.iter().map(|(name, _)| name);
        let runs = names.map(|name| (name, follow(self.packages, top, name)));
        let mut fitting = runs.filter(|(name, run)| {
            run.handed == [package.folder.clone()]
                && !run.everywhere
                && self.serves(run)
                && ["dev", "start", "serve"]
                    .iter()
                    .any(|word| name.contains(word))
        });
        fitting.next().map(|(name, run)| (top, name.clone(), run))
    }
}

/// Whether a command runs what by its name is a server: `node server/index.js`.
fn names_a_server(text: &str) -> bool {
    let words = [
        "server", "backend", "api", "app", "bot", "index.ts", "index.js", "main.ts", "www",
    ];
    words.iter().any(|word| text.contains(word)) && !text.contains("scripts/")
}

/// Whether a member of a workspace is an application that others call. Where the workspace's own
/// script starts one application, it says which one is worked on, and these are what it needs.
fn serves_others(package: &Package) -> bool {
    let top = package.folder.split('/').next().unwrap_or_default();
    let library = [
        "packages", "libs", "lib", "tools", "tooling", "plugins", "config", "modules",
    ];
    let called = ["api", "server", "backend", "gateway", "service", "worker"];
    !library.contains(&top)
        && !crate::select::is_docs(&package.folder)
        && called
            .iter()
            .any(|word| package.folder.contains(word) || package.name.contains(word))
}

/// A package that is copied into others, such as what `create-x` unpacks.
fn is_template(package: &Package) -> bool {
    package.folder.split('/').any(|part| {
        part.starts_with("template")
            || part.starts_with("create-")
            || part == "generators"
            || part == "stubs"
            || part == "stub"
    })
}
