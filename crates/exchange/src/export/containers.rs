//! Which image and which tools a command needs: read from a `docker run`, else guessed by its program.

use crate::shell;

/// What a `docker run` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DockerRun {
    pub(super) image: String,
    pub(super) args: Vec<String>,
    /// `HOST:CONTAINER` as they are written.
    pub(super) ports: Vec<String>,
    pub(super) env: Vec<(String, Option<String>)>,
    pub(super) volumes: Vec<String>,
    /// Options that were passed over.
    pub(super) other: Vec<String>,
}

impl DockerRun {
    /// The port within the container for a port of this machine.
    pub(super) fn target(&self, host: u16) -> Option<u16> {
        self.ports.iter().find_map(|port| {
            let port = port.split('/').next().unwrap_or(port);
            let mut parts = port.rsplit(':');
            let target = parts.next()?.parse().ok()?;
            (parts.next()?.parse::<u16>().ok()? == host).then_some(target)
        })
    }
}

/// Reads `docker run …`; `None` for any other command.
pub(super) fn docker_run(line: &str) -> Option<DockerRun> {
    if line.contains(['|', ';', '&', '`', '\n']) || line.contains("$(") {
        return None;
    }
    let words = shell::split(line)?;
    let start = words.iter().position(|word| word != "exec").unwrap_or(0);
    let words = &words[start..];
    let run = match words {
        [docker, run, rest @ ..]
            if matches!(docker.as_str(), "docker" | "podman") && run == "run" =>
        {
            rest
        }
        _ => return None,
    };
    const BARE: [&str; 11] = [
        "--rm",
        "-i",
        "-t",
        "-it",
        "-ti",
        "--init",
        "--privileged",
        "-d",
        "--detach",
        "--interactive",
        "--tty",
    ];
    let mut found = DockerRun::default();
    let mut words = run.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            found.image = word.clone();
            found.args = words.cloned().collect();
            return Some(found);
        }
        if BARE.contains(&word.as_str()) {
            continue;
        }
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option.to_string(), value.to_string()),
            None => (word.clone(), words.next()?.clone()),
        };
        match option.as_str() {
            "-p" | "--publish" => found.ports.push(value),
            "-v" | "--volume" => found.volumes.push(value),
            "-e" | "--env" => found.env.push(match value.split_once('=') {
                Some((name, value)) => (name.to_string(), Some(value.to_string())),
                None => (value, None),
            }),
            "--name" => {}
            _ => found.other.push(option),
        }
    }
    None
}

/// Programs, the image that has them, and the feature that brings them.
const PROGRAMS: [(&[&str], &str, Option<&str>); 12] = [
    (
        &["node", "npm", "npx", "pnpm", "yarn", "vite", "next", "tsx"],
        "node:22",
        Some("ghcr.io/devcontainers/features/node:1"),
    ),
    (&["bun", "bunx"], "oven/bun:1", None),
    (&["deno"], "denoland/deno:2", None),
    (
        &[
            "python", "python3", "uvicorn", "gunicorn", "flask", "celery", "poetry", "uv", "pip",
        ],
        "python:3.13",
        Some("ghcr.io/devcontainers/features/python:1"),
    ),
    (
        &[
            "ruby",
            "bundle",
            "rails",
            "rake",
            "bin/rails",
            "puma",
            "sidekiq",
        ],
        "ruby:3.4",
        Some("ghcr.io/devcontainers/features/ruby:1"),
    ),
    (
        &["go", "air"],
        "golang:1.25",
        Some("ghcr.io/devcontainers/features/go:1"),
    ),
    (
        &["cargo", "rustc"],
        "rust:1",
        Some("ghcr.io/devcontainers/features/rust:1"),
    ),
    (
        &["java", "mvn", "gradle", "./mvnw", "./gradlew"],
        "eclipse-temurin:21",
        Some("ghcr.io/devcontainers/features/java:1"),
    ),
    (
        &["php", "composer"],
        "php:8-cli",
        Some("ghcr.io/devcontainers/features/php:1"),
    ),
    (
        &["dotnet"],
        "mcr.microsoft.com/dotnet/sdk:9.0",
        Some("ghcr.io/devcontainers/features/dotnet:2"),
    ),
    (&["redis-server"], "redis:8", None),
    (
        &["docker", "docker-compose"],
        "docker:28-cli",
        Some("ghcr.io/devcontainers/features/docker-in-docker:2"),
    ),
];

fn program(
    line: &str,
) -> Option<&'static (&'static [&'static str], &'static str, Option<&'static str>)> {
    let words = shell::split(line).unwrap_or_default();
    let first = words
        .iter()
        .find(|word| !word.contains('=') && *word != "exec")?;
    PROGRAMS
        .iter()
        .find(|(names, _, _)| names.contains(&first.as_str()))
}

/// An image in which a command can run, as a guess.
pub(super) fn image(line: &str) -> &'static str {
    program(line).map_or("debian:stable-slim", |(_, image, _)| image)
}

/// The feature of a dev container that brings the program of a command.
pub(super) fn feature(line: &str) -> Option<&'static str> {
    program(line).and_then(|(_, _, feature)| *feature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_docker_run_is_read_and_other_commands_are_not() {
        let run =
            docker_run("docker run --rm -p 5433:5432 -e A=b --name=x -v d:/d postgres:15 -c x=1")
                .expect("a docker run");
        assert_eq!((run.image.as_str(), run.args.len()), ("postgres:15", 2));
        assert_eq!(run.target(5433), Some(5432));
        assert_eq!(run.env, [("A".to_string(), Some("b".to_string()))]);
        for other in [
            "npm run dev",
            "docker compose up",
            "docker run x | tee y",
            "docker run -p",
        ] {
            assert_eq!(docker_run(other), None, "{other}");
        }
        assert_eq!(image("PORT=3 npm run dev"), "node:22");
    }
}
