//! What changed in a file that a crash points at: when it was modified, what is not committed and
//! which functions that touches, and the last commit on it. Git is asked as a command; where there
//! is none, or no repository, there is simply less to say.

mod git;
mod hunks;

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use git::Git;
pub use hunks::Hunk;

/// What is known of a file's last changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// When the file was last written.
    pub modified_at: Option<Timestamp>,
    /// Whether it differs from the last commit, or is in none; unknown outside of a repository.
    pub uncommitted: Option<bool>,
    /// What differs.
    pub hunks: Vec<Hunk>,
    /// The functions that this touches, as Git recognises them.
    pub functions: Vec<String>,
    /// The last commit that changed it.
    pub last_commit: Option<Commit>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its id, shortened.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// When it was made.
    pub time: Option<Timestamp>,
}

/// Asks what changed in a file. Takes a few milliseconds; never longer than `git`'s patience for
/// each of three questions.
#[must_use]
pub fn changes(git: &Git, path: &Path) -> Changes {
    let modified = path
        .metadata()
        .and_then(|metadata| metadata.modified())
        .ok();
    let mut changes = Changes {
        modified_at: modified.and_then(|time| Timestamp::try_from(time).ok()),
        ..Changes::default()
    };
    let (Some(folder), Some(name)) = (
        path.parent(),
        path.file_name().and_then(|name| name.to_str()),
    ) else {
        return changes;
    };
    // A name may look like an option or a pattern: it is taken as it is.
    let name = format!(":(literal){name}");
    let Some(status) = git.run(
        folder,
        &["status", "--porcelain=v1", "-z", "--ignored", "--", &name],
    ) else {
        return changes;
    };
    changes.uncommitted = Some(!status.is_empty());
    if !status.is_empty() && !status.starts_with(b"??") && !status.starts_with(b"!!") {
        let diff = git.run(
            folder,
            &[
                "diff",
                "--no-ext-diff",
                "--no-textconv",
                "--no-color",
                "-U0",
                "HEAD",
                "--",
                &name,
            ],
        );
        changes.hunks = hunks::read(&String::from_utf8_lossy(&diff.unwrap_or_default()));
        changes.functions = functions(&changes.hunks);
    }
    let log = git.run(
        folder,
        &[
            "log",
            "-1",
            "--no-color",
            "--no-show-signature",
            "--format=%h%x00%s%x00%ct",
            "--",
            &name,
        ],
    );
    changes.last_commit = log.and_then(|log| commit(&String::from_utf8_lossy(&log)));
    changes
}

/// A patch of what is not committed in a file, against its last commit, as `git apply` reads it.
#[must_use]
pub fn patch(git: &Git, path: &Path) -> Option<Vec<u8>> {
    let name = format!(":(literal){}", path.file_name()?.to_str()?);
    let arguments = [
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--binary",
        "HEAD",
        "--",
        &name,
    ];
    git.run(path.parent()?, &arguments)
        .filter(|patch| !patch.is_empty())
}

fn functions(hunks: &[Hunk]) -> Vec<String> {
    let mut functions: Vec<String> = Vec::new();
    for function in hunks.iter().filter_map(|hunk| hunk.function.as_ref()) {
        if !functions.contains(function) {
            functions.push(function.clone());
        }
    }
    functions
}

fn commit(line: &str) -> Option<Commit> {
    let mut fields = line.trim_end().split('\0');
    let id = fields.next().filter(|id| !id.is_empty())?;
    let subject = fields.next()?;
    let seconds = fields.next()?.parse().ok();
    Some(Commit {
        id: id.to_owned(),
        subject: subject.to_owned(),
        time: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
    })
}
