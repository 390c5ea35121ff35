//! What an export starts from: the specs of a profile and, where there is a file, its own words.

use std::collections::BTreeSet;
use std::path::Path;

use forge_config::{Config, Written};
use forge_core::spec::{LogSpec, ProcessSpec, Profile};

use crate::draft::Draft;
use crate::value::Value;
use crate::written::{Writing, drafts_of};

use super::ExportError;

/// A profile that is going to be exported.
#[derive(Debug, Clone, Copy)]
pub struct ExportSource<'a> {
    /// The folder that holds `.forge/processes.yml`; absolute.
    pub workspace: &'a Path,
    /// The profile.
    pub profile: &'a Profile,
    /// The configuration that it comes from, where it comes from one.
    pub config: Option<&'a Config>,
}

/// `settings.log` where no file says anything.
static NO_LOG: LogSpec = LogSpec {
    max_size: 64 << 20,
    keep: 5,
    level: Vec::new(),
    multiline: None,
};

impl<'a> ExportSource<'a> {
    pub(super) fn check(&self) -> Result<(), ExportError> {
        for spec in &self.profile.processes {
            if spec.cwd.to_str().is_none() {
                let (name, cwd) = (&spec.name, spec.cwd.display());
                let why = format!("the folder of `{name}` is no text in UTF-8: {cwd}");
                return Err(ExportError(why));
            }
        }
        Ok(())
    }

    /// The processes in the words of the file where there is one, else as their specs say.
    pub(super) fn written_drafts(&self) -> Vec<Draft> {
        let Some(config) = self.config else {
            return self.spec_drafts();
        };
        let mut drafts: Vec<Draft> = Vec::new();
        for spec in &self.profile.processes {
            let draft = match config.written(&self.profile.name, &spec.name) {
                Some(fields) => from_written(&fields),
                None => self.spec_drafts_of(std::slice::from_ref(spec)).remove(0),
            };
            if !drafts.iter().any(|known| known.name == draft.name) {
                drafts.push(draft);
            }
        }
        drafts
    }

    /// The processes as their specs say: no references, no `extends`; equal replicas as one.
    pub(super) fn spec_drafts(&self) -> Vec<Draft> {
        self.spec_drafts_of(&self.profile.processes)
    }

    fn spec_drafts_of(&self, specs: &[ProcessSpec]) -> Vec<Draft> {
        let own: Vec<(String, Option<BTreeSet<String>>)> = specs
            .iter()
            .map(|spec| (spec.name.clone(), self.own_env(spec)))
            .collect();
        let find = |name: &str| {
            let found = own.iter().find(|(known, _)| known == name);
            found.and_then(|(_, own)| own.as_ref())
        };
        // Other tools know nothing of `settings.log`.
        drafts_of(specs, |spec| Writing {
            workspace: self.workspace,
            log: &NO_LOG,
            own: find(&spec.name),
        })
    }

    /// The variables that a process's own `env` sets; `None`: nothing is known, all are taken for its own.
    pub(super) fn own_env(&self, spec: &ProcessSpec) -> Option<BTreeSet<String>> {
        let fields = self.config?.written(&self.profile.name, &spec.name)?;
        let env = fields.into_iter().find(|(key, _)| key == "env");
        Some(match env {
            Some((_, Written::Map(entries))) => entries.into_iter().map(|(name, _)| name).collect(),
            _ => BTreeSet::new(),
        })
    }

    /// The dotenv files that a process names.
    pub(super) fn env_files(&self, spec: &ProcessSpec) -> Vec<String> {
        let fields = self
            .config
            .and_then(|config| config.written(&self.profile.name, &spec.name));
        let field = fields
            .into_iter()
            .flatten()
            .find(|(key, _)| key == "env_file");
        let text = |value: &Written| match value {
            Written::Plain(text) | Written::Quoted(text) => Some(text.clone()),
            Written::Null | Written::List(_) | Written::Map(_) => None,
        };
        match field {
            Some((_, Written::List(items))) => items.iter().filter_map(text).collect(),
            Some((_, value)) => text(&value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// A process of the profile.
    pub(super) fn spec(&self, name: &str) -> Option<&'a ProcessSpec> {
        self.profile.processes.iter().find(|spec| spec.name == name)
    }
}

pub(crate) fn from_written(fields: &[(String, Written)]) -> Draft {
    let mut draft = Draft::default();
    for (key, written) in fields {
        match (key.as_str(), value(written)) {
            ("name", Value::Text(name) | Value::Bare(name)) => draft.name = name,
            ("extends", _) | (_, Value::Null) => {}
            (key, value) => draft.set(key, value),
        }
    }
    draft.source = draft.name.clone();
    draft
}

fn value(written: &Written) -> Value {
    match written {
        Written::Null => Value::Null,
        Written::Plain(text) => Value::plain(text),
        Written::Quoted(text) => Value::Text(text.clone()),
        Written::List(items) => Value::List(items.iter().map(value).collect()),
        Written::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, inner)| (key.clone(), value(inner)))
                .collect(),
        ),
    }
}
