//! Takes back what is not committed in the file that a crash points at: only ever on somebody's explicit
//! wish, only that file, and never without a patch that brings it back.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use forge_api::{CrashReport, Problem, RevertAnswer};
use forge_diagnose::changes::{Git, patch};
use forge_facts::layout::Layout;

use super::report::on_disk;
use super::store::private_folder;

/// Takes it back.
///
/// # Errors
///
/// Where the crash points at no file of the workspace, where there is nothing to take back, and where Git
/// refuses. The file is then as it was.
pub fn revert(layout: &Layout, report: &CrashReport) -> Result<RevertAnswer, Problem> {
    let Some(location) = &report.location else {
        return Err(Problem::failed("the crash points at no file of yours"));
    };
    let workspace = layout.workspace();
    let cwd = report.cwd.as_deref().map_or(workspace, Path::new);
    let file = &location.file;
    let path = on_disk(file, workspace, cwd)
        .ok_or_else(|| Problem::failed(format!("{file} does not exist any more")))?;
    let path = inside(&path, workspace)?;
    let folder = path.parent().unwrap_or(workspace);
    let top = ask(folder, &["rev-parse", "--show-toplevel"])
        .map_err(|why| Problem::failed(format!("{file} lies in no Git repository: {why}")))?;
    let top = PathBuf::from(top.trim_end_matches('\n'));
    let changes = patch(&Git::default(), &path).ok_or_else(|| {
        Problem::failed(format!(
            "there is nothing to take back in {file}: it is as it was committed, or was never committed"
        ))
    })?;
    let saved = save(layout, &path, &changes)?;
    let shown = saved.to_string_lossy().into_owned();
    // The patch must be able to undo itself, or nothing is touched.
    ask(&top, &["apply", "--check", "--reverse", &shown])
        .map_err(|why| Problem::failed(format!("the patch of {file} does not fit it: {why}")))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let only = format!(":(literal){name}");
    ask(folder, &["checkout", "HEAD", "--", &only])
        .map_err(|why| Problem::failed(format!("cannot take back {file}: {why}")))?;
    let told = path.strip_prefix(workspace).unwrap_or(&path);
    Ok(RevertAnswer {
        file: told.to_string_lossy().into_owned(),
        restore: format!("git -C {} apply {}", quoted(&top), quoted(&saved)),
        patch: shown,
    })
}

/// A report is a file that anything of this user can write: it must not lead out of the workspace.
fn inside(path: &Path, workspace: &Path) -> Result<PathBuf, Problem> {
    let real = path
        .canonicalize()
        .and_then(|real| Ok((real, workspace.canonicalize()?)));
    let (real, root) = real
        .map_err(|error| Problem::failed(format!("cannot look at {}: {error}", path.display())))?;
    match real.starts_with(&root) {
        true => Ok(real),
        false => Err(Problem::failed(format!(
            "{} lies outside of the workspace and is left alone",
            path.display()
        ))),
    }
}

fn save(layout: &Layout, path: &Path, changes: &[u8]) -> Result<PathBuf, Problem> {
    let folder = layout.state().join("patches");
    let name: String = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = name.replace(
        |c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-',
        "_",
    );
    let saved = folder.join(format!("{}-{name}.patch", crate::clock::unix_ns()));
    let written = private_folder(&folder).and_then(|()| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&saved)?;
        file.write_all(changes)?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(saved),
        Err(error) => Err(Problem::failed(format!(
            "the patch cannot be saved as {}: {error}; nothing was changed",
            saved.display()
        ))),
    }
}

/// What Git answers, or its complaint.
fn ask(folder: &Path, words: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(words)
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(said
                .lines()
                .next()
                .unwrap_or("git failed")
                .trim()
                .to_string())
        }
    }
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forge_api::CrashLocation;

    fn git(folder: &Path, words: &[&str]) {
        let mut all = vec!["-c", "user.name=a", "-c", "user.email=a@localhost"];
        all.extend(words);
        ask(folder, &all).unwrap();
    }

    fn world() -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let workspace = base.join("my shop");
        std::fs::create_dir_all(&workspace).unwrap();
        let layout = Layout::new(&workspace, &base.join("state"), &base.join("run"));
        git(&workspace, &["init", "-q"]);
        std::fs::write(workspace.join("app.py"), "one\ntwo\n").unwrap();
        std::fs::write(workspace.join("other.py"), "one\n").unwrap();
        git(&workspace, &["add", "."]);
        git(&workspace, &["commit", "-q", "-m", "first"]);
        (folder, layout)
    }

    fn at(file: &str) -> CrashReport {
        CrashReport {
            location: Some(CrashLocation {
                file: file.into(),
                line: Some(1),
                ..CrashLocation::default()
            }),
            ..CrashReport::default()
        }
    }

    #[test]
    fn a_change_is_taken_back_and_its_patch_brings_it_back() {
        let (_folder, layout) = world();
        let (app, other) = (
            layout.workspace().join("app.py"),
            layout.workspace().join("other.py"),
        );
        std::fs::write(&app, "one\nchanged\n").unwrap();
        std::fs::write(&other, "mine\n").unwrap();
        let answer = revert(&layout, &at("app.py")).unwrap();
        assert_eq!(answer.file, "app.py");
        assert_eq!(std::fs::read_to_string(&app).unwrap(), "one\ntwo\n");
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "mine\n");
        let back = Command::new("sh")
            .arg("-c")
            .arg(&answer.restore)
            .status()
            .unwrap();
        assert!(back.success(), "{}", answer.restore);
        assert_eq!(std::fs::read_to_string(&app).unwrap(), "one\nchanged\n");
    }

    #[test]
    fn what_cannot_be_brought_back_is_not_touched() {
        let (folder, layout) = world();
        assert!(revert(&layout, &at("app.py")).is_err());
        std::fs::write(layout.workspace().join("new.py"), "mine\n").unwrap();
        assert!(revert(&layout, &at("new.py")).is_err());
        let outside = folder.path().join("outside.py");
        std::fs::write(&outside, "theirs\n").unwrap();
        assert!(revert(&layout, &at("../outside.py")).is_err());
        assert!(revert(&layout, &at("gone.py")).is_err());
        assert!(revert(&layout, &CrashReport::default()).is_err());
        assert_eq!(std::fs::read_to_string(outside).unwrap(), "theirs\n");
    }
}
