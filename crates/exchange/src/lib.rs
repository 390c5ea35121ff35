//! Profiles come in from the files of other tools, go out to them, and are written into
//! `.forge/processes.yml` without disturbing what stands there.
//!
//! # Theory of operation
//!
//! **In.** A file becomes a tree with lines (`read_yaml`, `read_jsonc`, `read_toml`, `node`). Its
//! importer ticks off every key that it reads (`fields`) and says what became of it (`report`); what
//! nobody ticked off is noted as dropped, so nothing is lost silently. What comes of it are drafts
//! (`draft`): processes as they are going to be written, which `settle` makes fit for Forge as a whole
//! (names, unknown dependencies, circles, ports). Reading is lenient, as the tools are: only a file that
//! is no file of the tool is an error.
//!
//! **Out.** An exporter takes specs, which say everything and refer to nothing, and, where a file's own
//! words matter, the drafts that they were read from. What the other tool has no words for is in the
//! report.
//!
//! **Edit.** A change of `.forge/processes.yml` replaces whole lines of its text, found by the places of
//! the tree; every other byte stays. The new text is read again, and is given back only if everything
//! else in it means what it meant before.

mod dollar;
mod draft;
mod edit;
mod emit;
mod export;
mod fields;
mod import;
mod node;
mod read_jsonc;
mod read_toml;
mod read_yaml;
mod recognise;
mod report;
mod saving;
mod settle;
mod shell;
mod times;
mod value;
mod written;
mod written_maps;

pub use draft::Draft;
pub use edit::{EditError, How, save};
pub use export::{ExportError, ExportFormat, ExportSource, Exported, export};
pub use import::{ImportError, ImportOptions, Imported, import};
pub use recognise::{Format, recognise};
pub use report::{Fate, Report, ReportEntry};
pub use saving::save_running;
pub use value::Value;
pub use written::{LogDefaults, draft_of};
