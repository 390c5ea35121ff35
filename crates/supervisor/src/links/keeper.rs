//! The connection to the keeper: the socket that was handed over at the start.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;

use forge_facts::{KeeperFact, KeeperOrder};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::lines::{Records, write_all};
use crate::input::{Inbox, Input};

/// Takes orders for the keeper.
pub(crate) type KeeperWriter = mpsc::UnboundedSender<KeeperOrder>;

/// Speaks over this socket in the background. The last input is always [`Input::KeeperLost`]. The
/// task ends when all orders have left of a writer that is gone.
pub(crate) fn speak(
    socket: OwnedFd,
    inbox: Inbox,
) -> std::io::Result<(KeeperWriter, JoinHandle<()>)> {
    let socket = StdUnixStream::from(socket);
    socket.set_nonblocking(true)?;
    let (from, to) = UnixStream::from_std(socket)?.into_split();
    let (writer, orders) = mpsc::unbounded_channel();
    let writing = tokio::spawn(async move {
        // A keeper that is gone is noticed by whoever listens to it.
        let _ = write_all(to, orders, KeeperOrder::to_record).await;
    });
    tokio::spawn(async move {
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
        let _ = inbox.send(Input::KeeperLost);
    });
    Ok((writer, writing))
}
