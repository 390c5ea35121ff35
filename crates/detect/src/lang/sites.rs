//! Generators of sites that need no package manager: Hugo, Jekyll, Zola, mdBook, MkDocs.

use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join, line_of};

/// Candidates of all sites.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let folders: Vec<&str> = repo.folders().collect();
    folders
        .into_iter()
        .filter_map(|folder| of_folder(repo, folder))
        .collect()
}

fn of_folder(repo: &Repo, folder: &str) -> Option<Candidate> {
    let place = Place { repo, folder };
    place
        .hugo_or_zola()
        .or_else(|| place.jekyll())
        .or_else(|| {
            let file = repo.first(folder, &["book.toml"])?;
            Some(place.site(file, Role::Docs, "mdbook serve", 3000, "a book of mdBook"))
        })
        .or_else(|| {
            let file = repo.first(folder, &["mkdocs.yml", "mkdocs.yaml"])?;
            let found = place.site(
                file,
                Role::Docs,
                "mkdocs serve",
                8000,
                "documentation of MkDocs",
            );
            Some(found.sure(0.7))
        })
}

/// A folder that may hold a site.
struct Place<'a> {
    repo: &'a Repo,
    folder: &'a str,
}

const HUGO: [&str; 6] = [
    "hugo.toml",
    "hugo.yaml",
    "hugo.yml",
    "hugo.json",
    "config/_default/hugo.toml",
    "config/_default/hugo.yaml",
];
/// Names that other programs use as well; what is in them tells.
const COMMON: [&str; 5] = [
    "config.toml",
    "config.yaml",
    "config.yml",
    "config/_default/config.toml",
    "config/_default/config.yaml",
];

impl Place<'_> {
    fn site(&self, file: &str, role: Role, command: &str, port: u16, what: &str) -> Candidate {
        let why = Why::file(&join(self.folder, file), what);
        let name = match self.folder {
            "." => "site",
            folder => base(folder),
        };
        let found = Candidate::new(Source::Framework, role, self.folder, command, why);
        found.port(port).named(name)
    }

    fn hugo_or_zola(&self) -> Option<Candidate> {
        let hugo = |file| self.site(file, Role::Web, "hugo server", 1313, "a site of Hugo");
        let zola = |file| self.site(file, Role::Web, "zola serve", 1111, "a site of Zola");
        if let Some(file) = self.repo.first(self.folder, &HUGO) {
            return Some(hugo(file));
        }
        if let Some(file) = self.repo.first(self.folder, &["zola.toml"]) {
            return Some(zola(file));
        }
        let file = self.repo.first(self.folder, &COMMON)?;
        let text = self.repo.text_in(self.folder, file);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(&["baseURL", "baseurl =", "languageCode"]) {
            return Some(hugo(file));
        }
        let zolas = has(&["[markdown]", "compile_sass", "build_search_index"]);
        (text.contains("base_url") && zolas).then(|| zola(file))
    }

    /// Without a Gemfile, which tells better; Hexo has the same file and a `package.json`.
    fn jekyll(&self) -> Option<Candidate> {
        let others = ["Gemfile", "package.json"];
        let file = self
            .repo
            .first(self.folder, &["_config.yml", "_config.yaml"])?;
        let text = self.repo.text_in(self.folder, file);
        let keys = [
            "baseurl",
            "permalink",
            "theme",
            "plugins",
            "markdown",
            "title",
            "gems",
        ];
        let jekylls = keys.iter().any(|key| text.contains(key));
        if !jekylls || self.repo.first(self.folder, &others).is_some() {
            return None;
        }
        let mut lines = text.lines();
        let port = lines.find_map(|line| line.strip_prefix("port:")?.trim().parse().ok());
        let mut found = self.site(file, Role::Web, "jekyll serve", port.unwrap_or(4000), "");
        let line = line_of(&text, &["title"]);
        found.why = Why::line(&join(self.folder, file), line, "a site of Jekyll");
        Some(found)
    }
}
