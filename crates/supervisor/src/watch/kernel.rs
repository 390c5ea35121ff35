//! inotify(7): which watched folders something happened in. Knows no rules.
//!
//! Asked for directly, because only so is it possible not to hear of every file that is opened: a
//! compiler opens thousands.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{
    CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch,
};
use rustix::io::Errno;

/// Most events that are read at once.
const MOST: usize = 20_000;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A file or a folder was made here or moved here.
    Came { path: PathBuf, is_folder: bool },
    /// A file or a folder was removed, or moved away where `moved`.
    Went {
        path: PathBuf,
        is_folder: bool,
        moved: bool,
    },
    /// A watched folder itself went, by the word of its own watch; where it is watched within another
    /// one, that has been told too.
    SelfWent {
        path: PathBuf,
        watch: i32,
        moved: bool,
    },
    /// A file was written to, or its mode or times were set.
    Written(PathBuf),
    /// More happened than the kernel keeps.
    Overflow,
}

/// All watched folders.
pub(super) struct Kernel {
    inotify: OwnedFd,
    /// A folder that is reached by several paths has one watch.
    paths: HashMap<i32, Vec<PathBuf>>,
    watches: HashMap<PathBuf, i32>,
}

impl Kernel {
    /// # Errors
    ///
    /// Says what to do where this user has too many inotify instances.
    pub(super) fn new() -> io::Result<Self> {
        match init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC) {
            Ok(inotify) => Ok(Kernel {
                inotify,
                paths: HashMap::new(),
                watches: HashMap::new(),
            }),
            Err(Errno::MFILE) => Err(io::Error::other(format!(
                "too many programs of this user watch files, or too many files are open \
                 (fs.inotify.max_user_instances = {}); raise it: `sudo sysctl \
                 fs.inotify.max_user_instances=1024`",
                limit("max_user_instances")
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// Watches what is directly in a folder. To watch one again does no harm.
    ///
    /// # Errors
    ///
    /// Says what to do where this user has too many watches. A folder that is gone is an error too.
    pub(super) fn watch(&mut self, folder: &Path) -> io::Result<()> {
        let events = WatchFlags::CREATE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR
            | WatchFlags::EXCL_UNLINK;
        match add_watch(&self.inotify, folder, events) {
            Ok(watch) => {
                self.watches.insert(folder.to_path_buf(), watch);
                let paths = self.paths.entry(watch).or_default();
                if !paths.iter().any(|path| path == folder) {
                    paths.push(folder.to_path_buf());
                }
                Ok(())
            }
            Err(Errno::NOSPC) => Err(too_many_watches(&limit("max_user_watches"))),
            Err(error) => Err(error.into()),
        }
    }

    /// Watches a folder no longer.
    pub(super) fn unwatch(&mut self, folder: &Path) {
        let Some(watch) = self.watches.remove(folder) else {
            return;
        };
        let Some(paths) = self.paths.get_mut(&watch) else {
            return;
        };
        paths.retain(|path| path != folder);
        if paths.is_empty() {
            self.paths.remove(&watch);
            // Fails where the folder is gone, and its watch with it.
            let _ = remove_watch(&self.inotify, watch);
        }
    }

    /// Whether a folder of this path has been watched anew since `watch` spoke of it.
    pub(super) fn is_newer(&self, folder: &Path, watch: i32) -> bool {
        self.watches.get(folder).is_some_and(|new| *new != watch)
    }

    /// What has happened since it was asked last.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub(super) fn read(&mut self) -> io::Result<Vec<Seen>> {
        let mut buffer = [MaybeUninit::uninit(); 32 * 1024];
        let mut seen = Vec::new();
        let mut reader = Reader::new(self.inotify.as_fd(), &mut buffer);
        // What is still to come is read next time, however fast it comes; what was fetched is not left.
        while seen.len() < MOST || !reader.is_buffer_empty() {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                seen.push(Seen::Overflow);
            }
            let name = event
                .file_name()
                .map(|name| OsStr::from_bytes(name.to_bytes()));
            for folder in self.paths.get(&event.wd()).into_iter().flatten() {
                seen.extend(translate(flags, event.wd(), folder, name));
            }
            if flags.contains(ReadFlags::IGNORED) {
                // A new folder of the same name has a watch of its own.
                let paths = self.paths.remove(&event.wd()).unwrap_or_default();
                for path in paths {
                    if self.watches.get(&path) == Some(&event.wd()) {
                        self.watches.remove(&path);
                    }
                }
            }
        }
        Ok(seen)
    }
}

impl AsFd for Kernel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

fn translate(flags: ReadFlags, watch: i32, folder: &Path, name: Option<&OsStr>) -> Option<Seen> {
    let is_folder = flags.contains(ReadFlags::ISDIR);
    let Some(name) = name else {
        let moved = flags.contains(ReadFlags::MOVE_SELF);
        let went = moved || flags.intersects(ReadFlags::DELETE_SELF | ReadFlags::UNMOUNT);
        return went.then(|| Seen::SelfWent {
            path: folder.to_path_buf(),
            watch,
            moved,
        });
    };
    let path = folder.join(name);
    if flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
        Some(Seen::Came { path, is_folder })
    } else if flags.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM) {
        let moved = flags.contains(ReadFlags::MOVED_FROM);
        Some(Seen::Went {
            path,
            is_folder,
            moved,
        })
    } else if flags.intersects(ReadFlags::MODIFY | ReadFlags::ATTRIB) && !is_folder {
        Some(Seen::Written(path))
    } else {
        None
    }
}

fn too_many_watches(limit: &str) -> io::Error {
    io::Error::other(format!(
        "the limit of watched folders is reached (fs.inotify.max_user_watches = {limit}); raise \
         it: `sudo sysctl fs.inotify.max_user_watches=1048576` (and put that line into \
         /etc/sysctl.d/60-inotify.conf to keep it), or watch fewer folders: narrow `watch.paths`, \
         or add to `watch.ignore` or `.gitignore`"
    ))
}

fn limit(name: &str) -> String {
    std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}"))
        .map_or_else(|_| "unknown".to_string(), |text| text.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_reached_is_named_with_its_remedy() {
        let message = too_many_watches("8192").to_string();
        assert!(message.contains("fs.inotify.max_user_watches = 8192"));
        assert!(message.contains("sudo sysctl fs.inotify.max_user_watches="));
    }

    #[test]
    fn a_folder_with_two_names_reports_under_both() {
        let root = tempfile::tempdir().unwrap();
        let (real, link) = (root.path().join("real"), root.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let mut kernel = Kernel::new().unwrap();
        kernel.watch(&real).unwrap();
        kernel.watch(&link).unwrap();
        std::fs::write(real.join("a"), "").unwrap();
        let came = |folder: &Path| Seen::Came {
            path: folder.join("a"),
            is_folder: false,
        };
        assert_eq!(kernel.read().unwrap(), [came(&real), came(&link)]);
        kernel.unwatch(&real);
        std::fs::write(real.join("a"), "x").unwrap();
        assert_eq!(kernel.read().unwrap(), [Seen::Written(link.join("a"))]);
        kernel.unwatch(&link);
        std::fs::write(real.join("a"), "x").unwrap();
        assert_eq!(kernel.read().unwrap(), []);
        assert!(kernel.watches.is_empty() && kernel.paths.is_empty());
    }
}
