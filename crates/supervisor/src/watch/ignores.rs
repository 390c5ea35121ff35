//! `.gitignore`, as git reads it: each folder's own file, the repository's and the user's.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path};

/// Rules of folders, read when they are first needed.
#[derive(Default)]
pub(super) struct Ignores {
    /// Rules of one folder; `None` where it has none.
    folders: HashMap<PathBuf, Option<Gitignore>>,
    /// Rules for a whole repository that lie in no folder of it.
    repositories: HashMap<PathBuf, Gitignore>,
}

impl Ignores {
    /// Whether a change of this file changes the rules.
    pub(super) fn is_source(file: &Path) -> bool {
        file.file_name() == Some(OsStr::new(".gitignore"))
    }

    /// Reads everything anew when it is next needed.
    pub(super) fn forget(&mut self) {
        self.folders.clear();
        self.repositories.clear();
    }

    /// The folder from which on rules count for `path`: the repository's, else `root` where the path
    /// lies in it, else the path itself.
    pub(super) fn top(&self, path: &Path, root: &Path) -> PathBuf {
        path.ancestors()
            .find(|folder| folder.join(".git").exists())
            .or_else(|| Some(root).filter(|root| path.starts_with(root)))
            .unwrap_or(path)
            .to_path_buf()
    }

    /// Whether the rules from `top` on hide a path, by itself or by a folder that it lies in.
    pub(super) fn hides(&mut self, top: &Path, path: &Path, is_folder: bool) -> bool {
        let Ok(below) = path.strip_prefix(top) else {
            return false;
        };
        let mut at = top.to_path_buf();
        let mut parts = below.components().peekable();
        while let Some(part) = parts.next() {
            at.push(part);
            let folder = is_folder || parts.peek().is_some();
            if self.hides_by_itself(top, &at, folder) {
                return true;
            }
        }
        false
    }

    fn hides_by_itself(&mut self, top: &Path, path: &Path, is_folder: bool) -> bool {
        // The nearest rules win.
        let folders = path.ancestors().skip(1);
        for folder in folders.take_while(|folder| folder.starts_with(top)) {
            let Some(rules) = self.of_folder(folder) else {
                continue;
            };
            match rules.matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        self.of_repository(top).matched(path, is_folder).is_ignore()
    }

    fn of_folder(&mut self, folder: &Path) -> Option<&Gitignore> {
        if !self.folders.contains_key(folder) {
            let file = folder.join(".gitignore");
            let rules = file.is_file().then(|| read(folder, [file]));
            self.folders.insert(folder.to_path_buf(), rules);
        }
        self.folders.get(folder)?.as_ref()
    }

    fn of_repository(&mut self, top: &Path) -> &Gitignore {
        self.repositories
            .entry(top.to_path_buf())
            .or_insert_with(|| match top.join(".git").exists() {
                // The last match wins: the repository's before the user's.
                true => read(
                    top,
                    gitconfig_excludes_path()
                        .into_iter()
                        .chain([top.join(".git/info/exclude")]),
                ),
                false => Gitignore::empty(),
            })
    }
}

/// Rules of these files; lines that cannot be read are passed over, as git does.
fn read(folder: &Path, files: impl IntoIterator<Item = PathBuf>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    for file in files {
        let _ = builder.add(file);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let file = root.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
    }

    #[test]
    fn rules_add_up_and_the_nearest_win() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(
            root,
            &[
                (".git/info/exclude", "private\n"),
                (".gitignore", "*.log\n/dist/\nbuild\n"),
                ("app/.gitignore", "!keep.log\n"),
            ],
        );
        let mut ignores = Ignores::default();
        let top = ignores.top(&root.join("app"), &root.join("app"));
        assert_eq!(top, root);
        let mut hides = |path: &str| ignores.hides(root, &root.join(path), false);
        for hidden in ["a.log", "app/a.log", "dist/x", "app/build/x/y", "private"] {
            assert!(hides(hidden), "{hidden}");
        }
        for shown in ["a.txt", "app/keep.log", "app/dist/x", "builds"] {
            assert!(!hides(shown), "{shown}");
        }
    }

    #[test]
    fn without_a_repository_the_rules_begin_at_the_root() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(
            root,
            &[(".gitignore", "app\n"), ("app/.gitignore", "tmp\n")],
        );
        let app = root.join("app");
        let mut ignores = Ignores::default();
        assert_eq!(ignores.top(&app.join("src"), &app), app);
        assert!(!ignores.hides(&app, &app.join("a"), false));
        assert!(ignores.hides(&app, &app.join("tmp"), false));
    }
}
