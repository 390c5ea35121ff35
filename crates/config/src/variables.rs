//! Which variables there are, in which order they win, and what `${NAME}` stands for.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dotenv::{self, EnvFile};
use crate::files::{Files, Unread};
use crate::finding::Sink;
use crate::interpolate::{Found, Names};
use crate::near::did_you_mean;
use crate::tree::{Map, Span};
use crate::visible::quoted;

/// Variables of the workspace, and the dotenv files that were read.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    /// Of the client.
    pub(crate) client: BTreeMap<String, String>,
    /// Of the workspace's `.env`.
    pub(crate) dotenv: Arc<EnvFile>,
    cache: HashMap<PathBuf, Cached>,
}

#[derive(Debug, Clone)]
enum Cached {
    File(Arc<EnvFile>),
    Missing,
    Failed(String),
    Reported,
}

impl Variables {
    /// Those of a client, without any file.
    pub(crate) fn of_client(client: BTreeMap<String, String>) -> Self {
        Variables {
            client,
            ..Variables::default()
        }
    }

    /// Reads the workspace's `.env`, where there is one.
    pub(crate) fn read_dotenv(&mut self, workspace: &Path, files: &mut Files, sink: &mut Sink) {
        let path = workspace.join(".env");
        match self.read(&path, ".env".to_string(), false, files, sink) {
            Cached::File(file) => self.dotenv = file,
            Cached::Failed(why) => {
                let id = files.add(path, ".env".into(), String::new(), true);
                sink.file_error(id, format!("`.env` {why}"))
                    .help("repair it, or turn it off: `settings: {dotenv: false}`");
            }
            Cached::Missing | Cached::Reported => {}
        }
    }

    /// Reads a file that `env_file` names at `span`.
    pub(crate) fn env_file(
        &mut self,
        path: &Path,
        shown: String,
        span: Span,
        profile: Option<&str>,
        files: &mut Files,
        sink: &mut Sink,
    ) -> Option<Arc<EnvFile>> {
        let cached = match self.cache.get(path) {
            Some(cached) => cached.clone(),
            None => {
                let read = self.read(path, shown, true, files, sink);
                self.cache.insert(path.to_path_buf(), read.clone());
                read
            }
        };
        let why = match cached {
            Cached::File(file) => return Some(file),
            Cached::Reported => return None,
            Cached::Missing => "does not exist".to_string(),
            Cached::Failed(why) => why,
        };
        // As it is written: the path itself may hold the value of a variable.
        let written = quoted(files.slice(span).trim_matches(['"', '\'']));
        sink.error(span, format!("{written} {why}"))
            .help("paths are relative to the workspace")
            .only_for(profile);
        None
    }

    /// `above`: the file lies over `.env`, and may refer to it.
    fn read(
        &self,
        path: &Path,
        shown: String,
        above: bool,
        files: &mut Files,
        sink: &mut Sink,
    ) -> Cached {
        let id = match files.read(path, shown, true, sink) {
            Ok(id) => id,
            Err(Unread::Missing) => return Cached::Missing,
            Err(Unread::Failed(why)) => return Cached::Failed(why),
            Err(Unread::Reported) => return Cached::Reported,
        };
        let below = |name: &str| {
            let dotenv = self.dotenv.variables.get(name).filter(|_| above);
            dotenv
                .map(|(value, _)| value.clone())
                .or_else(|| self.client.get(name).cloned())
        };
        Cached::File(Arc::new(dotenv::parse(id, files, &below, sink)))
    }
}

/// What the values of one process see.
pub(crate) struct ProcessNames<'a> {
    pub(crate) variables: &'a Variables,
    /// Its `env_file`s; the last wins.
    pub(crate) env_files: &'a [Arc<EnvFile>],
    /// Its name, where `PORT` is going to be its own port.
    pub(crate) own_port: Option<&'a str>,
    /// Its `env`, for suggestions.
    pub(crate) env: Option<&'a Map>,
}

impl Names for ProcessNames<'_> {
    fn get(&self, name: &str) -> Option<Found<'_>> {
        if let ("PORT", Some(own)) = (name, self.own_port) {
            return Some(Found::Port(own.to_string()));
        }
        let files = self.env_files.iter().rev().chain([&self.variables.dotenv]);
        let in_file = files
            .filter_map(|file| file.variables.get(name))
            .map(|(value, _)| value)
            .next();
        in_file
            .or_else(|| self.variables.client.get(name))
            .map(|value| Found::Text(value.as_str().into()))
    }

    fn help(&self, name: &str) -> Option<String> {
        if self.env.is_some_and(|env| env.entry(name).is_some()) {
            return Some(format!(
                "`env` sets `{name}` for the process only; values see `.env`, `env_file` and the shell's environment"
            ));
        }
        let files = self.env_files.iter().chain([&self.variables.dotenv]);
        let known = files
            .flat_map(|file| file.variables.keys())
            .chain(self.variables.client.keys())
            .map(String::as_str);
        did_you_mean(name, known).or_else(|| {
            Some(format!(
                "set it in `.env`, or give a default: `${{{name}:-…}}`"
            ))
        })
    }
}
