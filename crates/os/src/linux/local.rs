//! Unix sockets: paths of any length, whose end it is, and descriptors that travel (unix(7)).

use std::ffi::OsString;
use std::fs::Permissions;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::fd::{check, check_len};
use super::open_folder;

/// The most descriptors in one message that this room takes.
const MOST_FDS: usize = 16;

/// Listens at `path` (0600), in place of whatever socket has that name. The address of a socket
/// holds 108 bytes; longer paths go through `/proc/self/fd`, so any length will do.
///
/// # Errors
///
/// Names the folder where that cannot be opened. What stands there and is no socket is left alone.
pub fn listen_in(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt;
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_socket() => std::fs::remove_file(path)?,
        Ok(_) => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("{} is in the way: it is no socket", path.display()),
            ));
        }
        Err(_) => {}
    }
    let (_folder, short) = short_name(path)?;
    let listener = UnixListener::bind(&short)?;
    std::fs::set_permissions(&short, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connects to the socket at `path`, of any length. Does not wait for the other side to accept:
/// that is what the backlog is for.
///
/// # Errors
///
/// Also where another user listens there: in a folder that is shared, anybody may have been first,
/// and what is said here is not for them.
pub fn connect_in(path: &Path) -> io::Result<UnixStream> {
    let (_folder, short) = short_name(path)?;
    let stream = UnixStream::connect(short)?;
    let owner = peer(&stream)?.uid;
    if owner == own_uid() {
        return Ok(stream);
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("refusing to talk to it: it belongs to user {owner}"),
    ))
}

/// The path by way of its opened folder; good as long as that lives.
fn short_name(path: &Path) -> io::Result<(OwnedFd, PathBuf)> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let folder = open_folder(parent)?;
    let mut short = OsString::from(format!("/proc/self/fd/{}/", folder.as_raw_fd()));
    short.push(name);
    Ok((folder, short.into()))
}

/// A connected pair.
pub fn socket_pair() -> io::Result<(UnixStream, UnixStream)> {
    UnixStream::pair()
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its pid when it connected; of a listening side: of the process that began to listen.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
}

/// Asks the kernel who is at the other end.
pub fn peer(stream: impl AsFd) -> io::Result<Peer> {
    let mut credentials = MaybeUninit::<libc::ucred>::zeroed();
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes; all-zero is a valid ucred.
    let credentials = unsafe {
        check(libc::getsockopt(
            stream.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            credentials.as_mut_ptr().cast(),
            &mut length,
        ))?;
        credentials.assume_init()
    };
    Ok(Peer {
        pid: credentials.pid,
        uid: credentials.uid,
    })
}

/// The effective user of this process.
pub fn own_uid() -> u32 {
    // SAFETY: always succeeds.
    unsafe { libc::geteuid() }
}

/// Room for the control message of `MOST_FDS` descriptors, aligned as the kernel wants it.
#[repr(C, align(8))]
struct Control([u8; 16 + 4 * MOST_FDS + 8]);

/// Sends bytes, and with the first of them copies of these descriptors. Never blocks, never raises
/// SIGPIPE. May send less than all bytes; the descriptors have gone then all the same.
///
/// # Errors
///
/// `WouldBlock` where the other side's queue is full: nothing has been sent.
pub fn send_with_fds(stream: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    if fds.len() > MOST_FDS {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    let mut control = Control([0; 16 + 4 * MOST_FDS + 8]);
    let mut part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: the message points to live buffers; the control part has room for MOST_FDS.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        if !fds.is_empty() {
            let length = (fds.len() * size_of::<libc::c_int>()) as u32;
            message.msg_control = control.0.as_mut_ptr().cast();
            message.msg_controllen = libc::CMSG_SPACE(length) as _;
            let header = libc::CMSG_FIRSTHDR(&message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(length) as _;
            let data = libc::CMSG_DATA(header).cast::<libc::c_int>();
            for (place, fd) in fds.iter().enumerate() {
                data.add(place).write_unaligned(fd.as_raw_fd());
            }
        }
        let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
        check_len(libc::sendmsg(stream.as_fd().as_raw_fd(), &message, flags))
    }
}

/// Receives bytes, and the descriptors that travel with them (close-on-exec). Never blocks.
/// 0 is the end.
///
/// # Errors
///
/// `WouldBlock` where nothing has come.
pub fn receive_with_fds(
    stream: impl AsFd,
    buffer: &mut [u8],
    fds: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut control = Control([0; 16 + 4 * MOST_FDS + 8]);
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: the message points to live buffers; descriptors that the kernel has put into the
    // control part are new and ours.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = size_of::<Control>() as _;
        let flags = libc::MSG_CMSG_CLOEXEC | libc::MSG_DONTWAIT;
        let count = check_len(libc::recvmsg(
            stream.as_fd().as_raw_fd(),
            &mut message,
            flags,
        ))?;
        let mut header = libc::CMSG_FIRSTHDR(&message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS {
                let length = (*header).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                let data = libc::CMSG_DATA(header).cast::<libc::c_int>();
                for place in 0..length / 4 {
                    fds.push(OwnedFd::from_raw_fd(data.add(place).read_unaligned()));
                }
            }
            header = libc::CMSG_NXTHDR(&message, header);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn a_socket_at_a_path_longer_than_an_address_can_be_reached() {
        let base = std::env::temp_dir().join(format!("forge-sock-{}", std::process::id()));
        let folder = base.join("d".repeat(150)).join("e".repeat(150));
        std::fs::create_dir_all(&folder).expect("mkdir");
        let path = folder.join("api.sock");
        let listener = listen_in(&path).expect("listen");
        let mut client = connect_in(&path).expect("connect");
        let (mut server, _) = listener.accept().expect("accept");
        client.write_all(b"x").expect("write");
        let mut byte = [0];
        server.read_exact(&mut byte).expect("read");
        let peer = peer(&server).expect("peer");
        assert_eq!((peer.pid, peer.uid), (std::process::id() as i32, own_uid()));
        drop(listen_in(&path).expect("a stale socket is replaced"));
        std::fs::remove_dir_all(&base).expect("remove");
    }

    #[test]
    fn descriptors_travel_with_bytes() {
        let (one, two) = socket_pair().expect("pair");
        let (read, write) = crate::pipe().expect("pipe");
        let sent = send_with_fds(&one, b"hold\n", &[read.as_fd(), write.as_fd()]).expect("send");
        assert_eq!(sent, 5);
        drop((read, write));
        let mut fds = Vec::new();
        let mut buffer = [0; 64];
        let count = receive_with_fds(&two, &mut buffer, &mut fds).expect("receive");
        assert_eq!((&buffer[..count], fds.len()), (&b"hold\n"[..], 2));
        crate::write(&fds[1], b"y").expect("write");
        assert_eq!(crate::read(&fds[0], &mut buffer).expect("read"), 1);
    }
}
