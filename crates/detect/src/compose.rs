//! Compose files of development: which services they describe, and where these listen.

use crate::model::{Candidate, Role, Source, Why};
use crate::repo::{Repo, base, join, split, within};
use crate::yaml::Yaml;

/// A service of a compose file.
#[derive(Debug, Clone)]
pub(crate) struct Composed {
    pub(crate) name: String,
    pub(crate) image: String,
    /// The folder that its image is built from.
    pub(crate) context: Option<String>,
    pub(crate) command: String,
    /// Ports of this machine and of the container.
    pub(crate) ports: Vec<(Option<u16>, u16)>,
    /// Only with a profile of compose.
    pub(crate) optional: bool,
    pub(crate) path: String,
    pub(crate) line: usize,
    /// The command that starts it with all options that are needed.
    pub(crate) compose: String,
}

/// Words in a path that tell that a file is not for development.
const OTHERS: [&str; 15] = [
    "prod", "test", "deploy", "stag", "ci.", "-ci", ".ci", "e2e", "release", "swarm", "traefik",
    "images", "build", "k8s", "bench",
];

/// The services of all compose files of development; those of a folder's own file first.
pub(crate) fn services(repo: &Repo) -> Vec<Composed> {
    let mut files: Vec<String> = repo.below(".").filter(|path| is_compose(path)).collect();
    files.sort_by_key(|path| (rank(path), path.matches('/').count(), path.clone()));
    let mut found: Vec<Composed> = Vec::new();
    for path in files {
        for service in of_file(repo, &path) {
            let same = |one: &&mut Composed| {
                one.name == service.name && split(&one.path).0 == split(&path).0
            };
            match found.iter_mut().find(same) {
                // A file that is laid over another.
                Some(base) => overlay(base, service),
                None => found.push(service),
            }
        }
    }
    found
}

fn overlay(base: &mut Composed, over: Composed) {
    if base.image.is_empty() {
        base.image = over.image;
    }
    base.context = base.context.take().or(over.context);
    if base.ports.is_empty() {
        base.ports = over.ports;
    }
    if base.command.is_empty() {
        base.command = over.command;
    }
}

fn is_compose(path: &str) -> bool {
    let name = base(path);
    let named = name.starts_with("docker-compose")
        || name.starts_with("compose.")
        || name.starts_with("compose-");
    let lower = path.to_lowercase();
    named
        && (name.ends_with(".yml") || name.ends_with(".yaml"))
        && !OTHERS.iter().any(|word| lower.contains(word))
}

fn rank(path: &str) -> u8 {
    let (folder, name) = split(path);
    let plain = matches!(
        name,
        "compose.yml" | "compose.yaml" | "docker-compose.yml" | "docker-compose.yaml"
    );
    let own = match () {
        () if plain => 0,
        () if name.contains("override") => 1,
        () if name.contains("dev") || name.contains("local") => 2,
        () if name.contains("example") || name.contains("sample") => 40,
        () => 3,
    };
    match folder {
        "." => own,
        folder if folder.contains(".devcontainer") => 20 + own,
        folder if folder.contains("dev") || folder.contains("local") => 5 + own,
        _ => 10 + own,
    }
}

fn of_file(repo: &Repo, path: &str) -> Vec<Composed> {
    let Some(yaml) = Yaml::parse(&repo.text(path)) else {
        return Vec::new();
    };
    let (folder, name) = split(path);
    let usual = [
        "compose.yml",
        "compose.yaml",
        "docker-compose.yml",
        "docker-compose.yaml",
        "docker-compose.override.yml",
        "compose.override.yml",
        "compose.override.yaml",
        "docker-compose.override.yaml",
    ];
    let compose = match folder == "." && usual.contains(&name) {
        true => "docker compose".to_string(),
        false => format!("docker compose -f {}", quoted(path)),
    };
    let services = yaml
        .get("services")
        .map(|node| node.entries().collect::<Vec<_>>());
    let services = services.unwrap_or_default().into_iter();
    services
        .filter(|(_, node)| node.entries().next().is_some())
        .map(|(name, node)| Composed {
            name: name.to_string(),
            image: node
                .get("image")
                .and_then(Yaml::text)
                .map(image)
                .unwrap_or_default(),
            context: context(node).map(|context| join(folder, &context)),
            command: node.get("command").map(Yaml::words).unwrap_or_default(),
            ports: node
                .get("ports")
                .into_iter()
                .flat_map(Yaml::items)
                .filter_map(port)
                .collect(),
            optional: node.get("profiles").is_some(),
            path: path.to_string(),
            line: node.line,
            compose: compose.clone(),
        })
        .collect()
}

/// An image's name with its variables filled in.
fn image(text: &str) -> String {
    filled(text)
}

fn context(node: &Yaml) -> Option<String> {
    let build = node.get("build")?;
    let context = build
        .text()
        .or(build.get("context").and_then(Yaml::text))
        .unwrap_or(".");
    // A Dockerfile in a folder of its own tells what is built, though all is given to the build.
    let file = build.get("dockerfile").and_then(Yaml::text);
    let (folder, _) = file.map(split).unwrap_or((".", ""));
    match context.trim_end_matches('/') {
        "." | "./" if folder != "." && !folder.contains("docker") => Some(folder.to_string()),
        context => Some(context.to_string()),
    }
}

/// `8080:80`, `127.0.0.1:5432:5432`, `${PORT:-3000}:3000`, `6379`, or the long form.
fn port(node: &Yaml) -> Option<(Option<u16>, u16)> {
    if let Some(target) = node.get("target").and_then(Yaml::text) {
        let published = node
            .get("published")
            .and_then(Yaml::text)
            .and_then(|text| filled(text).parse().ok());
        return Some((published, target.parse().ok()?));
    }
    let text = filled(node.text()?);
    let text = text.split('/').next().unwrap_or_default();
    let mut parts = text
        .rsplit(':')
        .map(|part| part.split('-').next().unwrap_or(part));
    let inner = parts.next()?.parse().ok()?;
    let outer = parts.next().and_then(|part| part.parse().ok());
    Some((outer, inner))
}

/// Variables become their defaults.
pub(crate) fn filled(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        filled.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let end = inner.find('}').unwrap_or(inner.len());
        let variable = &inner[..end];
        if let Some((_, default)) = variable.split_once(":-").or(variable.split_once('-')) {
            filled.push_str(default);
        }
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

fn quoted(path: &str) -> String {
    match path
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c))
    {
        true => path.to_string(),
        false => format!("'{}'", path.replace('\'', "'\\''")),
    }
}

/// Tools for looking and routing, which nobody needs to work on the code.
const EXTRAS: [&str; 17] = [
    "adminer",
    "pgadmin",
    "phpmyadmin",
    "mongo-express",
    "redis-commander",
    "redisinsight",
    "traefik",
    "nginx",
    "caddy",
    "playwright",
    "selenium",
    "certbot",
    "watchtower",
    "portainer",
    "grafana",
    "prometheus",
    "haproxy",
];

/// The compose file itself as what to start: where the parts of an application are only described
/// there, or where nothing else is known to start them.
pub(crate) fn detect(services: &[Composed], native: &[Candidate]) -> Option<Candidate> {
    let parts: Vec<&Composed> = services
        .iter()
        .filter(|one| !one.optional && !one.path.starts_with('.') && is_application(one))
        .collect();
    let first = parts
        .iter()
        .find(|one| !one.ports.is_empty())
        .or(parts.first())?;
    let same: Vec<&&Composed> = parts.iter().filter(|one| one.path == first.path).collect();
    let strong = |context: &&&str| {
        let here = |one: &&Candidate| one.confidence >= 0.8 && within(&one.cwd, context);
        native.iter().filter(here).any(|one| one.role != Role::Docs)
    };
    let folders: std::collections::BTreeSet<&str> = same
        .iter()
        .filter_map(|one| one.context.as_deref())
        .collect();
    let known = folders.iter().filter(strong).count();
    let at_top = native
        .iter()
        .any(|one| one.cwd == "." && one.role == Role::Web && one.confidence >= 0.85);
    let polyglot = folders.len() >= 2 && known < folders.len() && !at_top;
    let only = !native.iter().any(|one| one.role == Role::Web);
    if !polyglot && !only {
        return None;
    }
    let text = format!(
        "{} of the application are described here",
        count(same.len())
    );
    let why = Why::line(&first.path, first.line, &text);
    let command = format!("{} up", first.compose);
    let found = Candidate::new(Source::Compose, Role::Web, ".", &command, why);
    let port = first.ports.iter().find_map(|(outer, _)| *outer);
    Some(
        found
            .named("compose")
            .port(port)
            .sure(if polyglot { 0.8 } else { 0.6 }),
    )
}

fn is_application(one: &Composed) -> bool {
    let image = one.image.rsplit('/').next().unwrap_or_default();
    let extra = EXTRAS
        .iter()
        .any(|word| one.name.contains(word) || image.starts_with(word));
    (one.context.is_some() || !one.image.is_empty())
        && !extra
        && crate::kinds::of_image(&one.image).is_none()
        && !one.command.contains("sleep infinity")
}

fn count(parts: usize) -> String {
    match parts {
        1 => "one part".to_string(),
        parts => format!("{parts} parts"),
    }
}
