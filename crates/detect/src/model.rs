//! What detection finds, in the words that people and scripts get.

use serde::Serialize;

/// What a repository suggests to run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Detection {
    /// What a developer of this repository keeps running.
    pub processes: Vec<Process>,
    /// What these need beside them: databases, caches, queues.
    pub services: Vec<Service>,
}

/// A process worth starting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Process {
    /// A name that is unique in the detection and fit for the configuration.
    pub name: String,
    /// What to run, by a shell.
    pub command: String,
    /// Where, relative to the repository; `.` is its top.
    pub cwd: String,
    /// Where it will listen, as far as files say or its framework is known to.
    pub port: Option<u16>,
    /// The reason, with file and line.
    pub why: String,
    /// How sure this is, from 0 to 1.
    pub confidence: f64,
}

/// A service that processes need.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    /// A name that is unique in the detection and fit for the configuration.
    pub name: String,
    /// What it is: `postgres`, `redis`, `mysql`, …
    pub kind: String,
    /// What starts it on this machine.
    pub command: String,
    /// Where it will listen.
    pub port: Option<u16>,
    /// The reason, with file and line.
    pub why: String,
    /// Whether the program of `command` is on this machine.
    #[serde(skip)]
    pub available: bool,
}

/// A place in the repository, and what is there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Why {
    /// `path:line: text`, or `path: text` where the file itself is the reason.
    text: String,
}

impl Why {
    /// A file is the reason.
    pub(crate) fn file(path: &str, text: &str) -> Why {
        Why {
            text: format!("{path}: {text}"),
        }
    }

    /// A line of a file is the reason.
    pub(crate) fn line(path: &str, line: usize, text: &str) -> Why {
        Why {
            text: format!("{path}:{}: {text}", line.max(1)),
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let clean = |c: char| if c.is_control() { ' ' } else { c };
        to.write_str(&self.text.chars().map(clean).collect::<String>())
    }
}

/// What a candidate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It serves what the repository is about.
    Web,
    /// It serves or rebuilds scripts and styles for something else that serves.
    Assets,
    /// It works in the background.
    Worker,
    /// It serves documentation.
    Docs,
}

/// Who says that it is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A list of development processes made by the authors.
    Procfile,
    /// A task of a task runner.
    Task,
    /// A script of a manifest.
    Script,
    /// A framework's own way.
    Framework,
    /// A compose file.
    Compose,
}

/// A process that one of the detectors suggests, before all are weighed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) command: String,
    /// `.`, or a path without a leading `./`.
    pub(crate) cwd: String,
    pub(crate) port: Option<u16>,
    pub(crate) why: Why,
    pub(crate) confidence: f64,
    pub(crate) role: Role,
    pub(crate) source: Source,
    /// Folders whose own candidates are started by this one.
    pub(crate) covers: Vec<String>,
}

impl Candidate {
    /// One for the folder `cwd` with the usual settings of its source.
    pub(crate) fn new(source: Source, role: Role, cwd: &str, command: &str, why: Why) -> Self {
        let confidence = match source {
            Source::Procfile => 0.95,
            Source::Task | Source::Script => 0.9,
            Source::Framework => 0.85,
            Source::Compose => 0.7,
        };
        Candidate {
            name: String::new(),
            command: command.to_string(),
            cwd: cwd.to_string(),
            port: None,
            why,
            confidence,
            role,
            source,
            covers: Vec::new(),
        }
    }

    pub(crate) fn named(mut self, name: &str) -> Self {
        self.name = name.to_string();
        self
    }

    pub(crate) fn port(mut self, port: impl Into<Option<u16>>) -> Self {
        self.port = port.into();
        self
    }

    pub(crate) fn sure(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }
}
