//! Ruby: Rails and its workers, and smaller frameworks.

use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join};

/// A gem that a Gemfile asks for.
pub(crate) struct Gem {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// Only in production or in tests.
    pub(crate) elsewhere: bool,
}

/// Candidates of all Gemfiles.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let folders = repo.with("Gemfile");
    folders
        .iter()
        .flat_map(|folder| of_folder(repo, folder))
        .collect()
}

/// The gems of a folder's Gemfile.
pub(crate) fn gems(repo: &Repo, folder: &str) -> Vec<Gem> {
    let text = repo.text_in(folder, "Gemfile");
    let mut elsewhere = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(groups) = line.strip_prefix("group ") {
            elsewhere = !groups.contains("development");
        } else if line == "end" {
            elsewhere = false;
        } else if let Some(rest) = line.strip_prefix("gem ").or(line.strip_prefix("gem(")) {
            let name = rest.trim().trim_start_matches(['"', '\'']);
            let name = name.split(['"', '\'']).next().unwrap_or_default();
            let grouped = rest.contains("group") && !rest.contains("development");
            found.push(Gem {
                name: name.to_string(),
                line: at + 1,
                elsewhere: elsewhere || grouped,
            });
        }
    }
    found
}

fn of_folder(repo: &Repo, folder: &str) -> Vec<Candidate> {
    let bundle = Bundle {
        repo,
        folder,
        gems: gems(repo, folder),
    };
    let rails = bundle.has("rails").is_some() && repo.has(folder, "config.ru");
    // An engine has `bin/rails` as well, for its generators and tests.
    let mut names = repo.names(folder);
    if names.any(|name| name.ends_with(".gemspec")) && !repo.has(folder, "config.ru") {
        return Vec::new();
    }
    match rails || repo.has(folder, "bin/rails") {
        true => bundle.rails(),
        false => bundle
            .site()
            .map_or_else(|| bundle.small(), |site| vec![site]),
    }
}

/// A folder with a Gemfile.
struct Bundle<'a> {
    repo: &'a Repo,
    folder: &'a str,
    gems: Vec<Gem>,
}

impl Bundle<'_> {
    fn has(&self, name: &str) -> Option<&Gem> {
        let mut found = self
            .gems
            .iter()
            .filter(|gem| gem.name == name && !gem.elsewhere);
        found.next()
    }

    fn because(&self, gem: &Gem) -> Why {
        let path = join(self.folder, "Gemfile");
        Why::line(&path, gem.line, &format!("the gem {}", gem.name))
    }

    fn candidate(&self, role: Role, command: &str, why: Why) -> Candidate {
        let name = match role {
            Role::Worker => "worker",
            Role::Assets => "assets",
            Role::Web | Role::Docs => name(self.folder),
        };
        Candidate::new(Source::Framework, role, self.folder, command, why).named(name)
    }

    fn rails(&self) -> Vec<Candidate> {
        let file = join(self.folder, "bin/rails");
        let why = self.has("rails").map(|gem| self.because(gem));
        let why = why.unwrap_or_else(|| Why::file(&file, "an application of Rails"));
        let command = match () {
            () if self.repo.has(self.folder, "bin/dev") => "bin/dev",
            () if self.repo.has(self.folder, "bin/rails") => "bin/rails server",
            () => "bundle exec rails server",
        };
        let port = ports::of_environment(self.repo, &[self.folder]).unwrap_or(3000);
        let web = self.candidate(Role::Web, command, why);
        let mut found = vec![web.port(port).sure(0.95)];
        let workers = [
            ("sidekiq", "bundle exec sidekiq"),
            ("good_job", "bundle exec good_job start"),
            ("delayed_job_active_record", "bin/rails jobs:work"),
            ("que", "bundle exec que"),
            ("karafka", "bundle exec karafka server"),
        ];
        let workers = workers
            .iter()
            .filter_map(|(gem, command)| Some((self.has(gem)?, command)));
        found.extend(
            workers.map(|(gem, command)| self.candidate(Role::Worker, command, self.because(gem))),
        );
        let assets = [
            ("vite_rails", "bin/vite", "bin/vite dev", 3036),
            (
                "webpacker",
                "bin/webpack-dev-server",
                "bin/webpack-dev-server",
                3035,
            ),
            (
                "shakapacker",
                "bin/shakapacker-dev-server",
                "bin/shakapacker-dev-server",
                3035,
            ),
        ];
        for (gem, file, command, port) in assets {
            if let Some(gem) = self.has(gem).filter(|_| self.repo.has(self.folder, file)) {
                found.push(
                    self.candidate(Role::Assets, command, self.because(gem))
                        .port(port),
                );
            }
        }
        found
    }

    fn site(&self) -> Option<Candidate> {
        let sites = [
            ("jekyll", "bundle exec jekyll serve", 4000),
            ("github-pages", "bundle exec jekyll serve", 4000),
            ("middleman", "bundle exec middleman server", 4567),
            ("bridgetown", "bin/bridgetown start", 4000),
            ("hanami", "bundle exec hanami dev", 2300),
        ];
        let mut fitting = sites.iter().filter_map(|(gem, command, port)| {
            let gem = self.has(gem)?;
            Some(
                self.candidate(Role::Web, command, self.because(gem))
                    .port(*port),
            )
        });
        fitting.next()
    }

    fn small(&self) -> Vec<Candidate> {
        let names = ["sinatra", "roda", "grape", "rack", "padrino", "cuba"];
        let Some(gem) = names.iter().find_map(|name| self.has(name)) else {
            return Vec::new();
        };
        let file = self
            .repo
            .first(self.folder, &["app.rb", "main.rb", "server.rb"]);
        let (command, port) = match file {
            _ if self.repo.has(self.folder, "config.ru") => {
                ("bundle exec rackup".to_string(), 9292)
            }
            Some(file) => (format!("bundle exec ruby {file}"), 4567),
            None => return Vec::new(),
        };
        let web = self.candidate(Role::Web, &command, self.because(gem));
        let mut found = vec![web.port(port).sure(0.8)];
        if let Some(gem) = self.has("sidekiq") {
            let worker = self.candidate(Role::Worker, "bundle exec sidekiq", self.because(gem));
            found.push(worker.sure(0.7));
        }
        found
    }
}

fn name(folder: &str) -> &str {
    match base(folder) {
        "." => "web",
        name => name,
    }
}
