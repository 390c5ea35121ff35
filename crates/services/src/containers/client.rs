//! The command line of a client of a container engine.

/// What a client was told to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Client {
    /// `docker run`, or the same of an engine that takes the same options.
    Run {
        /// The name that was given.
        name: Option<String>,
        /// The image.
        image: String,
        /// The ports of this machine that were published by number.
        ports: Vec<u16>,
        /// The container is to outlive the client.
        detached: bool,
    },
    /// `docker compose up`.
    Compose {
        /// The project's name, where it was given.
        project: Option<String>,
        /// The project's folder, where it was given: by itself, or as that of the first file.
        folder: Option<String>,
        /// The services; empty for all.
        services: Vec<String>,
        /// The containers are to outlive the client.
        detached: bool,
    },
}

/// Options of `run` that take no value; all others do.
const FLAGS: [&str; 15] = [
    "--detach",
    "--disable-content-trust",
    "--help",
    "--init",
    "--interactive",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--privileged",
    "--publish-all",
    "--quiet",
    "--read-only",
    "--replace",
    "--rm",
    "--sig-proxy",
    "--tty",
];
const SHORT_FLAGS: &str = "ditPq";
/// Options before the verb that take a value.
const GLOBAL: [&str; 10] = [
    "--config",
    "--context",
    "-c",
    "--host",
    "-H",
    "--log-level",
    "-l",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
];
/// Options of `compose` and of its `up` that take a value.
const COMPOSE: [&str; 15] = [
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--profile",
    "--env-file",
    "--project-directory",
    "--ansi",
    "--parallel",
    "--progress",
    "--scale",
    "--timeout",
    "-t",
    "--attach",
    "--exit-code-from",
];

impl Client {
    /// What the command line of a process says; `None` if it is no such client.
    pub fn parse(words: &[String]) -> Option<Self> {
        let (program, rest) = words.split_first()?;
        let program = program.rsplit('/').next()?;
        if program.starts_with("python") {
            // The older compose is a script, and its interpreter is the program.
            let script = rest.first()?;
            let is_compose =
                script.ends_with("docker-compose") || script.ends_with("podman-compose");
            return is_compose.then(|| Client::parse(rest)).flatten();
        }
        let mut rest = Words(rest);
        match program {
            "docker" | "podman" | "nerdctl" => {}
            "docker-compose" | "podman-compose" => return compose(rest),
            _ => return None,
        }
        let verb = rest.verb(&GLOBAL)?;
        match verb {
            "run" => run(rest),
            "container" if rest.next() == Some("run") => run(rest),
            "compose" => compose(rest),
            _ => None,
        }
    }
}

impl Client {
    /// The engine that a command line names before its verb, in the form of `DOCKER_HOST`.
    pub fn host_in(words: &[String]) -> Option<&str> {
        let mut rest = Words(words.split_first()?.1);
        loop {
            let word = rest.next().filter(|word| word.starts_with('-'))?;
            if word == "-H" || word == "--host" {
                return rest.next();
            }
            if let Some(host) = word.strip_prefix("--host=").or(word.strip_prefix("-H=")) {
                return Some(host);
            }
            if GLOBAL.contains(&word) {
                rest.next();
            }
        }
    }

    /// Whether what it starts is to outlive it.
    pub fn is_detached(&self) -> bool {
        match self {
            Client::Run { detached, .. } | Client::Compose { detached, .. } => *detached,
        }
    }
}

struct Words<'a>(&'a [String]);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// The first word that is neither an option nor the value of one.
    fn verb(&mut self, with_value: &[&str]) -> Option<&'a str> {
        loop {
            let word = self.next()?;
            if !word.starts_with('-') {
                return Some(word);
            }
            if with_value.contains(&word) {
                self.next();
            }
        }
    }
}

fn run(mut words: Words<'_>) -> Option<Client> {
    let mut name = None;
    let mut ports = Vec::new();
    let mut detached = false;
    loop {
        let word = words.next()?;
        if !word.starts_with('-') || word == "--" {
            let image = if word == "--" { words.next()? } else { word };
            return Some(Client::Run {
                name,
                image: image.to_string(),
                ports,
                detached,
            });
        }
        let (option, value) = match (word.strip_prefix("--"), word.split_once('=')) {
            (Some(_), Some((option, value))) => (option, Some(value)),
            (Some(_), None) => (word, None),
            (None, _) => short(word),
        };
        detached |= match (option, value) {
            ("--detach", value) => value.is_none_or(|value| value == "true"),
            (_, _) if word.starts_with("--") => false,
            (_, _) => clustered(word).contains('d'),
        };
        if FLAGS.contains(&option) || option.is_empty() {
            continue;
        }
        let value = match value {
            Some(value) => value,
            None => words.next()?,
        };
        match option {
            "--name" => name = Some(value.to_string()),
            "-p" | "--publish" => ports.extend(host_port(value)),
            _ => {}
        }
    }
}

/// The option in a cluster of letters that takes a value, with what is left as its value: `-itp80:80`.
fn short(word: &str) -> (&str, Option<&str>) {
    let letters = &word[1..];
    for (at, letter) in letters.char_indices() {
        if !SHORT_FLAGS.contains(letter) {
            let value = &letters[at + letter.len_utf8()..];
            let value = value.strip_prefix('=').unwrap_or(value);
            let option = if letter == 'p' { "-p" } else { "-other" };
            return (option, (!value.is_empty()).then_some(value));
        }
    }
    ("", None)
}

/// The letters of a cluster that take no value: `it` of `-itp80:80`.
fn clustered(word: &str) -> &str {
    let letters = &word[1..];
    let end = letters.find(|letter| !SHORT_FLAGS.contains(letter));
    &letters[..end.unwrap_or(letters.len())]
}

/// The port of this machine in `[ADDRESS:]PORT:PORT[/PROTOCOL]`.
fn host_port(value: &str) -> Option<u16> {
    let value = value.split('/').next()?;
    let (before, _) = value.rsplit_once(':')?;
    before.rsplit(':').next()?.parse().ok()
}

fn compose(mut words: Words<'_>) -> Option<Client> {
    let (mut project, mut folder, mut file) = (None, None, None);
    let mut services = Vec::new();
    let mut up = false;
    let mut detached = false;
    while let Some(word) = words.next() {
        let (option, value) = word
            .split_once('=')
            .map_or((word, None), |(o, v)| (o, Some(v)));
        if !word.starts_with('-') {
            match (up, word) {
                (false, "up") => up = true,
                (false, _) => return None,
                (true, service) => services.push(service.to_string()),
            }
        } else if COMPOSE.contains(&option) {
            let value = value.or_else(|| words.next()).map(str::to_string);
            match option {
                "-p" | "--project-name" => project = value,
                "--project-directory" => folder = value,
                "-f" | "--file" => file = file.or(value),
                _ => {}
            }
        } else {
            detached |= up && matches!(option, "-d" | "--detach");
        }
    }
    let of_file = || {
        let file = file?;
        Some(file.rsplit_once('/')?.0.to_string())
    };
    up.then(|| Client::Compose {
        project,
        folder: folder.or_else(of_file),
        services,
        detached,
    })
}
