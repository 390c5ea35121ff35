//! `cargo xtask tidy`: house rules that neither the compiler nor Clippy knows.
//!
//! Each rule is a function from a text, or from what Cargo says, to findings; only this file reads
//! the disk. Exceptions stand in one table, each with its reason, and one that is no longer needed
//! is a finding too.

mod arrows;
mod exceptions;
mod files;
mod places;
mod sources;
mod words;

use anyhow::{Result, bail};

use crate::project;
use exceptions::Exceptions;

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Path from the top of the repository, with the line where there is one.
    place: String,
    /// What is wrong and what to do.
    message: String,
}

impl Finding {
    fn new(path: &str, message: impl Into<String>) -> Finding {
        Finding {
            place: path.into(),
            message: message.into(),
        }
    }

    fn at(path: &str, line: usize, message: impl Into<String>) -> Finding {
        Finding::new(&format!("{path}:{line}"), message)
    }
}

/// Checks all rules and prints every finding.
///
/// # Errors
///
/// There are findings, or the files or Cargo's description cannot be read.
pub(crate) fn run() -> Result<()> {
    let files = files::all(project::root())?;
    let mut exceptions = Exceptions::default();
    let private = places::private(project::root());
    let mut findings = arrows::check(&project::metadata()?);
    for file in &files {
        findings.extend(words::check(file, &mut exceptions));
        findings.extend(places::check(file, &private));
        if file.path.ends_with(".rs") {
            findings.extend(sources::check(file, &mut exceptions));
        }
        if file.path.ends_with("/Cargo.toml") {
            findings.extend(arrows::check_lints(file));
        }
    }
    findings.extend(exceptions.unused());
    for Finding { place, message } in &findings {
        println!("{place}: {message}");
    }
    match findings.len() {
        0 => println!("tidy: {} files keep the house rules", files.len()),
        count => bail!("{count} breaches of the house rules"),
    }
    Ok(())
}
