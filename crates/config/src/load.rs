//! The way from a workspace to its configuration: read both files, lay them over one another, follow
//! `extends`, read every field, check every profile, and tell all mistakes at once.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use forge_core::spec::{Profile, Settings};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{Document, document};
use crate::extends::resolve_extends;
use crate::files::{Files, Unread};
use crate::finding::Sink;
use crate::layers::overlay;
use crate::lower;
use crate::model::{ProcessMap, SettingsMap};
use crate::near::did_you_mean;
use crate::origins::{Origins, Setting};
use crate::profile::{self, Context};
use crate::reader::{Reader, Record};
use crate::tree::{Kind, Map, Node};
use crate::variables::{ProcessNames, Variables};
use crate::written::Written;

/// The file of a workspace, relative to it.
pub const CONFIG_FILE: &str = ".forge/processes.yml";
/// What one person lays over it, relative to the workspace.
pub const LOCAL_FILE: &str = ".forge/processes.local.yml";

/// Where a configuration comes from.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The folder that holds `.forge/processes.yml`; absolute.
    pub workspace: PathBuf,
    /// The environment of the client that asks: what `${NAME}` may stand for.
    pub environment: BTreeMap<String, String>,
    /// What `~` stands for in paths.
    pub home: Option<PathBuf>,
}

impl Source {
    /// A workspace seen by a client with this environment; `~` is its `HOME`.
    pub fn new(workspace: impl Into<PathBuf>, environment: BTreeMap<String, String>) -> Self {
        let home = environment.get("HOME").filter(|home| home.starts_with('/'));
        Source {
            workspace: workspace.into(),
            home: home.map(PathBuf::from),
            environment,
        }
    }
}

/// A configuration without mistakes.
#[derive(Debug)]
pub struct Config {
    /// `settings`.
    pub settings: Settings,
    /// The profiles in the order of the file, without those in `unusable`.
    pub profiles: Vec<Profile>,
    /// Profiles that cannot run in this environment, and why: a variable that they need is not
    /// defined, for example. Always empty after [`load`].
    pub unusable: BTreeMap<String, Diagnostics>,
    /// All files that were read, in that order; absolute.
    pub files: Vec<PathBuf>,
    /// What is odd, but no mistake.
    pub warnings: Vec<Diagnostic>,
    origins: Origins,
}

impl Config {
    /// The profile that is meant when none is named: `settings.default_profile`, else `dev`, else the
    /// first.
    pub fn default_profile(&self) -> Option<&Profile> {
        match &self.settings.default_profile {
            Some(name) => self.profile(name),
            None if self.unusable.contains_key("dev") => None,
            None => self.profile("dev").or_else(|| self.profiles.first()),
        }
    }

    /// The profile of this name.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// Every setting and variable of a process and where it came from; empty for a process that is
    /// not in the file.
    pub fn origins(&self, profile: &str, process: &str) -> Vec<Setting> {
        let spec = self
            .profile(profile)
            .and_then(|profile| profile.processes.iter().find(|spec| spec.name == process));
        spec.map_or_else(Vec::new, |spec| self.origins.of(spec))
    }

    /// The fields of a process as they are written, `extends` followed, references not replaced; of a
    /// replica, those of the entry that it comes from. `None` for a process that is not in the file.
    pub fn written(&self, profile: &str, process: &str) -> Option<Vec<(String, Written)>> {
        self.origins.fields_of(profile, process)
    }
}

/// The workspace that a folder lies in: the nearest folder, itself or above, that holds
/// `.forge/processes.yml`.
pub fn find_workspace(from: &Path) -> Option<PathBuf> {
    let found = from
        .ancestors()
        .find(|folder| folder.join(CONFIG_FILE).is_file());
    found.map(Path::to_path_buf)
}

/// Reads a workspace's configuration; what is wrong with any profile is an error.
///
/// # Errors
///
/// All mistakes of all files.
pub fn load(source: &Source) -> Result<Config, Diagnostics> {
    let (config, errors) = read(source);
    match errors.is_empty() {
        true => Ok(config),
        false => Err(errors),
    }
}

/// Reads a workspace's configuration to run one profile of it (`None`: the default one). What only
/// keeps other profiles from running here, such as a variable that is not defined, is no error.
///
/// # Errors
///
/// All mistakes of the files as such, and those that keep this profile from running.
pub fn load_for(source: &Source, profile: Option<&str>) -> Result<Config, Diagnostics> {
    let (mut config, errors) = read(source);
    let name = match profile {
        Some(name) => Some(name.to_string()),
        None => config.settings.default_profile.clone().or_else(|| {
            let dev = config.profile("dev").or_else(|| config.profiles.first());
            dev.map(|profile| profile.name.clone())
        }),
    };
    let (matter, other) = errors.matter_for(name.as_deref().unwrap_or_default());
    if !matter.is_empty() {
        return Err(matter);
    }
    let mut unusable: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    for diagnostic in other {
        for profile in &diagnostic.profiles {
            unusable
                .entry(profile.clone())
                .or_default()
                .push(diagnostic.clone());
        }
    }
    config
        .profiles
        .retain(|profile| !unusable.contains_key(&profile.name));
    config.unusable = unusable
        .into_iter()
        .map(|(profile, list)| (profile, Diagnostics::new(list, 0)))
        .collect();
    Ok(config)
}

/// Reads all there is. The configuration is only to be used where there are no errors.
fn read(source: &Source) -> (Config, Diagnostics) {
    let mut files = Files::default();
    let mut sink = Sink::default();
    let document = documents(source, &mut files, &mut sink);
    let mut variables = Variables::of_client(source.environment.clone());
    let mut patterns = HashSet::new();
    if dotenv_wanted(&document, &files, &variables, &mut patterns) {
        variables.read_dotenv(&source.workspace, &mut files, &mut sink);
    }
    let settings = settings(&document, &files, &variables, &mut patterns, &mut sink);
    check_unused(&document, &files, &variables, &mut patterns, &mut sink);
    let maps = resolve_extends(&document, &mut sink);
    let mut profiles = Vec::new();
    let mut origins = Origins::default();
    for (written, maps) in document.profiles.iter().zip(maps) {
        let mut context = Context {
            workspace: &source.workspace,
            home: source.home.as_deref(),
            variables: &mut variables,
            files: &mut files,
            sink: &mut sink,
            patterns: &mut patterns,
            log: &settings.log,
        };
        let (profile, entries) = profile::read(written, &maps, &mut context);
        profiles.push(profile);
        origins.add(&written.name, maps, entries);
    }
    check_default(&settings, &document, &mut sink);
    origins.finish(&document, variables, source.environment.clone());
    let read = files.iter().filter(|file| !file.text.is_empty());
    let paths = read.map(|file| file.path.clone()).collect();
    let (errors, warnings) = sink.finish(&files);
    origins.files = files;
    let config = Config {
        settings,
        profiles,
        unusable: BTreeMap::new(),
        files: paths,
        warnings: warnings.into_iter().collect(),
        origins,
    };
    (config, errors)
}

/// Both files as one document. A file with a syntax error counts as empty.
fn documents(source: &Source, files: &mut Files, sink: &mut Sink) -> Document {
    let mut read = |name: &str, sink: &mut Sink| -> Option<Document> {
        let path = source.workspace.join(name);
        let id = match files.read(&path, name.to_string(), false, sink) {
            Ok(id) => id,
            Err(Unread::Reported) => return None,
            Err(Unread::Missing) if name == LOCAL_FILE => return None,
            Err(Unread::Missing) => {
                let id = files.add(path, name.into(), String::new(), false);
                let folder = source.workspace.display();
                sink.file_error(id, format!("there is no `{CONFIG_FILE}` in {folder}"))
                    .help(way_out(&source.workspace));
                return None;
            }
            Err(Unread::Failed(why)) => {
                let id = files.add(path, name.into(), String::new(), false);
                sink.file_error(id, format!("`{name}` {why}"));
                return None;
            }
        };
        let root = crate::yaml::parse(id, &files.file(id).text, sink)?;
        Some(document(&root, sink))
    };
    let base = read(CONFIG_FILE, sink);
    let local = read(LOCAL_FILE, sink);
    match (base, local) {
        (Some(base), Some(local)) => overlay(base, local),
        (Some(base), None) => base,
        // Alone the local file may lack what the other one says: only its fields are checked.
        (None, Some(local)) => Document {
            unused: local
                .profiles
                .into_iter()
                .flat_map(|profile| profile.processes)
                .map(|process| process.map)
                .chain(local.unused)
                .collect(),
            unused_settings: local.settings.into_iter().collect(),
            ..Document::default()
        },
        (None, None) => Document::default(),
    }
}

fn way_out(workspace: &Path) -> String {
    let other = [
        ".forge/processes.yaml",
        ".forge/process.yml",
        "processes.yml",
        "forge.yml",
    ];
    if let Some(name) = other.iter().find(|name| workspace.join(name).is_file()) {
        return format!("there is a `{name}`: name it `{CONFIG_FILE}`");
    }
    format!(
        "run `forge dev init`, or write into `{CONFIG_FILE}`:\n\ndev:\n  - name: web\n    command: npm run dev\n    port: 3000"
    )
}

/// `settings.dotenv`, which is needed before all else is read. What is wrong with it is told later.
fn dotenv_wanted(
    document: &Document,
    files: &Files,
    variables: &Variables,
    patterns: &mut HashSet<String>,
) -> bool {
    let Some(Kind::Map(map)) = document.settings.as_ref().map(|node| &node.kind) else {
        return true;
    };
    let Some(entry) = map.entry("dotenv") else {
        return true;
    };
    let mut quiet = Sink::default();
    let names = workspace_names(variables);
    let mut reader = workspace_reader(&names, files, patterns, &mut quiet, None);
    reader.field::<bool>(entry).is_none_or(|at| at.value)
}

fn workspace_names(variables: &Variables) -> ProcessNames<'_> {
    ProcessNames {
        variables,
        env_files: &[],
        own_port: None,
        env: None,
    }
}

fn workspace_reader<'a>(
    names: &'a ProcessNames<'a>,
    files: &'a Files,
    patterns: &'a mut HashSet<String>,
    sink: &'a mut Sink,
    profile: Option<&'a str>,
) -> Reader<'a> {
    Reader {
        sink,
        files,
        names,
        plain_names: names,
        profile,
        ports: Vec::new(),
        patterns,
    }
}

fn settings(
    document: &Document,
    files: &Files,
    variables: &Variables,
    patterns: &mut HashSet<String>,
    sink: &mut Sink,
) -> Settings {
    let Some(node) = &document.settings else {
        return Settings::default();
    };
    let names = workspace_names(variables);
    let mut reader = workspace_reader(&names, files, patterns, sink, None);
    settings_fields(node, &mut reader).map_or_else(Settings::default, lower::settings)
}

fn settings_fields(node: &Node, reader: &mut Reader<'_>) -> Option<SettingsMap> {
    match &node.kind {
        Kind::Map(map) => Some(SettingsMap::read_map(map, reader)),
        Kind::Null => None,
        _ => {
            reader.expected("the map `settings`", node);
            None
        }
    }
}

/// Tells the mistakes of what is written and not used: processes without a name, and what the local
/// file replaces. What depends on the environment does not matter there.
fn check_unused(
    document: &Document,
    files: &Files,
    variables: &Variables,
    patterns: &mut HashSet<String>,
    sink: &mut Sink,
) {
    /// No profile can have this name.
    const NOBODY: &str = "";
    let mut all = Sink::default();
    let names = workspace_names(variables);
    let mut reader = workspace_reader(&names, files, patterns, &mut all, Some(NOBODY));
    for map in &document.unused {
        let map: &Map = map;
        ProcessMap::read_map(map, &mut reader);
    }
    for node in &document.unused_settings {
        settings_fields(node, &mut reader);
    }
    sink.append_lasting(all);
}

fn check_default(settings: &Settings, document: &Document, sink: &mut Sink) {
    let Some(name) = &settings.default_profile else {
        if document.profiles.is_empty() && !sink.has_errors() {
            sink.file_warning(0, "there is no profile in this file")
                .help("begin with `dev:` and below it `  - name: …`");
        }
        return;
    };
    if document
        .profiles
        .iter()
        .any(|profile| profile.name == *name)
    {
        return;
    }
    let Some(Kind::Map(map)) = document.settings.as_ref().map(|node| &node.kind) else {
        return;
    };
    if let Some(node) = map.get("default_profile") {
        let names = document
            .profiles
            .iter()
            .map(|profile| profile.name.as_str());
        let all: Vec<&str> = names.clone().collect();
        let help = match (did_you_mean(name, names), all.is_empty()) {
            (None, false) => Some(format!("profiles: {}", all.join(", "))),
            (near, _) => near,
        };
        sink.error(node.span, format!("there is no profile `{name}`"))
            .maybe_help(help);
    }
}
