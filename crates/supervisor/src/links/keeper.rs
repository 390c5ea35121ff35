//! The connection to the keeper: the socket that was handed over at the start.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;

use forge_facts::{KeeperFact, KeeperOrder};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::lines::{Records, write_all};
use crate::input::{Inbox, Input};

/// Takes orders for the keeper.
pub(crate) type KeeperWriter = mpsc::UnboundedSender<KeeperOrder>;

/// Speaks over this socket in the background. The last input is always [`Input::KeeperLost`].
pub(crate) fn speak(socket: OwnedFd, inbox: Inbox) -> std::io::Result<KeeperWriter> {
    let socket = StdUnixStream::from(socket);
    socket.set_nonblocking(true)?;
    let (from, to) = UnixStream::from_std(socket)?.into_split();
    let (writer, orders) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let writing = tokio::spawn(write_all(to, orders, KeeperOrder::to_record));
        let mut records = Records::new(from);
        while let Ok(Some(record)) = records.next().await {
            match KeeperFact::from_record(&record) {
                // Answered by the loop, not here: a loop that hangs is to be noticed.
                Ok(fact) => {
                    let _ = inbox.send(Input::Keeper(fact));
                }
                Err(_) => continue,
            }
        }
        writing.abort();
        let _ = inbox.send(Input::KeeperLost);
    });
    Ok(writer)
}
