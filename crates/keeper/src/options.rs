//! What stands behind the first word of the command line: pairs of `--name value`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use forge_facts::layout::Layout;

/// The options as they were given.
#[derive(Debug)]
pub(crate) struct Options(Vec<(OsString, OsString)>);

impl Options {
    /// Reads pairs; a word without a partner is an error.
    pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut pairs = Vec::new();
        let mut words = words;
        while let Some(name) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| format!("{} needs a value", name.display()))?;
            pairs.push((name, value));
        }
        Ok(Options(pairs))
    }

    /// The value of an option, where it was given.
    pub(crate) fn find(&self, name: &str) -> Option<&OsStr> {
        let pair = self.0.iter().find(|(given, _)| given == name);
        pair.map(|(_, value)| value.as_os_str())
    }

    /// The value of an option that must be given.
    pub(crate) fn text(&self, name: &str) -> Result<&str, String> {
        self.find(name)
            .ok_or_else(|| format!("{name} is missing"))?
            .to_str()
            .ok_or_else(|| format!("{name} is no UTF-8"))
    }

    /// A number, where it was given.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        match self.find(name) {
            None => Ok(None),
            Some(_) => {
                let text = self.text(name)?;
                let number = text.parse();
                number
                    .map(Some)
                    .map_err(|_| format!("{name} {text} is no number"))
            }
        }
    }

    /// A path that must be given.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf, String> {
        let value = self.find(name);
        value
            .map(PathBuf::from)
            .ok_or_else(|| format!("{name} is missing"))
    }

    /// The workspace's places, from `--workspace`, `--state` and `--runtime`.
    pub(crate) fn layout(&self) -> Result<Layout, String> {
        let [workspace, state, runtime] =
            ["--workspace", "--state", "--runtime"].map(|name| self.path(name));
        Ok(Layout::at(&workspace?, &state?, &runtime?))
    }
}

/// The options that say where a workspace's places are.
pub(crate) fn places(layout: &Layout) -> [(&'static str, &Path); 3] {
    [
        ("--workspace", layout.workspace()),
        ("--state", layout.state()),
        ("--runtime", layout.runtime()),
    ]
}
