//! What this machine can do of what Forge likes to rely on, and what is weaker where it cannot.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use super::{Pidfd, pipe, splice, tree, write};

/// One ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ability {
    /// Its name.
    pub name: &'static str,
    /// Whether it is there.
    pub there: bool,
    /// What does not hold without it.
    pub without: &'static str,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// pidfd_open(2), Linux 5.3. Needed.
    pub pidfd: bool,
    /// The inode of a pidfd tells processes apart, Linux 6.9.
    pub pidfd_inode: bool,
    /// Exit statuses of others' children, Linux 6.15.
    pub pidfd_exit: bool,
    /// Orphans can be adopted (PR_SET_CHILD_SUBREAPER), Linux 3.4. Needed.
    pub subreaper: bool,
    /// `/proc/PID/task/TID/children` exists.
    pub children_list: bool,
    /// splice(2) from a pipe into a file of the folder that was asked for.
    pub splice: bool,
    /// The file system of that folder sets room aside (fallocate(2)).
    pub reserve: bool,
}

impl Abilities {
    /// Tries everything out; files are tried in `folder`.
    pub fn probe(folder: &Path) -> Self {
        let me = Pidfd::open(std::process::id() as i32).ok();
        Abilities {
            pidfd: me.is_some(),
            pidfd_inode: inodes_differ(me.as_ref()),
            pidfd_exit: knows_exit_info(),
            subreaper: can_adopt(),
            children_list: tree::can_list(),
            splice: try_file(folder, can_splice),
            reserve: try_file(folder, |file| super::reserve(file, 0, 4096)),
        }
    }

    /// All of them, for people.
    pub fn list(&self) -> [Ability; 7] {
        let ability = |name, there, without| Ability {
            name,
            there,
            without,
        };
        [
            ability(
                "pidfd",
                self.pidfd,
                "processes cannot be signalled safely: nothing is started",
            ),
            ability(
                "pidfd inode",
                self.pidfd_inode,
                "a pid that is reused within one clock tick may be taken for the former process",
            ),
            ability(
                "pidfd exit status",
                self.pidfd_exit,
                "an exit while keeper and shim were both dead has an unknown status",
            ),
            ability(
                "subreaper",
                self.subreaper,
                "processes that fork twice are found by their environment only",
            ),
            ability(
                "list of children",
                self.children_list,
                "ending a tree looks at all processes of the machine, and is slower",
            ),
            ability(
                "splice",
                self.splice,
                "up to 64 KiB of output may be lost when a shim is killed",
            ),
            ability(
                "reserved space",
                self.reserve,
                "an exit on a full disk is known only while its shim lives",
            ),
        ]
    }
}

fn inodes_differ(me: Option<&Pidfd>) -> bool {
    // SAFETY: always succeeds.
    let parent = unsafe { libc::getppid() };
    let other = Pidfd::open(parent).or_else(|_| Pidfd::open(2));
    match (me.map(Pidfd::inode), other.map(|other| other.inode())) {
        (Some(Ok(one)), Ok(Ok(two))) => one != two,
        _ => false,
    }
}

/// A child that has ended and was reaped: does its pidfd still say how?
fn knows_exit_info() -> bool {
    let Ok(mut child) = std::process::Command::new("/bin/true").spawn() else {
        return false;
    };
    let pidfd = Pidfd::open(child.id() as i32);
    child.wait().is_ok() && pidfd.is_ok_and(|pidfd| pidfd.exit_status().is_some())
}

fn can_adopt() -> bool {
    let mut value: libc::c_int = 0;
    // SAFETY: the kernel writes one int.
    unsafe { libc::prctl(libc::PR_GET_CHILD_SUBREAPER, &raw mut value, 0, 0, 0) == 0 }
}

fn try_file(folder: &Path, what: impl Fn(&File) -> io::Result<()>) -> bool {
    let path = folder.join(format!(".forge-probe-{}", std::process::id()));
    let done = File::create_new(&path).and_then(|file| what(&file));
    let _ = std::fs::remove_file(&path);
    done.is_ok()
}

fn can_splice(file: &File) -> io::Result<()> {
    let (from, to) = pipe()?;
    write(&to, b"x")?;
    splice(from.as_fd(), file.as_fd(), 1).map(|_| ())
}
