//! Elixir: Phoenix.

use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, join, line_of, within};

/// Candidates of all projects of Mix that serve.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let folders = repo.with("mix.exs");
    let umbrella = |folder: &str| {
        folders
            .iter()
            .any(|top| top != folder && within(folder, &join(top, "apps")))
    };
    let tops = folders.iter().filter(|folder| !umbrella(folder));
    tops.filter_map(|folder| of_folder(repo, folder, &folders))
        .collect()
}

/// Whether a folder is a project of Phoenix: it depends on it, or looks as its generator leaves it.
pub(crate) fn is_phoenix(repo: &Repo, folder: &str) -> bool {
    let text = repo.text_in(folder, "mix.exs");
    match text.is_empty() {
        true => {
            repo.has(folder, "config/dev.exs")
                && repo
                    .folders()
                    .any(|one| within(one, &join(folder, "assets")))
        }
        false => text.contains("{:phoenix,"),
    }
}

fn of_folder(repo: &Repo, folder: &str, all: &[String]) -> Option<Candidate> {
    let inner = all
        .iter()
        .find(|one| within(one, folder) && is_phoenix(repo, one))?;
    let path = join(inner, "mix.exs");
    let line = line_of(&repo.text(&path), &["{:phoenix,"]);
    let why = Why::line(&path, line, "a project of Phoenix");
    let config = repo.text_in(folder, "config/dev.exs");
    let said = config.find("http:").and_then(|at| {
        let rest = &config[at..config.len().min(at + 200)];
        rest.split("port:")
            .nth(1)?
            .trim()
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .and_then(ports::port)
    });
    let name = if folder == "." {
        "web"
    } else {
        crate::repo::base(folder)
    };
    let found = Candidate::new(Source::Framework, Role::Web, folder, "mix phx.server", why);
    Some(found.port(said.unwrap_or(4000)).named(name).sure(0.95))
}
