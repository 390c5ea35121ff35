//! The folders and the pending changes of one set of rules.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::ignores::Ignores;
use super::kernel::{Kernel, Seen};
use super::patterns::Patterns;
use super::{Change, MOST_FILES};

/// A change that never comes to rest is reported after this many debounce times all the same, but not before
/// [`PATIENCE`].
const RESTLESS: u32 = 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// File times lag behind the clock by up to one tick of the kernel.
const TICK: Duration = Duration::from_millis(20);

/// What all sets of rules share.
pub(super) struct Shared {
    pub(super) kernel: Kernel,
    pub(super) ignores: Ignores,
    /// How many sets of rules need each watched folder.
    users: HashMap<PathBuf, usize>,
}

/// What is asked for.
pub(super) struct Task {
    pub(super) key: String,
    /// The root as the caller calls it, for the paths that are reported.
    pub(super) shown_root: PathBuf,
    /// Without symbolic links.
    pub(super) root: PathBuf,
    pub(super) patterns: Patterns,
    pub(super) debounce: Duration,
    /// Files that were written since have changed.
    pub(super) since: SystemTime,
}

/// One set of rules at work.
pub(super) struct Tree {
    pub(super) task: Task,
    folders: HashSet<PathBuf>,
    /// What changed, and whether it was not there before.
    pending: BTreeMap<PathBuf, bool>,
    /// Folders that have come since: none of what is in them was there before.
    fresh: Vec<PathBuf>,
    /// When the pending change began, and when it was last added to.
    burst: Option<(Instant, Instant)>,
    /// Whether the folders are to be looked up anew.
    stale: bool,
}

/// Which files of a folder that is entered count as changed.
#[derive(Clone, Copy)]
enum Fresh {
    /// All: the folder itself is new.
    All,
    /// Those that were written between then and now. A time to come is no sign of a change.
    Since(SystemTime),
}

impl Shared {
    /// # Errors
    ///
    /// Those of [`Kernel::new`].
    pub(super) fn new() -> io::Result<Self> {
        Ok(Shared {
            kernel: Kernel::new()?,
            ignores: Ignores::default(),
            users: HashMap::new(),
        })
    }

    fn release(&mut self, folder: &Path) {
        if let Some(users) = self.users.get_mut(folder) {
            *users -= 1;
            if *users == 0 {
                self.users.remove(folder);
                self.kernel.unwatch(folder);
            }
        }
    }
}

impl Tree {
    /// Watches nothing yet.
    pub(super) fn new(task: Task) -> Self {
        Tree {
            task,
            folders: HashSet::new(),
            pending: BTreeMap::new(),
            fresh: Vec::new(),
            burst: None,
            stale: false,
        }
    }

    /// Watches all folders that matter now, and no others.
    ///
    /// # Errors
    ///
    /// The first folder that could not be watched; the others are.
    pub(super) fn arm(&mut self, shared: &mut Shared) -> io::Result<()> {
        self.stale = false;
        self.task
            .patterns
            .settle(&self.task.root, &mut shared.ignores);
        let before = std::mem::take(&mut self.folders);
        let fresh = Fresh::Since(self.task.since);
        self.task.since = SystemTime::now() - TICK;
        let mut outcome = Ok(());
        for start in self.task.patterns.starts(&self.task.root) {
            outcome = outcome.and(self.enter(start, fresh, shared));
        }
        for folder in before {
            shared.release(&folder);
        }
        outcome
    }

    /// Watches nothing any more.
    pub(super) fn disarm(&mut self, shared: &mut Shared) {
        for folder in std::mem::take(&mut self.folders) {
            shared.release(&folder);
        }
    }

    /// Watches a folder and those in it that matter.
    fn enter(&mut self, start: PathBuf, fresh: Fresh, shared: &mut Shared) -> io::Result<()> {
        let mut outcome = Ok(());
        let mut waiting = vec![start];
        while let Some(folder) = waiting.pop() {
            if self.folders.contains(&folder) {
                continue;
            }
            // First watched, then read: what is made in between is seen twice rather than never.
            match shared.kernel.watch(&folder) {
                Ok(()) => {}
                Err(error) if self.may_be_missed(&folder, error.kind()) => continue,
                Err(error) => {
                    let name = folder.display();
                    let why =
                        io::Error::new(error.kind(), format!("cannot watch `{name}`: {error}"));
                    outcome = outcome.and(Err(why));
                    continue;
                }
            }
            *shared.users.entry(folder.clone()).or_default() += 1;
            self.folders.insert(folder.clone());
            if matches!(fresh, Fresh::All) && folder == self.task.root {
                // The folder itself was missing: it is what was waited for.
                self.note(folder.clone(), true);
            }
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                if self.is_folder(&path, kind) {
                    if self.task.patterns.enters(&path, &mut shared.ignores) {
                        waiting.push(path);
                    }
                } else if fresh.includes(&entry)
                    && self.task.patterns.counts(&path, &mut shared.ignores)
                {
                    self.note(path, matches!(fresh, Fresh::All));
                }
            }
        }
        outcome
    }

    /// A folder that went as quickly as it came, or one whose files are not this user's to change.
    fn may_be_missed(&self, folder: &Path, why: io::ErrorKind) -> bool {
        match why {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => true,
            io::ErrorKind::PermissionDenied => !self.task.patterns.on_the_way(folder),
            _ => false,
        }
    }

    /// Symbolic links are followed only where a glob goes through them: they may lead in circles.
    fn is_folder(&self, path: &Path, kind: FileType) -> bool {
        kind.is_dir() || (kind.is_symlink() && self.task.patterns.on_the_way(path) && path.is_dir())
    }

    /// Takes in something that happened.
    ///
    /// # Errors
    ///
    /// Those of [`Tree::arm`].
    pub(super) fn take(&mut self, seen: &Seen, shared: &mut Shared) -> io::Result<()> {
        match seen {
            Seen::Overflow => self.make_stale(),
            Seen::Written(path) => self.take_file(path, false, shared),
            Seen::Came { path, is_folder } => {
                if !self.sees(path) {
                    return Ok(());
                }
                let is_link_on_the_way =
                    !is_folder && self.task.patterns.on_the_way(path) && path.is_dir();
                if *is_folder || is_link_on_the_way {
                    self.leave(path, shared);
                    if self.task.patterns.enters(path, &mut shared.ignores) {
                        self.fresh.push(path.clone());
                        return self.enter(path.clone(), Fresh::All, shared);
                    }
                } else {
                    self.take_file(path, true, shared);
                }
            }
            Seen::Went {
                path,
                is_folder: true,
                moved,
            } => self.take_folder_away(path, *moved, shared),
            Seen::Went { path, .. } if self.folders.contains(path) => {
                self.take_folder_away(path, true, shared);
            }
            Seen::Went { path, .. } => self.take_file(path, false, shared),
            Seen::SelfWent { path, watch, moved } => {
                if !shared.kernel.is_newer(path, *watch) {
                    self.take_folder_away(path, *moved, shared);
                }
            }
        }
        Ok(())
    }

    fn take_folder_away(&mut self, path: &Path, moved: bool, shared: &mut Shared) {
        if !self.folders.contains(path) {
            return;
        }
        self.leave(path, shared);
        if self.task.patterns.on_the_way(path) {
            self.make_stale();
        } else if moved {
            // Of a folder that was removed, the files have been seen to go; of this one they have not.
            self.note(path.to_path_buf(), false);
        }
    }

    fn take_file(&mut self, path: &Path, came: bool, shared: &mut Shared) {
        if !self.sees(path) {
            return;
        }
        if Ignores::is_source(path) {
            shared.ignores.forget();
            self.make_stale();
        }
        if self.task.patterns.counts(path, &mut shared.ignores) {
            self.note(path.to_path_buf(), came);
        }
    }

    /// Whether a path lies directly in a folder of these rules.
    fn sees(&self, path: &Path) -> bool {
        path.parent()
            .is_some_and(|folder| self.folders.contains(folder))
    }

    /// Forgets a folder and those in it.
    fn leave(&mut self, folder: &Path, shared: &mut Shared) {
        if !self.folders.contains(folder) {
            return;
        }
        self.folders.retain(|path| {
            let inside = path.starts_with(folder);
            if inside {
                shared.release(path);
            }
            !inside
        });
    }

    fn note(&mut self, path: PathBuf, came: bool) {
        let came = came || self.fresh.iter().any(|folder| path.starts_with(folder));
        self.pending.entry(path).or_insert(came);
        self.stir();
    }

    fn make_stale(&mut self) {
        self.stale = true;
        self.stir();
    }

    fn stir(&mut self) {
        let now = Instant::now();
        let began = self.burst.map_or(now, |(began, _)| began);
        self.burst = Some((began, now));
    }

    /// When the pending change has come to rest.
    pub(super) fn due(&self) -> Option<Instant> {
        let (began, last) = self.burst?;
        let longest = PATIENCE.max(self.task.debounce * RESTLESS);
        Some((last + self.task.debounce).min(began + longest))
    }

    /// Takes the pending change, which has come to rest.
    ///
    /// # Errors
    ///
    /// Those of [`Tree::arm`], where folders had to be looked up anew; the change is not lost.
    pub(super) fn settle(&mut self, shared: &mut Shared) -> (Option<Change>, io::Result<()>) {
        let outcome = match self.stale {
            true => self.arm(shared),
            false => Ok(()),
        };
        self.burst = None;
        self.fresh.clear();
        if self.pending.len() > 1 {
            // What lies in a folder that has come says more than the folder.
            self.pending.remove(&self.task.root);
        }
        let files: Vec<PathBuf> = std::mem::take(&mut self.pending)
            .into_iter()
            .filter(|(path, came)| !came || path.symlink_metadata().is_ok())
            .map(|(path, _)| self.shown(path))
            .take(MOST_FILES)
            .collect();
        let change = (!files.is_empty()).then(|| {
            self.task.since = SystemTime::now() - TICK;
            Change {
                key: self.task.key.clone(),
                files,
            }
        });
        (change, outcome)
    }

    /// A path as the caller would write it.
    fn shown(&self, path: PathBuf) -> PathBuf {
        match path.strip_prefix(&self.task.root) {
            Ok(below) => self.task.shown_root.join(below),
            Err(_) => path,
        }
    }
}

impl Fresh {
    fn includes(self, entry: &std::fs::DirEntry) -> bool {
        match self {
            Fresh::All => true,
            Fresh::Since(since) => entry
                .metadata()
                .and_then(|meta| meta.modified())
                .is_ok_and(|written| written >= since && written <= SystemTime::now()),
        }
    }
}

#[cfg(test)]
mod tests;
