//! Whose a process is: of this workspace, of another one, a container's, or a stranger's.
//!
//! What the supervisor knows of its own trees comes first, then the mark in a process's environment, then
//! the marks of its parents: a program that overwrites its environment still has a parent that did not.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use forge_os::process_table::{self, ProcessTable, Stat, is_gone};

use crate::mark::Mark;

/// Whose a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A process of the workspace that asks.
    ThisWorkspace,
    /// A process of another workspace.
    OtherWorkspace,
    /// Nothing that Forge started.
    Outside,
    /// A container, or the engine's servant that passes connections on to one.
    Container,
    /// Another user's, which cannot be looked into.
    Unknown,
}

impl Owner {
    /// The name used in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Owner::ThisWorkspace => "this-workspace",
            Owner::OtherWorkspace => "other-workspace",
            Owner::Outside => "outside",
            Owner::Container => "container",
            Owner::Unknown => "unknown",
        }
    }
}

/// Whose a process is, and its name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose.
    pub owner: Owner,
    /// The workspace, for a process of one.
    pub workspace: Option<PathBuf>,
    /// The name of its process there.
    pub name: Option<String>,
    /// The run that it names.
    pub run_id: Option<String>,
    /// The id of its container, where the process itself runs in one.
    pub container_id: Option<String>,
}

impl Claim {
    fn of(owner: Owner) -> Self {
        Claim {
            owner,
            workspace: None,
            name: None,
            run_id: None,
            container_id: None,
        }
    }
}

/// Who asks.
#[derive(Clone, Copy)]
pub struct Viewpoint<'a> {
    /// The workspace that is *this* one.
    pub workspace: Option<&'a Path>,
    /// The name of the managed process of this workspace to whose tree a pid belongs, as far as it is known
    /// without looking.
    pub managed: &'a dyn Fn(i32) -> Option<String>,
}

impl Viewpoint<'_> {
    /// That of somebody who belongs to no workspace and manages nothing.
    pub fn outside() -> Self {
        Viewpoint {
            workspace: None,
            managed: &|_| None,
        }
    }

    /// That of a workspace, without knowledge of what runs in it.
    pub fn of_workspace(workspace: &Path) -> Viewpoint<'_> {
        Viewpoint {
            workspace: Some(workspace),
            managed: &|_| None,
        }
    }
}

/// So many parents are asked at most: no real tree is deeper, and a circle ends.
const DEEPEST: usize = 64;

/// Answers whose processes are, for many of them in one pass.
pub(crate) struct Claims<'a> {
    viewpoint: Viewpoint<'a>,
    /// What follows for a child from this parent and all above it.
    above: HashMap<i32, Inherited>,
}

/// What can be seen of one process.
#[derive(Debug, Clone)]
enum Sight {
    Marked(Mark),
    Unmarked,
    Hidden,
}

/// What a process has from those above it.
#[derive(Debug, Clone)]
enum Inherited {
    Mark(Mark),
    /// The servant of an engine is above it: it runs in a container.
    Container,
    Nothing,
}

impl<'a> Claims<'a> {
    pub(crate) fn new(viewpoint: Viewpoint<'a>) -> Self {
        Claims {
            viewpoint,
            above: HashMap::new(),
        }
    }

    /// Whose a process is.
    pub(crate) fn claim(&mut self, table: &mut ProcessTable, stat: &Stat) -> Claim {
        if let Some(name) = (self.viewpoint.managed)(stat.pid) {
            return Claim {
                workspace: self.viewpoint.workspace.map(Path::to_path_buf),
                name: Some(name),
                ..Claim::of(Owner::ThisWorkspace)
            };
        }
        let servant = is_servant(stat.comm.as_bytes());
        match see(stat.pid) {
            Sight::Marked(mark) => return self.marked(mark),
            Sight::Hidden if !servant => return Claim::of(Owner::Unknown),
            Sight::Hidden | Sight::Unmarked => {}
        }
        if servant {
            return Claim::of(Owner::Container);
        }
        match self.inherited(table, stat.ppid) {
            Inherited::Mark(mark) => self.marked(mark),
            Inherited::Container => Claim {
                container_id: container_of(stat.pid),
                ..Claim::of(Owner::Container)
            },
            Inherited::Nothing => Claim::of(Owner::Outside),
        }
    }

    /// What a process has from this parent: most have the same few above them.
    fn inherited(&mut self, table: &mut ProcessTable, parent: i32) -> Inherited {
        let mut path = Vec::new();
        let mut pid = parent;
        let mut found = Inherited::Nothing;
        while pid > 1 && path.len() < DEEPEST {
            if let Some(known) = self.above.get(&pid) {
                found = known.clone();
                break;
            }
            path.push(pid);
            if let Sight::Marked(mark) = see(pid) {
                found = Inherited::Mark(mark);
                break;
            }
            let Ok(stat) = table.stat(pid) else { break };
            if holds_containers(stat.comm.as_bytes()) {
                found = Inherited::Container;
                break;
            }
            pid = stat.ppid;
        }
        for pid in path {
            self.above.insert(pid, found.clone());
        }
        found
    }

    fn marked(&self, mark: Mark) -> Claim {
        let here = self.viewpoint.workspace == Some(mark.workspace.as_path());
        Claim {
            owner: if here {
                Owner::ThisWorkspace
            } else {
                Owner::OtherWorkspace
            },
            workspace: Some(mark.workspace),
            name: Some(mark.process),
            run_id: mark.run_id,
            container_id: None,
        }
    }
}

fn see(pid: i32) -> Sight {
    match Mark::of(pid) {
        Ok(Some(mark)) => Sight::Marked(mark),
        Ok(None) => Sight::Unmarked,
        Err(error) if is_gone(&error) => Sight::Unmarked,
        Err(_) => Sight::Hidden,
    }
}

/// Programs that container engines run on the machine to pass connections on; the kernel cuts names after
/// 15 bytes.
const SERVANTS: [&[u8]; 9] = [
    b"docker-proxy",
    b"rootlesskit",
    b"rootlessport",
    b"rootlesskit-doc",
    b"slirp4netns",
    b"pasta",
    b"pasta.avx2",
    b"com.docker.back",
    b"vpnkit-bridge",
];

fn is_servant(short_name: &[u8]) -> bool {
    SERVANTS.contains(&short_name)
}

/// Whether a program is the parent of what runs in a container.
fn holds_containers(short_name: &[u8]) -> bool {
    short_name.starts_with(b"containerd-shim") || short_name == b"conmon"
}

/// The id of the container that a process runs in: engines name control groups by it, 64 hexadecimal digits.
fn container_of(pid: i32) -> Option<String> {
    container_in(&process_table::control_groups(pid).ok()?)
}

fn container_in(groups: &[u8]) -> Option<String> {
    let words = groups.split(|byte| !byte.is_ascii_hexdigit());
    let id = words.into_iter().find(|word| word.len() == 64)?;
    String::from_utf8(id.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_known_by_their_control_group() {
        let id = "0123456789abcdef".repeat(4);
        for groups in [
            format!("0::/system.slice/docker-{id}.scope\n"),
            format!("12:pids:/docker/{id}\n1:name=systemd:/docker/{id}\n"),
            format!("0::/kubepods.slice/pod1.slice/cri-containerd-{id}.scope"),
            format!("0::/user.slice/libpod-{id}.scope/container"),
        ] {
            assert_eq!(
                container_in(groups.as_bytes()),
                Some(id.clone()),
                "{groups}"
            );
        }
        assert_eq!(
            container_in(b"0::/user.slice/user-1000.slice/session-2.scope\n"),
            None
        );
        assert_eq!(container_in(b""), None);
    }

    #[test]
    fn servants_of_engines_are_known_by_the_name_that_the_kernel_cuts() {
        assert!(is_servant(b"docker-proxy") && is_servant(b"com.docker.back"));
        assert!(holds_containers(b"containerd-shim") && !holds_containers(b"node"));
    }
}
