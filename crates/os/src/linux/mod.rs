//! Linux: what each module wraps stands in its head.

mod abilities;
mod branch;
mod clock;
mod fd;
mod folder;
mod local;
mod lock;
mod pidfd;
mod pipe;
mod poll;
mod proc_fs;
pub mod process_table;
mod program;
mod session;
pub mod signal;
pub mod sockets;
mod spawn;
mod terminal;
mod tree;
mod wait;

pub use abilities::{Abilities, Ability};
pub use branch::{Title, branch};
pub use clock::{boot_id, now, pause};
pub use fd::{
    Inode, NO_BLOCK, NO_FOLLOW, close_others, inherit, inode, link_count, null, raise_open_files,
    read, replace_stderr, set_cloexec, set_nonblocking, touch, write,
};
pub use folder::{open_folder, private_folder, working_folder};
pub use local::{
    Peer, connect_in, listen_in, own_uid, peer, receive_with_fds, send_with_fds, socket_pair,
};
pub use lock::{Lock, holder};
pub use pidfd::Pidfd;
pub use pipe::{make_fifo, open_fifo, pending, pipe, reserve, set_pipe_size, splice, tee};
pub use poll::{Event, Interest, Poller, Signals};
pub use proc_fs::{ProcessState, Stat, stat, zombie_status};
pub use program::find_program;
pub use session::{become_root_of_orphans, detach_session, ignore_signals};
pub use spawn::{
    Failure, GATE_LOST_SIGNAL, Gated, Session, Spawn, Step, fork_gated, spawn, spawn_detached,
};
pub use terminal::{Terminal, end_of_file_character, open_terminal, reopen_slave, resize};
pub use tree::{Member, Tree, children, marked};
pub use wait::{Children, Status, any_child_stopped, peek_child, peek_children, reap};
