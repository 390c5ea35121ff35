//! Programs that the tests need and that are no part of this repository.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::project;

/// Oldest Node.js that the example shop runs on.
const OLDEST_NODE: u32 = 18;

/// A program that some tests need.
pub(crate) struct Need {
    /// Debian's name of the package that holds it.
    pub(crate) package: &'static str,
    /// What the tests do with it.
    pub(crate) why: &'static str,
    present: fn() -> bool,
}

/// All of them, in the order in which they are shown.
const NEEDS: &[Need] = &[
    Need {
        package: "postgresql",
        why: "database of examples/shop",
        present: has_postgres,
    },
    Need {
        package: "redis-server",
        why: "cache and queue of examples/shop",
        present: || has("redis-server") && has("redis-cli"),
    },
    Need {
        package: "mariadb-server",
        why: "statistics of a MySQL server",
        present: || has("mariadbd"),
    },
    Need {
        package: "nodejs",
        why: "backend, worker and frontend of examples/shop",
        present: || has("node"),
    },
    Need {
        package: "npm",
        why: "installs the packages that these use",
        present: || has("npm"),
    },
    Need {
        package: "python3",
        why: "processes that fork, ignore signals or hide, to be stopped",
        present: || has("python3"),
    },
    Need {
        package: "tmux",
        why: "a real terminal to run Forge in",
        present: || has("tmux"),
    },
    Need {
        package: "git",
        why: "what has changed where a program crashed",
        present: || has("git"),
    },
    Need {
        package: "strace",
        why: "system calls that fail, and deaths at a certain one",
        present: || has("strace"),
    },
    Need {
        package: "procps",
        why: "ps, to compare with what Forge sees",
        present: || has("ps"),
    },
];

/// What is missing on this machine.
pub(crate) fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !(need.present)()).collect()
}

/// Why the Node.js of this machine cannot be used, where it cannot.
pub(crate) fn node_trouble() -> Option<String> {
    let output = Command::new("node").arg("--version").output();
    let version = match output {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_string(),
        Err(error) => return Some(format!("cannot run node: {error}")),
    };
    (major(&version)? < OLDEST_NODE)
        .then(|| format!("node is {version}; the tests need {OLDEST_NODE} or newer"))
}

fn major(version: &str) -> Option<u32> {
    version
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn has(program: &str) -> bool {
    project::find(program).is_some()
}

/// Debian keeps the server's programs out of PATH, in a folder for each version.
fn has_postgres() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders = versions.flatten().map(|version| version.path().join("bin"));
    let complete = |bin: &Path| bin.join("initdb").exists() && bin.join("pg_isready").exists();
    folders.any(|bin| complete(&bin)) || (has("initdb") && has("pg_isready"))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("v20.19.1"), Some(20));
        assert_eq!(major("18"), Some(18));
        assert_eq!(major("none"), None);
    }
}
