//! No file names a place of the machine that it was written on.

use std::env;
use std::path::Path;

use super::Finding;
use super::files::File;

/// Folders that every machine has, and that files may name.
const COMMON: [&str; 10] = [
    "/", "/bin", "/builds", "/home", "/opt", "/srv", "/tmp", "/usr", "/var", "/var/tmp",
];

/// Folders of this machine that no file may name: where the repository lies, and the home folder.
pub(crate) fn private(root: &Path) -> Vec<String> {
    let home = env::var("HOME").unwrap_or_default();
    let folders = [Some(root), root.parent(), Some(Path::new(&home))];
    let folders = folders
        .into_iter()
        .flatten()
        .filter(|folder| folder.is_absolute());
    let names = folders.filter_map(Path::to_str);
    // A clone in a folder at the top, as in a container, has a name that may mean anything.
    let names = names.filter(|name| !COMMON.contains(name) && *name != root.to_string_lossy());
    let mut names: Vec<String> = names.map(|name| format!("{name}/")).collect();
    if root.components().count() > 2 {
        names.push(root.to_string_lossy().into_owned());
    }
    names
}

/// Findings about one file of any kind.
pub(crate) fn check(file: &File, private: &[String]) -> Vec<Finding> {
    let lines = file.text.lines().enumerate();
    let found = lines.filter(|(_, line)| private.iter().any(|place| names(line, place)));
    found
        .map(|(index, _)| {
            Finding::at(
                &file.path,
                index + 1,
                "names a folder of this machine; say it in general",
            )
        })
        .collect()
}

/// Whether the line names the place as an absolute path, not as the end of a longer one.
fn names(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-}/~*".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_path_is_found_and_a_part_of_another_is_not() {
        assert!(names("see /data/ours/notes", "/data/"));
        assert!(names("(/data/)", "/data/"));
        assert!(!names(
            "./data/x and crates/data/x and ${ROOT}/data/x",
            "/data/"
        ));
    }

    #[test]
    fn a_clone_in_a_common_folder_forbids_only_itself() {
        let private = private(Path::new("/tmp/forge"));
        assert!(private.contains(&"/tmp/forge".to_string()));
        assert!(!private.contains(&"/tmp/".to_string()));
    }
}
