//! The thread that does all file system work of the watcher, and how it is spoken to.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc as orders;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use tokio::sync::{mpsc, oneshot};

pub(super) use super::tree::Task;
use super::tree::{Shared, Tree};
use super::{Report, Trouble};

/// What the thread is to do.
pub(super) enum Order {
    /// Watch, and tell when all is watched.
    Add {
        number: u64,
        task: Task,
        armed: oneshot::Sender<()>,
    },
    /// Watch no longer.
    Remove { number: u64 },
}

/// The way to the thread; it ends when this is dropped.
pub(super) struct Orders {
    /// Taken when dropped, before the thread is woken for the last time.
    queue: Option<orders::Sender<Order>>,
    bell: Arc<OwnedFd>,
}

impl Orders {
    /// # Errors
    ///
    /// The thread has ended, which it only does when something is broken.
    pub(super) fn send(&self, order: Order) -> io::Result<()> {
        let ended = || io::Error::other("the thread that watches files has ended");
        let queue = self.queue.as_ref().ok_or_else(ended)?;
        queue.send(order).map_err(|_| ended())?;
        self.ring();
        Ok(())
    }

    fn ring(&self) {
        // Fails only where it has been rung more often than a number can count.
        let _ = rustix::io::write(&*self.bell, &1_u64.to_ne_bytes());
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        self.queue = None;
        self.ring();
    }
}

/// Starts the thread.
///
/// # Errors
///
/// Those of the operating system.
pub(super) fn start(reports: mpsc::UnboundedSender<Report>) -> io::Result<Orders> {
    let (sender, queue) = orders::channel();
    let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    let worker = Worker {
        shared: Shared::new()?,
        trees: BTreeMap::new(),
        troubled: BTreeSet::new(),
        queue,
        bell: bell.clone(),
        reports,
    };
    std::thread::Builder::new()
        .name("file-watch".to_string())
        .spawn(move || worker.run())?;
    Ok(Orders {
        queue: Some(sender),
        bell,
    })
}

struct Worker {
    shared: Shared,
    trees: BTreeMap<u64, Tree>,
    /// Those of which trouble was told: once is enough.
    troubled: BTreeSet<u64>,
    queue: orders::Receiver<Order>,
    bell: Arc<OwnedFd>,
    reports: mpsc::UnboundedSender<Report>,
}

impl Worker {
    fn run(mut self) {
        loop {
            if !self.obey() {
                return;
            }
            if let Err(error) = self.hear() {
                self.complain_to_all(&error);
                return;
            }
            self.report();
            if let Err(error) = self.wait() {
                self.complain_to_all(&error);
                return;
            }
        }
    }

    /// Carries out what was ordered; `false` when nobody will order anything any more.
    fn obey(&mut self) -> bool {
        loop {
            match self.queue.try_recv() {
                Ok(Order::Add {
                    number,
                    task,
                    armed,
                }) => {
                    let mut tree = Tree::new(task);
                    let outcome = tree.arm(&mut self.shared);
                    self.trees.insert(number, tree);
                    self.complain(number, outcome);
                    // Whoever does not want to know has dropped the other end.
                    let _ = armed.send(());
                }
                Ok(Order::Remove { number }) => {
                    self.troubled.remove(&number);
                    if let Some(mut tree) = self.trees.remove(&number) {
                        tree.disarm(&mut self.shared);
                    }
                }
                Err(orders::TryRecvError::Empty) => return true,
                Err(orders::TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Takes in what has happened.
    fn hear(&mut self) -> io::Result<()> {
        for seen in self.shared.kernel.read()? {
            let mut troubles = Vec::new();
            for (number, tree) in &mut self.trees {
                if let Err(error) = tree.take(&seen, &mut self.shared) {
                    troubles.push((*number, error));
                }
            }
            for (number, error) in troubles {
                self.complain(number, Err(error));
            }
        }
        Ok(())
    }

    /// Reports what has come to rest.
    fn report(&mut self) {
        let now = Instant::now();
        let due: Vec<u64> = self
            .trees
            .iter()
            .filter(|(_, tree)| tree.due().is_some_and(|due| due <= now))
            .map(|(number, _)| *number)
            .collect();
        for number in due {
            let Some(tree) = self.trees.get_mut(&number) else {
                continue;
            };
            let (change, outcome) = tree.settle(&mut self.shared);
            self.complain(number, outcome);
            if let Some(change) = change {
                self.tell(number, Ok(change));
            }
        }
    }

    /// Waits until something happens, is ordered or is due.
    fn wait(&mut self) -> io::Result<()> {
        let due = self.trees.values().filter_map(Tree::due).min();
        let rest = due.map(|due| due.saturating_duration_since(Instant::now()));
        let rest = rest.map(|rest| {
            // Rounded up, not to wake just before it is due.
            let rest = rest + Duration::from_micros(1);
            Timespec::try_from(rest).unwrap_or(Timespec {
                tv_sec: 3600,
                tv_nsec: 0,
            })
        });
        let mut sources = [
            PollFd::from_borrowed_fd(self.shared.kernel.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.bell.as_fd(), PollFlags::IN),
        ];
        match poll(&mut sources, rest.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // Fails where it has not been rung.
        let _ = rustix::io::read(&*self.bell, &mut [0; 8]);
        Ok(())
    }

    fn complain(&mut self, number: u64, outcome: io::Result<()>) {
        let (Err(error), Some(tree)) = (outcome, self.trees.get(&number)) else {
            return;
        };
        if !self.troubled.insert(number) {
            return;
        }
        let trouble = Trouble {
            key: tree.task.key.clone(),
            message: error.to_string(),
        };
        self.tell(number, Err(trouble));
    }

    fn complain_to_all(&mut self, error: &io::Error) {
        self.troubled.clear();
        let numbers: Vec<u64> = self.trees.keys().copied().collect();
        for number in numbers {
            let why = io::Error::other(format!("files are watched no longer: {error}"));
            self.complain(number, Err(why));
        }
    }

    fn tell(&self, number: u64, outcome: Result<super::Change, Trouble>) {
        // Fails where the watcher is gone, and this thread is about to learn of it.
        let _ = self.reports.send(Report { number, outcome });
    }
}
