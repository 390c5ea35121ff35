//! Which files changed: for `watch`, and for a process that waits until its mistake is mended.
//!
//! # Theory of operation
//!
//! All file system work is done by one thread ([`worker`]), because walking a large tree takes longer
//! than the supervisor's loop may stand still; the thread begins with the first [`Watcher::add`]. It watches
//! folders, one kernel watch each, and only those in which something can match: a glob's literal
//! beginning bounds where it is looked for ([`patterns`]), and what `.gitignore` hides is not entered
//! ([`ignores`]). Folders that appear later are entered then; what lies in them already counts as new.
//!
//! A change is reported once it has been quiet for the debounce time, so that an editor's dance of temporary
//! files and renames, or a checkout of a hundred files, is one change. What came and went within
//! that time is none.

mod ignores;
mod kernel;
mod patterns;
#[cfg(test)]
mod tests;
mod tree;
mod worker;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use forge_facts::layout::Layout;
use tokio::sync::{mpsc, oneshot};

use patterns::Patterns;
use worker::{Order, Orders};

/// What counts as a change of a process's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Globs, relative to the root: `*` stays within a folder, `**` crosses folders. A name of a
    /// folder means all that is in it; `!glob` means what `ignore` does. Empty means everything.
    pub(crate) paths: Vec<String>,
    /// Globs that do not count. One without a slash counts in every folder, as in `.gitignore`.
    pub(crate) ignore: Vec<String>,
    /// How long nothing may change until the change is reported.
    pub(crate) debounce: Duration,
}

/// Files of one key changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// As given to [`Watcher::add`].
    pub(crate) key: String,
    /// What was written, made, renamed or removed: absolute, sorted, each once; at most
    /// [`MOST_FILES`] of them. A folder that was moved away stands for its files.
    pub(crate) files: Vec<PathBuf>,
}

/// Files of one key cannot be watched, or not all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// As given to [`Watcher::add`].
    pub(crate) key: String,
    /// What failed, on what, and what to do.
    pub(crate) message: String,
}

/// A glob that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadGlob {
    /// The glob.
    pub(crate) glob: String,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// Most files that one change names.
pub(crate) const MOST_FILES: usize = 1000;

/// Watches files for many keys; a key is what the caller calls a set of rules.
pub(crate) struct Watcher {
    /// Present from the first key on.
    orders: Option<Orders>,
    reports: mpsc::UnboundedReceiver<Report>,
    reporter: mpsc::UnboundedSender<Report>,
    /// The number under which each key was added last. Reports with another number are stale.
    keys: HashMap<String, u64>,
    last: u64,
    /// Where Forge itself writes; nothing there counts as a change.
    own: Vec<PathBuf>,
}

/// What the worker has to say of the rules that were added under a number.
struct Report {
    number: u64,
    outcome: Result<Change, Trouble>,
}

impl Watcher {
    /// A watcher that watches nothing and costs nothing. What lies in these folders never counts:
    /// it is what Forge itself writes.
    pub(crate) fn new(own: &[PathBuf]) -> Self {
        let (reporter, reports) = mpsc::unbounded_channel();
        Watcher {
            orders: None,
            reports,
            reporter,
            keys: HashMap::new(),
            last: 0,
            own: own.iter().map(|path| real_path(path)).collect(),
        }
    }

    /// Watches from now on, in place of what the key stood for before. Does not wait.
    ///
    /// What comes back resolves once everything is watched; changes in the meantime are found too,
    /// so that nobody needs to wait for it.
    ///
    /// # Errors
    ///
    /// Names the first glob that cannot be read. All other trouble comes by [`Watcher::next`].
    pub(crate) fn add(
        &mut self,
        key: String,
        root: PathBuf,
        rules: Rules,
    ) -> Result<oneshot::Receiver<()>, BadGlob> {
        self.add_since(key, root, rules, SystemTime::now())
    }

    /// Like [`Watcher::add`], but files that were written since `since` have changed too.
    ///
    /// # Errors
    ///
    /// As for [`Watcher::add`].
    pub(crate) fn add_since(
        &mut self,
        key: String,
        root: PathBuf,
        rules: Rules,
        since: SystemTime,
    ) -> Result<oneshot::Receiver<()>, BadGlob> {
        // Globs are compiled against the root as the kernel knows it, so that `..` means what it does there.
        let real = real_path(&root);
        let patterns = Patterns::compile(&real, &rules.paths, &rules.ignore)?;
        let patterns = patterns.without(&real, &self.own);
        self.remove(&key);
        self.last += 1;
        self.keys.insert(key.clone(), self.last);
        let (armed, watched) = oneshot::channel();
        let order = Order::Add {
            number: self.last,
            task: worker::Task {
                key: key.clone(),
                shown_root: root,
                root: real,
                patterns,
                debounce: rules.debounce,
                since,
            },
            armed,
        };
        if let Err(error) = self.send(order) {
            let message = format!("cannot watch files: {error}");
            let _ = self.reporter.send(Report {
                number: self.last,
                outcome: Err(Trouble { key, message }),
            });
        }
        Ok(watched)
    }

    /// Watches no longer; what was not yet reported is forgotten.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Some(number) = self.keys.remove(key) {
            let _ = self.send(Order::Remove { number });
        }
    }

    /// The next change, or the next trouble; waits without end while there is none. Nothing is lost
    /// when the future is dropped.
    ///
    /// After trouble, what can be watched is watched on.
    pub(crate) async fn next(&mut self) -> Result<Change, Trouble> {
        loop {
            let Some(report) = self.reports.recv().await else {
                // Cannot be: a sender lies beside the receiver.
                std::future::pending::<()>().await;
                continue;
            };
            let key = match &report.outcome {
                Ok(change) => &change.key,
                Err(trouble) => &trouble.key,
            };
            if self.keys.get(key) == Some(&report.number) {
                return report.outcome;
            }
        }
    }

    fn send(&mut self, order: Order) -> io::Result<()> {
        let orders = match &mut self.orders {
            Some(orders) => orders,
            none => none.insert(worker::start(self.reporter.clone())?),
        };
        let sent = orders.send(order);
        if sent.is_err() {
            // The next key gets a new thread.
            self.orders = None;
        }
        sent
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}

impl fmt::Display for BadGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no glob: {}", self.glob, self.why)
    }
}

impl std::error::Error for BadGlob {}

/// Where Forge itself writes; a state folder may lie in a workspace.
pub(crate) fn own_folders(layout: &Layout) -> [PathBuf; 2] {
    let state = layout.state();
    let of_all = state
        .parent()
        .filter(|of_all| of_all.ends_with("workspaces"));
    [
        of_all.unwrap_or(state).to_path_buf(),
        layout.runtime().to_path_buf(),
    ]
}

/// A path without symbolic links, also where its end does not exist.
fn real_path(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            let rest = path.strip_prefix(ancestor).unwrap_or(Path::new(""));
            return match rest.as_os_str().is_empty() {
                true => real,
                false => real.join(rest),
            };
        }
    }
    path.to_path_buf()
}
