//! PHP: Laravel with what its `composer dev` starts, Symfony, and scripts that serve.

use serde_json::Value;

use crate::command::steps;
use crate::files::env;
use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join, line_of};
use crate::tools::Does;

/// Candidates of all projects of Composer.
pub(crate) fn detect(repo: &Repo) -> Vec<Candidate> {
    let folders = repo.with("composer.json");
    folders
        .iter()
        .flat_map(|folder| of_folder(repo, folder))
        .collect()
}

fn of_folder(repo: &Repo, folder: &str) -> Vec<Candidate> {
    let path = join(folder, "composer.json");
    let text = repo.text(&path);
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let requires = |name: &str| json["require"].get(name).is_some();
    let name = if folder == "." { "web" } else { base(folder) };
    let because = |what: &str| {
        Why::line(
            &path,
            line_of(&text, &["\"require\"", &format!("\"{what}\"")]),
            &format!("requires {what}"),
        )
    };
    if repo.has(folder, "artisan") {
        return laravel(repo, folder, &json, &text);
    }
    if requires("symfony/framework-bundle") {
        let command = "symfony server:start";
        let web = Candidate::new(
            Source::Framework,
            Role::Web,
            folder,
            command,
            because("symfony/framework-bundle"),
        );
        let mut found = vec![web.port(8000).named(name)];
        if requires("symfony/messenger") {
            let command = "php bin/console messenger:consume async";
            let one = Candidate::new(
                Source::Framework,
                Role::Worker,
                folder,
                command,
                because("symfony/messenger"),
            );
            found.push(one.named("worker").sure(0.7));
        }
        return found;
    }
    served(folder, &json, &text)
        .map(|one| one.named(name))
        .into_iter()
        .collect()
}

/// The first script of Composer that serves.
fn served(folder: &str, json: &Value, text: &str) -> Option<Candidate> {
    let path = join(folder, "composer.json");
    let mut scripts = ["dev", "start", "serve"].iter().filter_map(|script| {
        let command = lines(&json["scripts"][*script]);
        let served = steps(&command)
            .into_iter()
            .find(|step| matches!(step.does(), Does::Serves(_)))?;
        let line = line_of(text, &["\"scripts\"", &format!("\"{script}\"")]);
        let why = Why::line(
            &path,
            line,
            &format!("script `{script}` runs `{}`", served.words.join(" ")),
        );
        let found = Candidate::new(
            Source::Script,
            Role::Web,
            folder,
            &format!("composer run {script}"),
            why,
        );
        Some(found.port(served.port().unwrap_or(8000)))
    });
    scripts.next()
}

fn laravel(repo: &Repo, folder: &str, json: &Value, text: &str) -> Vec<Candidate> {
    let why = Why::file(&join(folder, "artisan"), "an application of Laravel");
    let name = match folder {
        "." => "server",
        folder => base(folder),
    };
    let web = Candidate::new(
        Source::Framework,
        Role::Web,
        folder,
        "php artisan serve",
        why,
    );
    let mut found = vec![web.port(8000).named(name).sure(0.95)];
    found.extend(together(folder, json, text));
    for one in beside(repo, folder, json, text) {
        if !found.iter().any(|other| other.name == one.name) {
            found.push(one);
        }
    }
    found
}

/// What the script `dev` starts beside the server and the assets.
fn together(folder: &str, json: &Value, text: &str) -> Vec<Candidate> {
    let named = [
        ("queue:", "queue"),
        ("horizon", "queue"),
        ("pail", "logs"),
        ("reverb", "reverb"),
        ("schedule:", "scheduler"),
    ];
    let line = line_of(text, &["\"scripts\"", "\"dev\""]);
    let why = Why::line(&join(folder, "composer.json"), line, "script `dev` runs it");
    let steps = steps(&lines(&json["scripts"]["dev"])).into_iter();
    steps
        .filter_map(|step| {
            let command = step.words.join(" ");
            let (_, name) = named.iter().find(|(word, _)| command.contains(word))?;
            let usual = (*name == "reverb").then_some(8080);
            let found = Candidate::new(Source::Script, Role::Worker, folder, &command, why.clone());
            let found = found.named(name).port(step.port().or(usual)).sure(0.85);
            command.starts_with("php artisan").then_some(found)
        })
        .collect()
}

/// What packages and settings of Laravel need to be running.
fn beside(repo: &Repo, folder: &str, json: &Value, text: &str) -> Vec<Candidate> {
    let worker = |command: &str, name: &str, why| {
        Candidate::new(Source::Framework, Role::Worker, folder, command, why)
            .named(name)
            .sure(0.75)
    };
    let path = join(folder, "composer.json");
    let because = |package: &str| {
        let there = json["require"].get(package).is_some();
        let line = line_of(text, &[&format!("\"{package}\"")]);
        there.then(|| Why::line(&path, line, &format!("requires {package}")))
    };
    let horizon = because("laravel/horizon").map(|why| worker("php artisan horizon", "queue", why));
    let queue = env::variables(repo, folder)
        .into_iter()
        .find(|one| one.name == "QUEUE_CONNECTION");
    let queue =
        queue.filter(|one| ["redis", "database", "beanstalkd"].contains(&one.value.as_str()));
    let queue = queue.map(|one| {
        let why = Why::line(&one.path, one.line, "jobs are queued");
        worker("php artisan queue:work", "queue", why)
    });
    let reverb = because("laravel/reverb")
        .map(|why| worker("php artisan reverb:start", "reverb", why).port(8080));
    [horizon, queue, reverb].into_iter().flatten().collect()
}

/// A script of Composer: a command, or a list of them.
fn lines(script: &Value) -> String {
    match script {
        Value::String(text) => text.clone(),
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}
