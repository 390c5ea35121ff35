//! Python: Django, Flask, FastAPI and others, and the workers beside them.

use super::python_packages::{Requirement, fastapi_entry, requirements, runner};
use crate::files::ports;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join, split, within};

/// Candidates of all Python projects.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let mut found = Vec::new();
    let manifests = [
        "pyproject.toml",
        "requirements.txt",
        "Pipfile",
        "setup.py",
        "manage.py",
        "requirements.in",
        ".flaskenv",
        "environment.yml",
    ];
    let folders = repo.folders().filter(|folder| {
        manifests.iter().any(|name| repo.has(folder, name))
            || repo.has(folder, "requirements/base.txt")
    });
    let folders: Vec<&str> = folders.collect();
    for folder in &folders {
        let project = Project::read(repo, folder, &folders);
        project.detect(&mut found);
    }
    found
}

/// A folder with a manifest or a `manage.py`.
pub(super) struct Project<'a> {
    pub(super) repo: &'a Repo,
    pub(super) folder: &'a str,
    requirements: Vec<Requirement>,
    runner: &'static str,
}

/// Frameworks without a tool of their own that everybody uses: how they are run, and where.
const PLAIN: [(&str, &str, u16); 8] = [
    ("sanic", "sanic {module}", 8000),
    ("litestar", "litestar run --reload", 8000),
    ("quart", "quart run", 5000),
    ("aiohttp", "python {file}", 8080),
    ("tornado", "python {file}", 8888),
    ("bottle", "python {file}", 8080),
    ("falcon", "python {file}", 8000),
    ("dash", "python {file}", 8050),
];
const SHOWS: [(&str, &str, u16); 4] = [
    ("streamlit", "streamlit run {file}", 8501),
    ("chainlit", "chainlit run {file} -w", 8000),
    ("gradio", "python {file}", 7860),
    ("nicegui", "python {file}", 8080),
];
const BOTS: [&str; 7] = [
    "discord-py",
    "python-telegram-bot",
    "aiogram",
    "pytelegrambotapi",
    "slack-bolt",
    "nextcord",
    "py-cord",
];

impl<'a> Project<'a> {
    fn read(repo: &'a Repo, folder: &'a str, all: &[&str]) -> Project<'a> {
        let mut found = requirements(repo, folder);
        // `src/manage.py` below a `pyproject.toml`: what is required stands above.
        if found.is_empty() {
            let above = crate::repo::upwards(folder)
                .skip(1)
                .find(|top| all.contains(top));
            found = above.map(|top| requirements(repo, top)).unwrap_or_default();
        }
        Project {
            repo,
            folder,
            requirements: found,
            runner: runner(repo, folder),
        }
    }

    fn detect(&self, found: &mut Vec<Candidate>) {
        let web = self.django().or_else(|| {
            // A Django project may lie in a folder of its own below the manifest.
            let below = self.repo.with("manage.py");
            match below.iter().any(|folder| within(folder, self.folder)) {
                true => None,
                false => self
                    .fastapi()
                    .or_else(|| self.flask())
                    .or_else(|| self.other()),
            }
        });
        let is_web = web.is_some();
        found.extend(web);
        if is_web {
            found.extend(self.celery());
            found.extend(self.queues());
        }
        if self.needs("reflex").is_some() && !is_web && self.repo.has(self.folder, "rxconfig.py") {
            found.extend(
                self.needs("reflex")
                    .map(|one| self.candidate("reflex run", 3000, &self.because(one))),
            );
        }
    }

    pub(super) fn needs(&self, name: &str) -> Option<&Requirement> {
        let mut found = self.requirements.iter().filter(|one| one.name == name);
        found.next()
    }

    pub(super) fn because(&self, one: &Requirement) -> Why {
        Why::line(&one.path, one.line, &format!("depends on {}", one.name))
    }

    pub(super) fn candidate(&self, command: &str, port: u16, why: &Why) -> Candidate {
        let command = match (self.runner, command.strip_prefix("python manage.py ")) {
            // `uv run` runs a file of Python as it is.
            ("uv run ", Some(rest)) => format!("uv run manage.py {rest}"),
            (runner, _) => format!("{runner}{command}"),
        };
        let found = Candidate::new(
            Source::Framework,
            Role::Web,
            self.folder,
            &command,
            why.clone(),
        );
        let environment = || ports::of_environment(self.repo, &[self.folder]);
        let said = crate::command::steps(&command)
            .iter()
            .find_map(|step| step.port());
        found
            .port(said.or_else(environment).unwrap_or(port))
            .named(name(self.folder))
    }

    fn django(&self) -> Option<Candidate> {
        if !self.repo.has(self.folder, "manage.py") {
            return None;
        }
        let text = self.repo.text_in(self.folder, "manage.py");
        let flask = text.contains("flask")
            || self.needs("django").is_none() && self.needs("flask").is_some();
        let why = match self.needs("django") {
            Some(one) => Why::line(
                &one.path,
                one.line,
                "depends on Django, and manage.py is there",
            ),
            None => Why::file(&join(self.folder, "manage.py"), "a project of Django"),
        };
        // Django listens on 8000 whatever the environment says.
        let found = self
            .candidate("python manage.py runserver", 8000, &why)
            .port(8000)
            .sure(0.95);
        (!flask).then_some(found)
    }

    fn fastapi(&self) -> Option<Candidate> {
        let one = self
            .needs("fastapi")
            .filter(|one| !one.optional)
            .or(self.needs("starlette").filter(|one| !one.optional))?;
        let why = self.because(one);
        let own = [
            "main.py",
            "app.py",
            "api.py",
            "app/main.py",
            "app/app.py",
            "app/api.py",
        ];
        let has_tool = one.extras.contains("standard")
            || one.extras.contains("all")
            || self.needs("fastapi-cli").is_some();
        if has_tool && fastapi_entry(self.repo, self.folder) {
            return Some(self.candidate("fastapi dev", 8000, &why));
        }
        if let Some(file) = self.repo.first(self.folder, &own).filter(|_| has_tool) {
            let usual = ["main.py", "app/main.py"].contains(&file);
            let command = if usual {
                "fastapi dev".into()
            } else {
                format!("fastapi dev {file}")
            };
            return Some(self.candidate(&command, 8000, &why));
        }
        let file = self.entry(&["main", "app", "asgi", "server", "api", "application"])?;
        let command = match has_tool {
            true => format!("fastapi dev {file}"),
            false => format!("uvicorn {}:app --reload", module(&file)),
        };
        let port = ports::in_source(&self.repo.text_in(self.folder, &file)).unwrap_or(8000);
        Some(self.candidate(&command, port, &why).sure(0.8))
    }

    fn flask(&self) -> Option<Candidate> {
        let one = self.needs("flask").filter(|one| !one.optional);
        let flaskenv = join(self.folder, ".flaskenv");
        let mut variables = crate::files::env::of_file(self.repo, &flaskenv);
        variables.extend(crate::files::env::variables(self.repo, self.folder));
        let value = |name: &str| variables.iter().find(|one| one.name == name).cloned();
        let app = value("FLASK_APP");
        let why = match (&app, one) {
            (Some(app), _) => Why::line(&app.path, app.line, "FLASK_APP names a Flask application"),
            (None, one) => self.because(one?),
        };
        let debug = value("FLASK_DEBUG").is_some() || value("FLASK_ENV").is_some();
        let port = value("FLASK_RUN_PORT").and_then(|one| ports::port(&one.value));
        let option = if debug { "" } else { " --debug" };
        if app.is_some() {
            let command = format!("flask run{option}");
            return Some(
                self.candidate(&command, 5000, &why)
                    .port(port.unwrap_or(5000))
                    .sure(0.9),
            );
        }
        let file = self.entry(&[
            "app",
            "wsgi",
            "main",
            "run",
            "server",
            "application",
            "api",
            "manage",
        ])?;
        let text = self.repo.text_in(self.folder, &file);
        let said = ports::in_source(&text);
        // A file that starts its own server on a port of its own is run as it is.
        if said.is_some() && text.contains(".run(") {
            return Some(
                self.candidate(&format!("python {file}"), 5000, &why)
                    .port(said)
                    .sure(0.75),
            );
        }
        let found_alone = matches!(file.as_str(), "app.py" | "wsgi.py" | "app/__init__.py");
        let command = match found_alone {
            true => format!("flask run{option}"),
            false => format!("flask --app {} run{option}", module(&file)),
        };
        Some(
            self.candidate(&command, 5000, &why)
                .port(port.unwrap_or(5000))
                .sure(0.75),
        )
    }

    fn other(&self) -> Option<Candidate> {
        let all = PLAIN.iter().chain(&SHOWS);
        for (name, command, port) in all {
            let Some(one) = self.needs(name).filter(|one| !one.optional) else {
                continue;
            };
            let file = self.entry(&[
                "app",
                "streamlit_app",
                "main",
                "server",
                "run",
                "api",
                "Home",
            ])?;
            let command = command
                .replace("{file}", &file)
                .replace("{module}", &module(&file));
            let port = ports::in_source(&self.repo.text_in(self.folder, &file)).unwrap_or(*port);
            return Some(self.candidate(&command, port, &self.because(one)).sure(0.8));
        }
        let bot = BOTS
            .iter()
            .find_map(|name| self.needs(name).filter(|one| !one.optional))?;
        let file = self.entry(&["bot", "main", "app", "run"])?;
        let mut found = self
            .candidate(&format!("python {file}"), 0, &self.because(bot))
            .port(None);
        found.role = Role::Worker;
        Some(found.named("bot").sure(0.8))
    }

    /// The file in which an application begins: at the top, in `src`, or in a package below.
    fn entry(&self, stems: &[&str]) -> Option<String> {
        let mut files: Vec<String> = self
            .repo
            .below(self.folder)
            .filter(|path| path.ends_with(".py"))
            .map(|path| match self.folder {
                "." => path,
                folder => path[folder.len() + 1..].to_string(),
            })
            .filter(|path| path.matches('/').count() <= 2 && !is_aside(path))
            .collect();
        let rank = |path: &String| {
            let (folder, file) = split(path);
            let stem = stems
                .iter()
                .position(|stem| file.strip_suffix(".py") == Some(stem));
            stem.map(|stem| {
                (
                    folder.matches('/').count() + usize::from(folder != "."),
                    stem,
                )
            })
        };
        files.retain(|path| rank(path).is_some());
        files.into_iter().min_by_key(rank)
    }
}

pub(super) fn is_aside(path: &str) -> bool {
    let aside = [
        "scripts",
        "dev",
        "tools",
        "migrations",
        "alembic",
        "notebooks",
        "deploy",
        ".devcontainer",
    ];
    let begins = ["docs", "example", "test", "bench", "sample"];
    let mut folders = split(path).0.split('/');
    folders.any(|part| aside.contains(&part) || begins.iter().any(|begin| part.starts_with(begin)))
}

pub(super) fn module(file: &str) -> String {
    let file = file.strip_suffix(".py").unwrap_or(file);
    let file = file.strip_suffix("/__init__").unwrap_or(file);
    // A package in `src` is installed under its own name.
    match file.strip_prefix("src/").filter(|rest| rest.contains('/')) {
        Some(rest) => rest.replace('/', "."),
        None => file.replace('/', "."),
    }
}

fn name(folder: &str) -> &str {
    match base(folder) {
        "." | "src" => "web",
        name => name,
    }
}
