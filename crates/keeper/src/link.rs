//! A connection on which records travel as lines, and descriptors with them. Never blocks: a peer
//! that is slow or stuck costs a bounded queue, and then its connection.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use forge_facts::Record;
use forge_os::{Interest, Poller};

/// The longest line: a launch with a large environment, where every byte may take three.
const LONGEST_LINE: usize = 16 << 20;

/// What may wait for a slow peer. More than a whole journal; who falls behind further is dropped, and
/// learns everything again when it comes back.
const LONGEST_QUEUE: usize = 8 << 20;

/// How long it is waited when connections cannot be taken: who connects goes on connecting.
const NO_ROOM: Duration = Duration::from_millis(10);

/// Takes a connection that waits.
pub(crate) fn accept(listener: &UnixListener) -> Option<UnixStream> {
    match listener.accept() {
        Ok((stream, _)) => Some(stream),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(_) => {
            forge_os::pause(NO_ROOM);
            None
        }
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Link {
    stream: UnixStream,
    token: u64,
    interest: Interest,
    input: Vec<u8>,
    /// How much of `input` has been handed out.
    taken: usize,
    arrived: VecDeque<OwnedFd>,
    output: VecDeque<Parcel>,
    waiting: usize,
    broken: bool,
}

/// Bytes that wait to be sent, with descriptors that go with the first of them.
#[derive(Debug)]
struct Parcel {
    bytes: Vec<u8>,
    sent: usize,
    fds: Vec<OwnedFd>,
}

impl Parcel {
    fn new(bytes: Vec<u8>) -> Self {
        Parcel {
            bytes,
            sent: 0,
            fds: Vec::new(),
        }
    }
}

impl Link {
    /// Takes over a connected stream and waits for what it says under this token.
    pub(crate) fn new(stream: UnixStream, poller: &Poller, token: u64) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        poller.add(&stream, token, Interest::Read)?;
        Ok(Link {
            stream,
            token,
            interest: Interest::Read,
            input: Vec::new(),
            taken: 0,
            arrived: VecDeque::new(),
            output: VecDeque::new(),
            waiting: 0,
            broken: false,
        })
    }

    /// The token of its events.
    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    /// Whether the peer is gone, or was dropped for being too slow.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Reads what has come. Lines that are whole can be taken by [`Link::next`] also when the peer is
    /// gone by then.
    pub(crate) fn fill(&mut self) {
        let mut room = [0u8; 8192];
        loop {
            let mut fds = Vec::new();
            match forge_os::receive_with_fds(&self.stream, &mut room, &mut fds) {
                Ok(0) => self.broken = true,
                Ok(count) => {
                    self.input.extend_from_slice(&room[..count]);
                    self.arrived.extend(fds);
                    if self.input.len() - self.taken > LONGEST_LINE {
                        self.broken = true;
                    } else if count == room.len() {
                        continue;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => self.broken = true,
            }
            return;
        }
    }

    /// Reads all that a peer that has ended has left.
    pub(crate) fn fill_to_end(&mut self) {
        let mut before = usize::MAX;
        while self.input.len() != before && !self.broken {
            before = self.input.len();
            self.fill();
        }
    }

    /// The next record that has arrived whole. Damaged lines are left out: a peer of another age may
    /// say more than this one understands.
    pub(crate) fn next(&mut self) -> Option<Record> {
        loop {
            let rest = &self.input[self.taken..];
            let Some(end) = rest.iter().position(|b| *b == b'\n') else {
                self.input.drain(..self.taken);
                self.taken = 0;
                if self.input.is_empty() {
                    self.input = Vec::new();
                }
                return None;
            };
            let record = Record::decode(&rest[..=end]);
            self.taken += end + 1;
            if let Ok(record) = record {
                return Some(record);
            }
        }
    }

    /// The next descriptor that has arrived.
    pub(crate) fn next_fd(&mut self) -> Option<OwnedFd> {
        self.arrived.pop_front()
    }

    /// Sends a record, now or as soon as the peer takes it.
    pub(crate) fn send(&mut self, record: &Record, poller: &Poller) {
        self.queue(record);
        self.flush(poller);
    }

    /// Sends a record with the next flush, in one message with others.
    pub(crate) fn queue(&mut self, record: &Record) {
        if self.broken {
            return;
        }
        let bytes = record.encode();
        self.waiting += bytes.len();
        match self.output.back_mut() {
            Some(last) => last.bytes.extend(bytes),
            None => self.output.push_back(Parcel::new(bytes)),
        }
        self.mind_the_bound();
    }

    /// Sends records, and with them copies of descriptors, as many as there are records. What the
    /// kernel has taken reaches the peer also when this process dies right after.
    pub(crate) fn send_with(
        &mut self,
        records: &[Record],
        fds: &[BorrowedFd<'_>],
        poller: &Poller,
    ) {
        self.flush(poller);
        if self.broken {
            return;
        }
        let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
        let mut parcel = Parcel::new(bytes);
        let length = parcel.bytes.len();
        if self.output.is_empty()
            && let Ok(count) = forge_os::send_with_fds(&self.stream, &parcel.bytes, fds)
        {
            parcel.sent = count;
        } else {
            let copies = fds.iter().map(BorrowedFd::try_clone_to_owned).collect();
            match copies {
                Ok(copies) => parcel.fds = copies,
                // Records without their descriptors would be taken for others'.
                Err(_) => self.broken = true,
            }
        }
        if parcel.sent < length {
            self.waiting += length - parcel.sent;
            self.output.push_back(parcel);
            self.flush(poller);
            self.mind_the_bound();
        }
    }

    fn mind_the_bound(&mut self) {
        self.broken |= self.waiting > LONGEST_QUEUE;
    }

    /// Sends what waits.
    pub(crate) fn flush(&mut self, poller: &Poller) {
        if self.output.is_empty() && self.interest == Interest::Read {
            return;
        }
        while let Some(parcel) = self.output.front_mut() {
            let fds: Vec<BorrowedFd<'_>> = parcel.fds.iter().map(AsFd::as_fd).collect();
            match forge_os::send_with_fds(&self.stream, &parcel.bytes[parcel.sent..], &fds) {
                Ok(count) => {
                    drop(fds);
                    parcel.fds.clear();
                    parcel.sent += count;
                    self.waiting -= count;
                    if parcel.sent == parcel.bytes.len() {
                        self.output.pop_front();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.broken = true;
                    return;
                }
            }
        }
        let interest = if self.output.is_empty() {
            self.output = VecDeque::new();
            Interest::Read
        } else {
            Interest::Both
        };
        if interest != self.interest && poller.change(&self.stream, self.token, interest).is_ok() {
            self.interest = interest;
        }
    }

    /// Waits for nothing of it any more.
    pub(crate) fn silence(&mut self, poller: &Poller) {
        let _ = poller.remove(&self.stream);
        self.broken = true;
    }

    /// Ends the connection.
    pub(crate) fn close(self, poller: &Poller) {
        let _ = poller.remove(&self.stream);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_descriptors_arrive_together_in_order_through_a_full_queue() {
        let (one, two) = forge_os::socket_pair().expect("pair");
        let poller = Poller::new().expect("poller");
        let mut sender = Link::new(one, &poller, 1).expect("link");
        let mut receiver = Link::new(two, &poller, 2).expect("link");
        let big = vec![b'x'; 100_000];
        for number in 0..40 {
            let record = Record::new("data")
                .with_display("n", number)
                .with("big", &big);
            let fds = if number % 10 == 0 {
                vec![forge_os::null().expect("null")]
            } else {
                Vec::new()
            };
            let fds: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
            sender.send_with(&[record], &fds, &poller);
        }
        assert!(!sender.is_broken());
        let (mut next, mut fds) = (0, 0);
        while next < 40 {
            sender.flush(&poller);
            receiver.fill();
            while let Some(record) = receiver.next() {
                assert_eq!(record.parse::<i32>("n"), Ok(next));
                if next % 10 == 0 {
                    assert!(receiver.next_fd().is_some());
                    fds += 1;
                }
                next += 1;
            }
        }
        assert_eq!(fds, 4);
    }

    #[test]
    fn a_peer_that_does_not_read_is_dropped_at_the_bound() {
        let (one, _two) = forge_os::socket_pair().expect("pair");
        let poller = Poller::new().expect("poller");
        let mut sender = Link::new(one, &poller, 1).expect("link");
        let record = Record::new("data").with("big", vec![b'x'; 1 << 20]);
        for _ in 0..32 {
            sender.send(&record, &poller);
        }
        assert!(sender.is_broken());
    }
}
