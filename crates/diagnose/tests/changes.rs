//! What Git knows of a file, in real repositories and where there is none.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use forge_diagnose::changes::{Git, changes, patch};
use forge_diagnose::fingerprint::{Change, Fingerprint, differences};

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    assert!(status.status.success(), "{status:?}");
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    fs::write(
        folder.path().join("user.go"),
        "package main\n\nfunc Get(id int) *User {\n\treturn users[id]\n}\n",
    )
    .unwrap();
    fs::write(folder.path().join("go.sum"), "a\n").unwrap();
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-q", "-m", "Add users"]);
    folder
}

#[test]
fn an_uncommitted_change_is_told_with_its_function_and_the_last_commit() {
    let folder = repository();
    let path = folder.path().join("user.go");
    let clean = changes(&Git::default(), &path);
    assert_eq!((clean.uncommitted, clean.hunks.len()), (Some(false), 0));
    fs::write(
        &path,
        "package main\n\nfunc Get(id int) *User {\n\treturn nil\n}\n",
    )
    .unwrap();
    let found = changes(&Git::default(), &path);
    assert_eq!(found.uncommitted, Some(true));
    assert_eq!(found.functions, ["Get"]);
    assert_eq!((found.hunks[0].line, found.hunks[0].added), (4, 1));
    assert_eq!(found.last_commit.unwrap().subject, "Add users");
    assert!(found.modified_at.is_some());
    let patch = String::from_utf8(patch(&Git::default(), &path).unwrap()).unwrap();
    assert!(
        patch.contains("-\treturn users[id]\n+\treturn nil\n"),
        "{patch}"
    );
}

#[test]
fn settings_of_the_user_do_not_change_the_answer() {
    let folder = repository();
    git(folder.path(), &["config", "diff.external", "false"]);
    git(folder.path(), &["config", "core.pager", "false"]);
    git(folder.path(), &["config", "color.ui", "always"]);
    fs::write(folder.path().join("user.go"), "package main\n").unwrap();
    let found = changes(&Git::default(), &folder.path().join("user.go"));
    assert_eq!(found.hunks.len(), 1);
    assert!(
        found.hunks[0]
            .lines
            .iter()
            .all(|line| !line.contains('\x1b'))
    );
}

#[test]
fn names_with_spaces_newlines_and_wildcards_are_files() {
    let folder = repository();
    for name in ["a b.go", "a\nb.go", "*.go", "-x.go"] {
        fs::write(folder.path().join(name), "package main\n").unwrap();
        let found = changes(&Git::default(), &folder.path().join(name));
        assert_eq!(
            (found.uncommitted, found.last_commit),
            (Some(true), None),
            "{name:?}"
        );
    }
}

#[test]
fn a_folder_without_a_repository_and_a_missing_git_are_no_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, "a\n").unwrap();
    let found = changes(&Git::default(), &path);
    assert_eq!((found.uncommitted, found.last_commit), (None, None));
    assert!(found.modified_at.is_some());
    let missing = Git::new("/nowhere/git", Duration::from_secs(1));
    assert_eq!(changes(&missing, &path).uncommitted, None);
    assert_eq!(Fingerprint::take(&missing, folder.path()).commit, None);
}

#[test]
fn a_git_that_hangs_is_given_up() {
    let folder = repository();
    let hanging = Git::new("yes", Duration::from_millis(50));
    assert_eq!(
        changes(&hanging, &folder.path().join("user.go")).uncommitted,
        None
    );
}

#[test]
fn what_differs_from_an_earlier_run_is_named() {
    let folder = repository();
    let before = Fingerprint::take(&Git::default(), folder.path());
    assert!(before.commit.is_some() && before.files.is_empty());
    fs::write(folder.path().join("user.go"), "package other\n").unwrap();
    fs::write(folder.path().join("new file.go"), "package other\n").unwrap();
    fs::write(folder.path().join("go.sum"), "b\n").unwrap();
    let after = Fingerprint::take(&Git::default(), folder.path());
    let told: Vec<_> = differences(&before, &after)
        .into_iter()
        .map(|difference| (difference.what, difference.name, difference.change))
        .collect();
    let file = |name: &str| ("file".to_owned(), name.to_owned(), Change::Added);
    assert_eq!(
        told,
        [
            file("go.sum"),
            file("new file.go"),
            file("user.go"),
            ("lock".to_owned(), "go.sum".to_owned(), Change::Changed),
        ]
    );
}
