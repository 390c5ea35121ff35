//! `NETLINK_SOCK_DIAG`: questions about sockets in the kernel's binary form.
//!
//! Messages are read by offset and with checked slices: what is too short is skipped, so that a kernel
//! that says less, or more, than the one this was written for does no harm.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};

use super::{Inode, Listener, Protocol};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;
const HEADER: usize = 16;
const MESSAGE: usize = 72;
/// The attribute that holds `struct tcp_info`, and the bit that asks for it.
const INET_DIAG_INFO: u16 = 2;
const ASK_INFO: u8 = 1 << (INET_DIAG_INFO - 1);
const TCP_INFO_BYTES_ACKED: usize = 120;
const TCP_INFO_BYTES_RECEIVED: usize = 128;
const TCP_CLOSE: u8 = 7;
const TCP_LISTEN: u8 = 10;
/// ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK and CLOSING.
const CONNECTED: u32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11;
/// The groups that tell of TCP sockets that were destroyed, IPv4 and IPv6.
const TCP_DESTROYED: u32 = 1 << 0 | 1 << 2;
/// The kernel fills at most 32 KiB at once.
const BUFFER: usize = 32 * 1024;

/// A TCP connection and the bytes that it has carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Names the connection for good, also when it is closed and has no inode any more.
    pub cookie: u64,
    /// 0 while no process has accepted it, and after its last holder closed it.
    pub inode: Inode,
    /// Who made it; 0 in the news of a closed one.
    pub uid: u32,
    /// Own address.
    pub local: (IpAddr, u16),
    /// The other side's address.
    pub remote: (IpAddr, u16),
    /// Bytes received from the other side.
    pub received: u64,
    /// Bytes sent that the other side has acknowledged.
    pub sent: u64,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    protocol: Protocol,
    states: u32,
    extensions: u8,
}

impl Question {
    pub(super) fn connections() -> Self {
        Question {
            protocol: Protocol::Tcp,
            states: CONNECTED,
            extensions: ASK_INFO,
        }
    }

    fn listeners(protocol: Protocol) -> Self {
        let state = match protocol {
            Protocol::Tcp => TCP_LISTEN,
            Protocol::Udp => TCP_CLOSE,
        };
        Question {
            protocol,
            states: 1 << state,
            extensions: 0,
        }
    }

    fn message(self, family: AddressFamily, sequence: u32) -> [u8; 72] {
        let mut message = [0; 72];
        message[0..4].copy_from_slice(&72u32.to_ne_bytes());
        message[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        message[6..8].copy_from_slice(&(NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
        message[8..12].copy_from_slice(&sequence.to_ne_bytes());
        message[16] = family.as_raw() as u8;
        message[17] = match self.protocol {
            Protocol::Tcp => libc::IPPROTO_TCP as u8,
            Protocol::Udp => libc::IPPROTO_UDP as u8,
        };
        message[18] = self.extensions;
        message[20..24].copy_from_slice(&self.states.to_ne_bytes());
        message
    }
}

/// A netlink socket on which questions are asked, one after the other.
#[derive(Debug)]
pub(super) struct Diag {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Diag {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Diag {
            socket: open_socket(SocketFlags::CLOEXEC)?,
            sequence: 0,
            buffer: vec![0; BUFFER],
        })
    }

    pub(super) fn listeners(
        &mut self,
        protocol: Protocol,
        out: &mut Vec<Listener>,
    ) -> io::Result<()> {
        self.ask(Question::listeners(protocol), |answer| {
            let (address, port) = answer.local();
            if port != 0 {
                out.push(Listener {
                    protocol,
                    address,
                    port,
                    inode: answer.inode(),
                    uid: answer.uid(),
                });
            }
        })
    }

    /// Asks for IPv4 and for IPv6. A kernel without IPv6 has no such sockets, which is no error.
    pub(super) fn ask(
        &mut self,
        question: Question,
        mut visit: impl FnMut(Answer<'_>),
    ) -> io::Result<()> {
        self.ask_family(AddressFamily::INET, question, &mut visit)?;
        match self.ask_family(AddressFamily::INET6, question, &mut visit) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
            other => other,
        }
    }

    fn ask_family(
        &mut self,
        family: AddressFamily,
        question: Question,
        visit: &mut impl FnMut(Answer<'_>),
    ) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let message = question.message(family, self.sequence);
        let kernel = SocketAddrNetlink::new(0, 0);
        rustix::net::sendto(&self.socket, &message, SendFlags::empty(), &kernel)?;
        loop {
            let (len, _) = retry(|| {
                rustix::net::recv(&self.socket, &mut self.buffer[..], RecvFlags::empty())
            })?;
            for message in messages(&self.buffer[..len]) {
                // What is left of a question that was given up before its end.
                if message.sequence != self.sequence {
                    continue;
                }
                match message.kind {
                    NLMSG_DONE => return message.result(),
                    NLMSG_ERROR => return message.result(),
                    SOCK_DIAG_BY_FAMILY => {
                        Answer::new(message.body).into_iter().for_each(&mut *visit)
                    }
                    _ => {}
                }
            }
        }
    }
}

/// News of TCP connections that are over, with their final counts.
///
/// Without it, what a connection carried after the last look, or a connection that lived between two
/// looks, would be missing.
#[derive(Debug)]
pub struct ClosedConnections {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl ClosedConnections {
    /// Begins to listen. Needs no right.
    ///
    /// # Errors
    /// When the kernel has no `NETLINK_SOCK_DIAG` or no such group.
    pub fn open() -> io::Result<Self> {
        let socket = open_socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
        // Room for the news between two looks. Past the system's limit only with rights; without
        // them the kernel gives what it allows.
        let wanted = 4 << 20;
        if sockopt::set_socket_recv_buffer_size_force(&socket, wanted).is_err() {
            let _ = sockopt::set_socket_recv_buffer_size(&socket, wanted);
        }
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, TCP_DESTROYED))?;
        Ok(ClosedConnections {
            socket,
            buffer: vec![0; BUFFER],
        })
    }

    /// Calls `visit` for each connection that was closed since the last call; does not wait. Returns
    /// whether some were missed because more closed than there was room for.
    ///
    /// # Errors
    /// When the socket cannot be read.
    pub fn drain(&mut self, mut visit: impl FnMut(Connection)) -> io::Result<bool> {
        let mut missed = false;
        loop {
            let received =
                retry(|| rustix::net::recv(&self.socket, &mut self.buffer[..], RecvFlags::empty()));
            match received {
                Ok((len, _)) => {
                    for message in messages(&self.buffer[..len]) {
                        let answer = match message.kind {
                            SOCK_DIAG_BY_FAMILY => Answer::new(message.body),
                            _ => None,
                        };
                        if let Some(connection) = answer.and_then(|answer| answer.connection()) {
                            visit(connection);
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(missed),
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => missed = true,
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for ClosedConnections {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn open_socket(flags: SocketFlags) -> io::Result<OwnedFd> {
    let family = AddressFamily::NETLINK;
    let kind = SocketType::DGRAM;
    let socket = rustix::net::socket_with(family, kind, flags, Some(SOCK_DIAG))?;
    Ok(socket)
}

fn retry<T>(call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    rustix::io::retry_on_intr(call).map_err(io::Error::from)
}

/// One netlink message.
struct Message<'a> {
    kind: u16,
    sequence: u32,
    body: &'a [u8],
}

impl Message<'_> {
    /// The error number, negative, that ends a list or stands for it.
    fn result(&self) -> io::Result<()> {
        match number(self.body, 0).map(|raw| raw as i32) {
            Some(code) if code < 0 => Err(Errno::from_raw_os_error(-code).into()),
            _ => Ok(()),
        }
    }
}

fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let len = number(bytes, 0)? as usize;
        let message = Message {
            kind: half(bytes, 4)?,
            sequence: number(bytes, 8)?,
            body: bytes.get(HEADER..len)?,
        };
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// One socket in an answer: `struct inet_diag_msg` and its attributes.
pub(super) struct Answer<'a>(&'a [u8]);

impl<'a> Answer<'a> {
    fn new(body: &'a [u8]) -> Option<Self> {
        (body.len() >= MESSAGE).then_some(Answer(body))
    }

    fn local(&self) -> (IpAddr, u16) {
        (self.address(8), self.port(4))
    }

    fn remote(&self) -> (IpAddr, u16) {
        (self.address(24), self.port(6))
    }

    fn uid(&self) -> u32 {
        self.number(64)
    }

    fn inode(&self) -> Inode {
        u64::from(self.number(68))
    }

    /// The connection, if its counts are told.
    pub(super) fn connection(&self) -> Option<Connection> {
        let info = self.attribute(INET_DIAG_INFO)?;
        let count = |at: usize| {
            let bytes = info.get(at..at + 8)?;
            Some(u64::from_ne_bytes(bytes.try_into().ok()?))
        };
        Some(Connection {
            cookie: u64::from(self.number(44)) | u64::from(self.number(48)) << 32,
            inode: self.inode(),
            uid: self.uid(),
            local: self.local(),
            remote: self.remote(),
            received: count(TCP_INFO_BYTES_RECEIVED)?,
            sent: count(TCP_INFO_BYTES_ACKED)?,
        })
    }

    fn attribute(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = &self.0[MESSAGE..];
        loop {
            let len = usize::from(half(rest, 0)?);
            let value = rest.get(4..len)?;
            if half(rest, 2)? == wanted {
                return Some(value);
            }
            rest = rest.get(len.next_multiple_of(4)..)?;
        }
    }

    fn number(&self, at: usize) -> u32 {
        number(self.0, at).unwrap_or(0)
    }

    fn port(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.0[at], self.0[at + 1]])
    }

    fn address(&self, at: usize) -> IpAddr {
        let bytes: [u8; 16] = self.0[at..at + 16].try_into().unwrap_or_default();
        if i32::from(self.0[0]) == libc::AF_INET6 {
            IpAddr::V6(Ipv6Addr::from(bytes))
        } else {
            IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))
        }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}
