//! From the files that people write to the specs that all else works with.
//!
//! # Theory of operation
//!
//! `.forge/processes.yml` and `.forge/processes.local.yml` become trees in which every node knows
//! its place (`yaml`, `tree`). The local tree is laid over the shared one and `extends` is followed
//! while everything is still tree (`document`, `layers`), so that maps merge by key whatever they
//! mean. Then every process is read field by field (`reader`, `model`, `forms`, `scalars`): a field
//! that is wrong is noted and left out, and reading goes on, so that one run tells all mistakes.
//! While a field is read its `${NAME}`s are replaced (`interpolate`, `variables`, `dotenv`). What was
//! read is lowered into specs (`lower`), and what processes say about one another is checked
//! (`references`). A [`Config`] exists only where nothing was wrong.
//!
//! The list of fields in `model` is the only one: reader, JSON Schema and the defaults that `why`
//! shows are made from it.
//!
//! Values of variables never occur in a message: a mistake in a value that came from a variable
//! shows the reference, and lines of dotenv files are shown with their values masked.

mod cron;
mod diagnostic;
mod document;
mod dotenv;
mod events;
mod extends;
mod files;
mod finding;
mod forms;
mod health;
mod interpolate;
mod layers;
mod load;
mod lower;
mod model;
mod names;
mod near;
mod origins;
mod profile;
mod reader;
mod references;
mod render;
mod scalars;
mod schema;
mod short_forms;
mod signal;
mod targets;
mod tree;
mod units;
mod urls;
mod variables;
mod visible;
mod words;
mod written;
mod yaml;
mod yaml_errors;

pub use cron::{Cron, CronError, next_after};
pub use diagnostic::{Diagnostic, Diagnostics, Excerpt, Related, Severity, looks_secret};
pub use load::{CONFIG_FILE, Config, LOCAL_FILE, Source, find_workspace, load, load_for};
pub use origins::Setting;
pub use schema::schema;
pub use signal::signal_number;
pub use targets::{UnknownTarget, resolve_targets};
pub use units::{duration as parse_duration, size as parse_size};
pub use written::Written;
