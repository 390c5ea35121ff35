//! Globs that know where they can match, so that nothing else needs to be watched.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::BadGlob;
use super::ignores::Ignores;

/// Folders that no watch enters unless a glob names them: what tools write, not people.
const NEVER: [&str; 8] = [
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    "target",
    "__pycache__",
    ".forge",
];

/// All globs of one set of rules.
#[derive(Debug)]
pub(super) struct Patterns {
    paths: Vec<Pattern>,
    ignore: Vec<Pattern>,
    /// Folders in which nothing counts: what Forge itself writes.
    own: Vec<PathBuf>,
}

/// A glob, split into its literal beginning and the rest.
#[derive(Debug)]
struct Pattern {
    /// Absolute; as far as the glob has no special characters.
    base: PathBuf,
    /// What must match below the base; without it, the base and all below it match.
    rest: Option<GlobMatcher>,
    /// How many folders below the base can hold a match; `None` is any number.
    depth: Option<usize>,
    /// Those of [`NEVER`] that the glob names.
    named: Vec<&'static str>,
    /// From which folder on `.gitignore` counts.
    top: PathBuf,
}

impl Patterns {
    /// Reads globs that are relative to `root`, an absolute path.
    ///
    /// # Errors
    ///
    /// Names the first glob that cannot be read.
    pub(super) fn compile(
        root: &Path,
        paths: &[String],
        ignore: &[String],
    ) -> Result<Self, BadGlob> {
        let mut patterns = Patterns {
            paths: Vec::new(),
            ignore: Vec::new(),
            own: Vec::new(),
        };
        for glob in paths {
            match glob.strip_prefix('!') {
                Some(glob) => patterns.ignore.push(Pattern::ignoring(root, glob)?),
                None => patterns.paths.push(Pattern::new(root, glob)?),
            }
        }
        for glob in ignore {
            patterns.ignore.push(Pattern::ignoring(root, glob)?);
        }
        if patterns.paths.is_empty() {
            patterns.paths.push(Pattern::new(root, "**")?);
        }
        Ok(patterns)
    }

    /// The same, but nothing in these folders counts. One that holds the root is none of them.
    pub(super) fn without(mut self, root: &Path, own: &[PathBuf]) -> Self {
        let below = own.iter().filter(|own| !root.starts_with(own));
        self.own = below.cloned().collect();
        self
    }

    /// Finds out, for each glob, from where on `.gitignore` counts. To be called again when a
    /// `.gitignore` has changed.
    pub(super) fn settle(&mut self, root: &Path, ignores: &mut Ignores) {
        for pattern in &mut self.paths {
            let top = ignores.top(&pattern.base, root);
            // Who names a hidden folder wants it; within it, its own rules count.
            pattern.top = match ignores.hides(&top, &pattern.base, true) {
                true => pattern.base.clone(),
                false => top,
            };
        }
    }

    /// The folders from which all others are found. They exist.
    pub(super) fn starts(&self, root: &Path) -> Vec<PathBuf> {
        let mut starts: Vec<PathBuf> = self
            .paths
            .iter()
            .filter_map(|pattern| {
                // The folder above sees it when the base itself comes and goes.
                let from = match pattern.base == root {
                    true => root,
                    false => pattern.base.parent()?,
                };
                from.ancestors().find(|path| path.is_dir())
            })
            .map(Path::to_path_buf)
            .collect();
        starts.sort();
        starts.dedup();
        starts
    }

    /// Whether something in this folder can match.
    pub(super) fn enters(&self, folder: &Path, ignores: &mut Ignores) -> bool {
        self.paths.iter().any(|pattern| {
            pattern.base.starts_with(folder)
                || (pattern.reaches(folder) && !self.hidden(pattern, folder, true, ignores))
        })
    }

    /// Whether a folder lies on the way to what a glob names: it is entered in any case.
    pub(super) fn on_the_way(&self, folder: &Path) -> bool {
        self.paths
            .iter()
            .any(|pattern| pattern.base.starts_with(folder))
    }

    /// Whether a file counts.
    pub(super) fn counts(&self, file: &Path, ignores: &mut Ignores) -> bool {
        self.paths
            .iter()
            .any(|pattern| pattern.matches(file) && !self.hidden(pattern, file, false, ignores))
    }

    fn hidden(
        &self,
        pattern: &Pattern,
        path: &Path,
        is_folder: bool,
        ignores: &mut Ignores,
    ) -> bool {
        let Ok(below) = path.strip_prefix(&pattern.base) else {
            return true;
        };
        if self.own.iter().any(|own| path.starts_with(own)) {
            return true;
        }
        let mut top = pattern.top.clone();
        let mut at = pattern.base.clone();
        let mut parts = below.components().peekable();
        while let Some(part) = parts.next() {
            at.push(part);
            let folder = is_folder || parts.peek().is_some();
            if let Some(never) = NEVER.iter().find(|never| part.as_os_str() == **never) {
                match pattern.named.contains(never) {
                    true => top.clone_from(&at),
                    false if folder => return true,
                    false => {}
                }
            }
        }
        let leftover = !is_folder && pattern.base != path && is_leftover(path);
        leftover
            || self
                .ignore
                .iter()
                .any(|ignore| ignore.matches_or_above(path))
            || ignores.hides(&top, path, is_folder)
    }
}

impl Pattern {
    fn new(root: &Path, glob: &str) -> Result<Self, BadGlob> {
        let mut base = match glob.starts_with('/') {
            true => PathBuf::from("/"),
            false => root.to_path_buf(),
        };
        let mut rest = glob.trim_start_matches('/');
        while !rest.is_empty() {
            let (part, behind) = rest.split_once('/').unwrap_or((rest, ""));
            if part.contains(['*', '?', '[', '{', '\\']) {
                break;
            }
            match part {
                "" | "." => {}
                ".." => drop(base.pop()),
                part => base.push(part),
            }
            rest = behind;
        }
        let rest = match rest.strip_suffix('/') {
            Some(folder) => format!("{folder}/**"),
            None => rest.to_string(),
        };
        let everywhere = rest.is_empty() || rest.contains("**");
        let depth = (!everywhere).then(|| rest.matches('/').count());
        let named = NEVER
            .into_iter()
            .filter(|never| rest.split('/').any(|part| part == *never))
            .collect();
        Ok(Pattern {
            top: base.clone(),
            base,
            rest: match rest.is_empty() {
                true => None,
                false => Some(matcher(glob, &rest)?),
            },
            depth,
            named,
        })
    }

    /// A glob of what does not count: without a slash it matches in every folder, and a slash at its
    /// beginning means the root.
    fn ignoring(root: &Path, glob: &str) -> Result<Self, BadGlob> {
        let bare = glob.strip_suffix('/').unwrap_or(glob);
        let anywhere = match bare.strip_prefix('/') {
            Some(_) if Path::new(bare).starts_with(root) => bare.to_string(),
            Some(anchored) => anchored.to_string(),
            None if bare.contains('/') => bare.to_string(),
            None => format!("**/{bare}"),
        };
        Pattern::new(root, &anywhere).map_err(|error| BadGlob {
            glob: glob.to_string(),
            ..error
        })
    }

    fn matches(&self, path: &Path) -> bool {
        match (path.strip_prefix(&self.base), &self.rest) {
            (Ok(_), None) => true,
            (Ok(below), Some(rest)) => rest.is_match(below),
            (Err(_), _) => false,
        }
    }

    /// Whether it matches a path or a folder that the path lies in.
    fn matches_or_above(&self, path: &Path) -> bool {
        path.ancestors()
            .take_while(|at| at.starts_with(&self.base))
            .any(|at| self.matches(at))
    }

    /// Whether a folder is the base or lies below it, within the depth.
    fn reaches(&self, folder: &Path) -> bool {
        folder.strip_prefix(&self.base).is_ok_and(|below| {
            let levels = below.components().count();
            self.depth.is_none_or(|depth| levels <= depth)
        })
    }
}

fn matcher(glob: &str, rest: &str) -> Result<GlobMatcher, BadGlob> {
    GlobBuilder::new(rest)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| BadGlob {
            glob: glob.to_string(),
            why: error.kind().to_string(),
        })
}

/// Files that editors and tools leave for a moment, or beside the real one.
fn is_leftover(path: &Path) -> bool {
    let Some(Component::Normal(name)) = path.components().next_back() else {
        return true;
    };
    let name = name.to_string_lossy();
    let swap = |ending: &str| name.starts_with('.') && name.ends_with(ending);
    name.ends_with('~')
        || name.starts_with(".#")
        || (name.starts_with('#') && name.ends_with('#'))
        || swap(".swp")
        || swap(".swo")
        || swap(".swx")
        || name.ends_with("___jb_tmp___")
        || name.ends_with("___jb_old___")
        || name.starts_with(".goutputstream-")
        || name == "4913"
        || name == ".DS_Store"
        || name.ends_with(".pyc")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(paths: &[&str], ignore: &[&str]) -> Patterns {
        let text = |globs: &[&str]| globs.iter().map(ToString::to_string).collect::<Vec<_>>();
        Patterns::compile(Path::new("/w/app"), &text(paths), &text(ignore)).unwrap()
    }

    /// Those of the paths that count.
    fn counting<'a>(patterns: &Patterns, paths: &[&'a str]) -> Vec<&'a str> {
        let mut ignores = Ignores::default();
        paths
            .iter()
            .copied()
            .filter(|path| patterns.counts(Path::new(path), &mut ignores))
            .collect()
    }

    #[test]
    fn a_star_stays_in_its_folder_and_two_cross() {
        let files = ["/w/app/a.go", "/w/app/x/a.go", "/w/app/x/y/a.go", "/w/a.go"];
        assert_eq!(counting(&patterns(&["*.go"], &[]), &files), files[..1]);
        assert_eq!(counting(&patterns(&["**/*.go"], &[]), &files), files[..3]);
        assert_eq!(counting(&patterns(&["x/*.go"], &[]), &files), files[1..2]);
        assert_eq!(counting(&patterns(&["../*.go"], &[]), &files), files[3..]);
        assert_eq!(counting(&patterns(&["./x"], &[]), &files), files[1..3]);
        assert_eq!(counting(&patterns(&["{x,z}/"], &[]), &files), files[1..3]);
        assert_eq!(counting(&patterns(&[], &[]), &files), files[..3]);
        assert_eq!(counting(&patterns(&["/w/*.go"], &[]), &files), files[3..]);
    }

    #[test]
    fn what_is_ignored_does_not_count() {
        let files = ["/w/app/a.go", "/w/app/x/a.log", "/w/app/x/y/a.go"];
        assert_eq!(counting(&patterns(&[], &["*.log"]), &files).len(), 2);
        assert_eq!(counting(&patterns(&[], &["x"]), &files), files[..1]);
        assert_eq!(counting(&patterns(&[], &["y/"]), &files), files[..2]);
        assert_eq!(counting(&patterns(&[], &["/y"]), &files), files);
        assert_eq!(
            counting(&patterns(&["**", "!x/y"], &[]), &files),
            files[..2]
        );
    }

    #[test]
    fn what_tools_write_counts_only_where_it_is_named() {
        let files = [
            "/w/app/node_modules/m/i.js",
            "/w/app/target/debug/app",
            "/w/app/p/target/a.wasm",
            "/w/app/src/.main.rs.swp",
            "/w/app/src/main.rs~",
            "/w/app/src/4913",
        ];
        assert_eq!(counting(&patterns(&[], &[]), &files), [""; 0]);
        let named = patterns(&["target/debug/app", "**/target/*.wasm"], &[]);
        assert_eq!(counting(&named, &files), files[1..3]);
        assert_eq!(counting(&patterns(&["src/4913"], &[]), &files), files[5..]);
    }

    #[test]
    fn only_folders_that_can_hold_a_match_are_entered() {
        let enters = |globs: &[&str], folder: &str| {
            patterns(globs, &[]).enters(Path::new(folder), &mut Ignores::default())
        };
        assert!(enters(&["*.go"], "/w/app"));
        assert!(!enters(&["*.go"], "/w/app/x"));
        assert!(enters(&["src/*/a.go"], "/w/app/src/x"));
        assert!(!enters(&["src/*/a.go"], "/w/app/src/x/y"));
        assert!(!enters(&["src/**"], "/w/app/lib"));
        assert!(enters(&["src/**"], "/w/app"));
        assert!(enters(&["../shared/**"], "/w"));
        assert!(!enters(&[], "/w/app/node_modules"));
        assert!(enters(&["node_modules/m"], "/w/app/node_modules"));
        assert!(!enters(&["node_modules/m"], "/w/app/node_modules/n"));
    }

    #[test]
    fn a_glob_that_cannot_be_read_is_named() {
        let bad = Patterns::compile(Path::new("/w"), &["src/{a".to_string()], &[]);
        assert_eq!(bad.unwrap_err().glob, "src/{a");
        let bad = Patterns::compile(Path::new("/w"), &[], &["[".to_string()]);
        assert_eq!(bad.unwrap_err().glob, "[");
    }
}
