//! A process says by itself how it is: the receiving end of sd_notify(3).

use std::ffi::{OsStr, OsString};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixDatagram as StdDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SocketAddrUnix, SocketFlags, SocketType, bind, recvmsg, socket_with, sockopt,
};
use tokio::io::Interest;
use tokio::net::UnixDatagram;

/// Longest message; those of systemd's own reader are as long.
const LONGEST: usize = 4096;

/// Longest path that fits into a socket's address (unix(7)), without its final NUL.
const LONGEST_PATH: usize = 107;

/// The socket that `$NOTIFY_SOCKET` of one process names.
pub struct NotifySocket {
    path: PathBuf,
    /// Device and inode of the file, so that a successor's file is not removed.
    file: (u64, u64),
    socket: UnixDatagram,
    /// Where the path is too long for a process to write to, an abstract name that is not.
    short: Option<(OsString, UnixDatagram)>,
}

/// What a process said of itself. `None` and `false` are what it did not speak of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notification {
    /// `READY=1`: the start is done, or the reload is.
    pub ready: bool,
    /// `RELOADING=1`.
    pub reloading: bool,
    /// `STOPPING=1`.
    pub stopping: bool,
    /// `WATCHDOG=1`: alive.
    pub watchdog: bool,
    /// `STATUS=…`: one line for people; may be empty, which takes the last one back.
    pub status: Option<String>,
    /// `ERRNO=…`: why it fails.
    pub errno: Option<i32>,
    /// `MAINPID=…`: the process that matters, as the sender numbers processes.
    pub main_pid: Option<u32>,
    /// `EXTEND_TIMEOUT_USEC=…`: needs this much more time.
    pub extend_timeout: Option<Duration>,
    /// Who sent it, by the kernel's word: whether it belongs to the process is for the caller to check.
    /// It may have ended since (`systemd-notify` does).
    pub pid: u32,
    /// The user of the sender.
    pub uid: u32,
}

impl NotifySocket {
    /// Makes the socket, in place of one that was left behind at the same path. Only its owner can
    /// write to it. The path may be of any length. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// Where something that is no socket lies there, or the folder does not exist or cannot be written to.
    pub fn bind(path: &Path) -> io::Result<Self> {
        remove_old(path)?;
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no name of a file"))?;
        let socket = socket()?;
        if path.as_os_str().len() <= LONGEST_PATH {
            bind(&socket, &SocketAddrUnix::new(path)?)?;
        } else {
            let folder = path.parent().unwrap_or(Path::new("/"));
            let folder = openat(
                CWD,
                folder,
                OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
            )?;
            let detour = Path::new("/proc/self/fd")
                .join(std::os::fd::AsRawFd::as_raw_fd(&folder).to_string())
                .join(name);
            bind(&socket, &SocketAddrUnix::new(&detour)?)?;
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let short = match path.as_os_str().len() <= LONGEST_PATH {
            true => None,
            false => Some(bind_short(path)?),
        };
        let meta = std::fs::symlink_metadata(path)?;
        Ok(NotifySocket {
            path: path.to_path_buf(),
            file: (meta.dev(), meta.ino()),
            socket: register(socket)?,
            short,
        })
    }

    /// The value for `$NOTIFY_SOCKET`: the path, or `@name` where the path is too long for a
    /// socket's address. It is the same for the same path each time.
    pub fn address(&self) -> &OsStr {
        match &self.short {
            Some((name, _)) => name,
            None => self.path.as_os_str(),
        }
    }

    /// The next message; nothing is lost when the future is dropped. Messages that are too long or
    /// do not say who sent them are passed over.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub async fn recv(&self) -> io::Result<Notification> {
        loop {
            let received = match &self.short {
                None => next(&self.socket).await?,
                Some((_, short)) => tokio::select! {
                    message = next(&self.socket) => message?,
                    message = next(short) => message?,
                },
            };
            if let Some(notification) = received {
                return Ok(notification);
            }
        }
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        if let Ok(meta) = std::fs::symlink_metadata(&self.path)
            && (meta.dev(), meta.ino()) == self.file
        {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Notification {
    /// Reads the assignments of a message, one on each line; unknown ones are passed over.
    fn parse(message: &[u8], pid: u32, uid: u32) -> Self {
        let mut said = Notification {
            pid,
            uid,
            ..Notification::default()
        };
        for line in message.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            match name {
                "READY" => said.ready = value == "1",
                "RELOADING" => said.reloading = value == "1",
                "STOPPING" => said.stopping = value == "1",
                "WATCHDOG" => said.watchdog = value == "1",
                "STATUS" => said.status = Some(crate::text::one_line(value)),
                "ERRNO" => said.errno = value.parse().ok(),
                "MAINPID" => said.main_pid = value.parse().ok(),
                "EXTEND_TIMEOUT_USEC" => {
                    said.extend_timeout = value.parse().ok().map(Duration::from_micros);
                }
                _ => {}
            }
        }
        said
    }
}

fn remove_old(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("`{}` is no socket; remove it", path.display()),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A socket that asks the kernel for the sender of each message, from before the first one on.
fn socket() -> io::Result<OwnedFd> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    sockopt::set_socket_passcred(&socket, true)?;
    Ok(socket)
}

fn bind_short(path: &Path) -> io::Result<(OsString, UnixDatagram)> {
    // FNV-1a: short, and the same in every version.
    let hash = path
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let user = rustix::process::getuid().as_raw();
    let name = format!("forge/{user}/notify/{hash:016x}");
    let socket = socket()?;
    bind(
        &socket,
        &SocketAddrUnix::new_abstract_name(name.as_bytes())?,
    )?;
    let shown = OsString::from_vec([b"@", name.as_bytes()].concat());
    Ok((shown, register(socket)?))
}

fn register(socket: OwnedFd) -> io::Result<UnixDatagram> {
    UnixDatagram::from_std(StdDatagram::from(socket))
}

async fn next(socket: &UnixDatagram) -> io::Result<Option<Notification>> {
    socket
        .async_io(Interest::READABLE, || receive(socket))
        .await
}

/// One message; `None` where it is none.
fn receive(socket: &UnixDatagram) -> io::Result<Option<Notification>> {
    let mut bytes = [0; LONGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(16), ScmCredentials(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        socket.as_fd(),
        &mut [IoSliceMut::new(&mut bytes)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT,
    )?;
    // Descriptors that came along are closed here, which is what `BARRIER=1` waits for.
    let sender = ancillary
        .drain()
        .fold(None, |sender, message| match message {
            RecvAncillaryMessage::ScmCredentials(sender) => Some(sender),
            _ => sender,
        });
    let whole = !received.flags.contains(ReturnFlags::TRUNC);
    Ok(sender.filter(|_| whole).map(|sender| {
        Notification::parse(
            &bytes[..received.bytes],
            sender.pid.as_raw_pid().unsigned_abs(),
            sender.uid.as_raw(),
        )
    }))
}
