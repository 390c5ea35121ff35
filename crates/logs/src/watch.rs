//! Being told when log files grow, so that a follower never asks in vain.
//!
//! inotify tells of folders, not of trees: the folder of all processes is watched for new processes,
//! each process's folder for bytes and segments, and where the former does not exist yet, the
//! nearest folder above it. Where the kernel has no watches left (`fs.inotify.max_user_watches`), a
//! timer takes their place. Both stand behind one descriptor.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use forge_facts::Stream;
use forge_facts::layout::parse_segment_file;
use rustix::event::epoll;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

/// How often files are looked at where nothing tells of changes: five times a second.
const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// What may have changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A stream of a process has grown.
    Grown(String, Stream),
    /// A process's folder has other files.
    Files(String),
    /// There may be other processes.
    Processes,
    /// Anything.
    All,
}

#[derive(Clone)]
enum Watched {
    /// The folder of all processes, or one above it.
    Root,
    Process(String),
}

pub(crate) struct Watch {
    both: OwnedFd,
    inotify: Option<OwnedFd>,
    timer: Option<OwnedFd>,
    root: PathBuf,
    watched: HashMap<i32, Watched>,
}

impl Watch {
    /// Watches the folder of all processes, which need not exist.
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        let mut watch = Watch {
            both: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            inotify: None,
            timer: None,
            root: root.to_path_buf(),
            watched: HashMap::new(),
        };
        match inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK) {
            Ok(inotify) => {
                watch.listen(&inotify)?;
                watch.inotify = Some(inotify);
                watch.watch_root()?;
            }
            Err(_) => watch.look_regularly()?,
        }
        Ok(watch)
    }

    fn listen(&self, fd: &OwnedFd) -> io::Result<()> {
        let data = epoll::EventData::new_u64(0);
        Ok(epoll::add(&self.both, fd, data, epoll::EventFlags::IN)?)
    }

    /// Has the timer take the place of watches that the kernel refuses.
    fn look_regularly(&mut self) -> io::Result<()> {
        if self.timer.is_none() {
            let timer = rustix::time::timerfd_create(
                TimerfdClockId::Monotonic,
                TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
            )?;
            let every = Itimerspec {
                it_interval: LOOK_EVERY,
                it_value: LOOK_EVERY,
            };
            rustix::time::timerfd_settime(&timer, TimerfdTimerFlags::empty(), &every)?;
            self.listen(&timer)?;
            self.timer = Some(timer);
        }
        Ok(())
    }

    /// Watches the folder of all processes, or while it is missing the nearest one above it.
    fn watch_root(&mut self) -> io::Result<()> {
        let mut folder = self.root.clone();
        loop {
            let what = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE_SELF;
            let added = self.add(&folder, what, Watched::Root)?;
            if added && folder == self.root {
                return Ok(());
            }
            if added {
                // What appeared between the look and the watch is not told.
                let missing = self.root.strip_prefix(&folder).ok();
                let next = missing.and_then(|rest| rest.components().next());
                match next {
                    Some(next) if folder.join(next).is_dir() => folder = self.root.clone(),
                    _ => return Ok(()),
                }
            } else if !folder.pop() {
                return self.look_regularly();
            }
        }
    }

    /// Watches a process's folder; false where it does not exist.
    pub(crate) fn watch_process(&mut self, process: &str) -> io::Result<bool> {
        let what = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE_SELF;
        let folder = self.root.join(process);
        self.add(&folder, what, Watched::Process(process.to_string()))
    }

    fn add(&mut self, folder: &Path, what: WatchFlags, watched: Watched) -> io::Result<bool> {
        let Some(inotify) = &self.inotify else {
            return Ok(folder.is_dir());
        };
        match inotify::add_watch(inotify, folder, what | WatchFlags::ONLYDIR) {
            Ok(id) => {
                self.watched.insert(id, watched);
                Ok(true)
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(Errno::NOSPC | Errno::NOMEM | Errno::MFILE) => {
                self.look_regularly()?;
                Ok(folder.is_dir())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What has changed since it was last asked. Does not wait.
    pub(crate) fn drain(&mut self) -> io::Result<Vec<News>> {
        let mut news = Vec::new();
        if let Some(timer) = &self.timer {
            let mut count = [0u8; 8];
            if rustix::io::read(timer, &mut count).is_ok() {
                news.push(News::All);
            }
        }
        let mut root_changed = false;
        if let Some(inotify) = &self.inotify {
            let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
            let mut reader = inotify::Reader::new(inotify, &mut buffer);
            loop {
                let event = match reader.next() {
                    Ok(event) => event,
                    Err(Errno::AGAIN) => break,
                    Err(Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                };
                let name = event.file_name().and_then(|name| name.to_str().ok());
                if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                    news.push(News::All);
                    continue;
                }
                let one = match self.watched.get(&event.wd()) {
                    Some(Watched::Root) => Some(News::Processes),
                    Some(Watched::Process(process)) => of_process(process, event.events(), name),
                    None => None,
                };
                if event.events().contains(ReadFlags::IGNORED) {
                    self.watched.remove(&event.wd());
                }
                root_changed |= one == Some(News::Processes);
                news.extend(one.filter(|one| news.last() != Some(one)));
            }
        }
        if root_changed {
            self.watch_root()?;
        }
        Ok(news)
    }
}

fn of_process(process: &str, events: ReadFlags, name: Option<&str>) -> Option<News> {
    if events.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
        return Some(News::Files(process.to_string()));
    }
    let name = name?;
    let log = match name.strip_suffix(".idx") {
        Some(stem) => parse_segment_file(&format!("{stem}.log")),
        None => parse_segment_file(name),
    };
    log.map(|(stream, _)| News::Grown(process.to_string(), stream))
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.both.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags};

    fn wait(watch: &Watch) {
        let limit = Timespec {
            tv_sec: 20,
            tv_nsec: 0,
        };
        let mut fds = [PollFd::new(watch, PollFlags::IN)];
        let ready = rustix::event::poll(&mut fds, Some(&limit)).expect("it can be waited for");
        assert_eq!(ready, 1, "nothing was told");
    }

    #[test]
    fn a_growing_stream_is_told_with_its_name() {
        let root = tempfile::tempdir().expect("a folder");
        let mut watch = Watch::new(root.path()).expect("a watch");
        std::fs::create_dir(root.path().join("web")).expect("made");
        wait(&watch);
        assert_eq!(watch.drain().expect("news"), [News::Processes]);
        assert!(watch.watch_process("web").expect("watched"));
        let log = root.path().join("web/stderr.00000001.log");
        std::fs::write(&log, "").expect("written");
        wait(&watch);
        assert_eq!(
            watch.drain().expect("news"),
            [News::Files("web".to_string())]
        );
        std::fs::write(&log, "x").expect("written");
        wait(&watch);
        let grown = News::Grown("web".to_string(), Stream::Stderr);
        assert!(watch.drain().expect("news").contains(&grown));
    }

    #[test]
    fn where_the_kernel_refuses_a_timer_tells() {
        let root = tempfile::tempdir().expect("a folder");
        let mut watch = Watch::new(root.path()).expect("a watch");
        watch.inotify = None;
        watch.look_regularly().expect("a timer");
        wait(&watch);
        assert_eq!(watch.drain().expect("news"), [News::All]);
    }
}
