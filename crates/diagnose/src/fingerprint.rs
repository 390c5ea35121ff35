//! What a run was made of, so that two runs can be compared: the commit, the files that differ from
//! it, lock files, configuration and environment. Of values only hashes are kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::Hasher;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::changes::Git;

/// Files that say which versions of dependencies are used.
const LOCKS: [&str; 22] = [
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
    "deno.lock",
    "Cargo.lock",
    "go.sum",
    "go.mod",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "requirements.txt",
    "pdm.lock",
    "Gemfile.lock",
    "composer.lock",
    "mix.lock",
    "packages.lock.json",
    "gradle.lockfile",
    "flake.lock",
    "pom.xml",
    "cpanfile.snapshot",
];
/// Uncommitted files that are told apart.
const MOST_FILES: usize = 500;
/// Bytes of a file that are hashed; of larger ones the size counts too.
const LARGEST: u64 = 4 << 20;

/// What a run was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// Files that differ from it, with a hash of what is in them.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Lock files, with a hash of what is in them.
    #[serde(default)]
    pub locks: BTreeMap<String, String>,
    /// Settings of the process, with a hash of each value.
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
    /// Variables of its environment, with a hash of each value.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// How one thing differs between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Of what: `commit`, `file`, `lock`, `configuration`, `environment`.
    pub what: String,
    /// Its name: the file's path, the variable's name.
    pub name: String,
    /// What happened to it.
    pub change: Change,
    /// The commits before and after; of other things nothing, since values are only known by hash.
    pub before: Option<String>,
    /// What it is now.
    pub after: Option<String>,
}

/// What happened to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Change {
    Added,
    Changed,
    Removed,
}

impl Fingerprint {
    /// What the folder of a process is made of now.
    #[must_use]
    pub fn take(git: &Git, folder: &Path) -> Self {
        let mut taken = Self::default();
        let top = git
            .run(folder, &["rev-parse", "--show-toplevel"])
            .map(|top| text(&top));
        if let Some(top) = &top {
            let top = Path::new(top.trim_end());
            taken.commit = git
                .run(folder, &["rev-parse", "HEAD"])
                .map(|id| text(&id).trim().to_owned());
            let status = git.run(
                top,
                &[
                    "status",
                    "--porcelain=v1",
                    "-z",
                    "--no-renames",
                    "--untracked-files=all",
                ],
            );
            for entry in text(&status.unwrap_or_default())
                .split('\0')
                .take(MOST_FILES)
            {
                if let Some(path) = entry.get(3..) {
                    taken
                        .files
                        .insert(path.to_owned(), hash_file(&top.join(path)));
                }
            }
        }
        let top = top.as_deref().map(|top| Path::new(top.trim_end()));
        for lock in LOCKS {
            for (root, prefix) in [(Some(folder), ""), (top.filter(|top| *top != folder), "/")] {
                let path = root
                    .map(|root| root.join(lock))
                    .filter(|path| path.is_file());
                if let Some(path) = path {
                    taken
                        .locks
                        .insert(format!("{prefix}{lock}"), hash_file(&path));
                }
            }
        }
        taken
    }

    /// The same with the settings and the environment of a process, of which the values are hashed.
    #[must_use]
    pub fn with<'a>(
        mut self,
        configuration: impl IntoIterator<Item = (&'a str, &'a str)>,
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let hashed = |(name, value): (&str, &str)| (name.to_owned(), hash(value.as_bytes()));
        self.configuration = configuration.into_iter().map(hashed).collect();
        self.environment = environment.into_iter().map(hashed).collect();
        self
    }
}

/// What differs from an earlier run to a later one.
#[must_use]
pub fn differences(before: &Fingerprint, after: &Fingerprint) -> Vec<Difference> {
    let mut all = Vec::new();
    if before.commit != after.commit {
        let change = match (&before.commit, &after.commit) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            (Some(_), Some(_)) => Change::Changed,
        };
        all.push(Difference {
            what: "commit".into(),
            name: "HEAD".into(),
            change,
            before: before.commit.clone(),
            after: after.commit.clone(),
        });
    }
    compare("file", &before.files, &after.files, &mut all);
    compare("lock", &before.locks, &after.locks, &mut all);
    compare(
        "configuration",
        &before.configuration,
        &after.configuration,
        &mut all,
    );
    compare(
        "environment",
        &before.environment,
        &after.environment,
        &mut all,
    );
    all
}

fn compare(
    what: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    all: &mut Vec<Difference>,
) {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let gone = gone.map(|name| (name, Change::Removed));
    let there = after
        .iter()
        .filter_map(|(name, hash)| match before.get(name) {
            None => Some((name, Change::Added)),
            Some(old) if old != hash => Some((name, Change::Changed)),
            Some(_) => None,
        });
    for (name, change) in there.chain(gone) {
        all.push(Difference {
            what: what.into(),
            name: name.clone(),
            change,
            before: None,
            after: None,
        });
    }
}

/// A hash that is the same in every run and on every machine, and does not tell the value. It is
/// not proof against somebody who tries many values; it is kept where only its owner can read.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    // The standard hasher with two fixed beginnings: 128 bits, so that chance plays no part.
    #[expect(
        deprecated,
        reason = "the one hasher of the standard library whose result is fixed"
    )]
    let half = |seed: u8| {
        let mut hasher = std::hash::SipHasher::new_with_keys(u64::from(seed), 0x0066_6f72_6765);
        hasher.write(bytes);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(1), half(2))
}

fn hash_file(path: &Path) -> String {
    let regular = path
        .symlink_metadata()
        .ok()
        .filter(|metadata| metadata.is_file());
    let Some(metadata) = regular else {
        return "absent".into();
    };
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    match read {
        Ok(_) => {
            bytes.extend_from_slice(&metadata.len().to_le_bytes());
            hash(&bytes)
        }
        Err(_) => "unreadable".into(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_stay_the_same_for_ever() {
        assert_eq!(hash(b"a"), hash(b"a"));
        assert_ne!(hash(b"a"), hash(b"b"));
        assert_eq!(hash(b"").len(), 32);
    }

    #[test]
    fn differences_name_what_was_added_changed_and_removed() {
        let before = Fingerprint {
            commit: Some("a".into()),
            ..Fingerprint::default()
        };
        let before = before.with([("command", "npm start")], [("A", "1"), ("B", "2")]);
        let after = Fingerprint {
            commit: Some("b".into()),
            ..Fingerprint::default()
        };
        let after = after.with([("command", "npm start")], [("B", "3"), ("C", "4")]);
        let told: Vec<(String, Change)> = differences(&before, &after)
            .into_iter()
            .map(|difference| {
                (
                    format!("{} {}", difference.what, difference.name),
                    difference.change,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("commit HEAD".to_owned(), Change::Changed),
                ("environment B".to_owned(), Change::Changed),
                ("environment C".to_owned(), Change::Added),
                ("environment A".to_owned(), Change::Removed),
            ]
        );
        assert!(differences(&after, &after).is_empty());
    }
}
