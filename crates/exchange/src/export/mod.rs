//! From a profile to the files of other tools, with a report of what they cannot say.

mod common;
mod compose;
mod containers;
mod devcontainer;
mod forge;
mod kubernetes;
mod kubernetes_pods;
mod kubernetes_probes;
mod process_compose;
mod process_compose_probes;
mod procfile;
mod source;
mod systemd;
mod systemd_words;

use std::fmt;

use crate::report::Report;

pub use source::ExportSource;
pub(crate) use source::from_written;

/// What a profile can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// `.forge/processes.yml` with this profile alone.
    Forge,
    /// `Procfile`.
    Procfile,
    /// `compose.yaml`.
    Compose,
    /// `process-compose.yaml`.
    ProcessCompose,
    /// systemd user units.
    Systemd,
    /// Kubernetes manifests.
    Kubernetes,
    /// One JSON document in the form of Forge's file.
    Json,
    /// `.devcontainer/devcontainer.json`.
    DevContainer,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [ExportFormat; 8] = [
        ExportFormat::Forge,
        ExportFormat::Procfile,
        ExportFormat::Compose,
        ExportFormat::ProcessCompose,
        ExportFormat::Systemd,
        ExportFormat::Kubernetes,
        ExportFormat::Json,
        ExportFormat::DevContainer,
    ];

    /// The name by which a user chooses it.
    pub fn name(self) -> &'static str {
        match self {
            ExportFormat::Forge => "forge",
            ExportFormat::Procfile => "procfile",
            ExportFormat::Compose => "compose",
            ExportFormat::ProcessCompose => "process-compose",
            ExportFormat::Systemd => "systemd",
            ExportFormat::Kubernetes => "kubernetes",
            ExportFormat::Json => "json",
            ExportFormat::DevContainer => "devcontainer",
        }
    }

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<ExportFormat> {
        ExportFormat::ALL
            .into_iter()
            .find(|format| format.name() == name)
    }
}

/// A profile as files of another tool.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Names and texts; one file for all formats but systemd.
    pub files: Vec<(String, String)>,
    /// What became of every field that needed a word.
    pub report: Report,
}

impl Exported {
    /// All files as one text, each behind a line with its name where there are several.
    pub fn text(&self) -> String {
        match self.files.as_slice() {
            [(_, text)] => text.clone(),
            files => files
                .iter()
                .map(|(name, text)| format!("# ---- {name}\n{text}\n"))
                .collect(),
        }
    }
}

/// Why a profile cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportError(pub(crate) String);

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ExportError {}

/// Writes a profile as another tool's files.
///
/// # Errors
///
/// Something in it cannot stand in such a file at all, such as a path that is no text.
pub fn export(source: &ExportSource<'_>, format: ExportFormat) -> Result<Exported, ExportError> {
    source.check()?;
    let ledger = common::ledger(source);
    let file = |name: &str, text: String| vec![(name.to_string(), text)];
    let files = match format {
        ExportFormat::Forge => file("processes.yml", forge::text(source)),
        ExportFormat::Json => file("processes.json", forge::json(source)),
        ExportFormat::Procfile => file("Procfile", procfile::text(source, &ledger)),
        ExportFormat::Compose => file("compose.yaml", compose::text(source, &ledger)),
        ExportFormat::ProcessCompose => file(
            "process-compose.yaml",
            process_compose::text(source, &ledger),
        ),
        ExportFormat::Systemd => systemd::files(source, &ledger),
        ExportFormat::Kubernetes => file("kubernetes.yaml", kubernetes::text(source, &ledger)),
        ExportFormat::DevContainer => {
            file("devcontainer.json", devcontainer::text(source, &ledger))
        }
    };
    Ok(Exported {
        files,
        report: ledger.finish(),
    })
}
