//! The mark that Forge puts into the environment of what it starts, read from a process.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use forge_os::process_table;

/// What a process says about where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The folder of its workspace.
    pub workspace: PathBuf,
    /// The name of its process in that workspace.
    pub process: String,
    /// Its profile.
    pub profile: Option<String>,
    /// Its run.
    pub run_id: Option<String>,
}

impl Mark {
    /// The mark of a process; `None` if it has none.
    ///
    /// A program can overwrite its environment (database servers do, to show what they are at), so that
    /// the lack of a mark proves nothing. Its parents may still bear one.
    ///
    /// # Errors
    /// The process is gone, or another user's.
    pub fn of(pid: i32) -> io::Result<Option<Mark>> {
        Ok(Mark::parse(process_table::environment(pid)?))
    }

    fn parse(environment: Vec<Vec<u8>>) -> Option<Mark> {
        let mut workspace = None;
        let mut process = None;
        let mut profile = None;
        let mut run_id = None;
        for entry in environment {
            let Some(entry) = entry.strip_prefix(b"FORGE_") else {
                continue;
            };
            let Some(equals) = entry.iter().position(|byte| *byte == b'=') else {
                continue;
            };
            let value = || String::from_utf8_lossy(&entry[equals + 1..]).into_owned();
            match &entry[..equals] {
                b"WORKSPACE" => workspace = Some(OsString::from_vec(entry[equals + 1..].to_vec())),
                b"PROCESS" => process = Some(value()),
                b"PROFILE" => profile = Some(value()),
                b"RUN_ID" => run_id = Some(value()),
                _ => {}
            }
        }
        Some(Mark {
            workspace: workspace.filter(|path| !path.is_empty())?.into(),
            process: process.filter(|name| !name.is_empty())?,
            profile,
            run_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entries: &[&str]) -> Option<Mark> {
        Mark::parse(
            entries
                .iter()
                .map(|entry| entry.as_bytes().to_vec())
                .collect(),
        )
    }

    #[test]
    fn a_mark_needs_a_workspace_and_a_process() {
        let mark = parse(&[
            "A=1",
            "FORGE_PROCESS=web",
            "FORGE_RUN_ID=r=1",
            "FORGE_WORKSPACE=/w",
        ]);
        let mark = mark.expect("is marked");
        assert_eq!((mark.workspace, mark.process), ("/w".into(), "web".into()));
        assert_eq!((mark.profile, mark.run_id), (None, Some("r=1".into())));
        assert_eq!(parse(&["FORGE_PROCESS=web"]), None);
        assert_eq!(parse(&["FORGE_WORKSPACE=/w", "FORGE_PROCESS="]), None);
        assert_eq!(parse(&["FORGE_", "FORGE_WORKSPACE", "=", ""]), None);
    }
}
