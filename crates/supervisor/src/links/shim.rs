//! The connection to the shim of one process.

use std::io;
use std::path::PathBuf;

use forge_facts::{Fact, Hello, Order, PROTOCOL, Role};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::lines::{Records, write_all};
use crate::input::{Inbox, Input};

/// Takes orders for a shim. Orders that are in it when the connection breaks are lost: what is
/// still wanted is ordered anew when the connection is back.
pub(crate) type ShimWriter = mpsc::UnboundedSender<Order>;

/// What is needed to speak to a shim.
pub(crate) struct Address {
    /// Process.
    pub(crate) name: String,
    /// The shim's socket.
    pub(crate) socket: PathBuf,
    /// Number of this connection.
    pub(crate) connection: u64,
    /// The last entry of its journal that is known.
    pub(crate) after: u64,
}

/// Connects in the background. Everything that comes of it reaches the inbox; the last input is
/// always [`Input::ShimLost`].
pub(crate) fn connect(address: Address, inbox: Inbox) {
    tokio::spawn(async move {
        let (name, connection) = (address.name.clone(), address.connection);
        let why = match speak(address, &inbox).await {
            Ok(()) => "closed".to_string(),
            Err(error) => error.to_string(),
        };
        let _ = inbox.send(Input::ShimLost {
            name,
            connection,
            why,
        });
    });
}

async fn speak(address: Address, inbox: &Inbox) -> io::Result<()> {
    let socket = forge_os::connect_in(&address.socket)?;
    socket.set_nonblocking(true)?;
    let (from, mut to) = UnixStream::from_std(socket)?.into_split();
    let mut records = Records::new(from);

    let pid = i32::try_from(std::process::id()).unwrap_or(0);
    let mut hello = Hello::new(Role::Supervisor, pid, env!("CARGO_PKG_VERSION"));
    hello.after = address.after;
    to.write_all(&hello.to_record().encode()).await?;
    let Some(answer) = records.next().await? else {
        return Err(io::Error::other("closed before its greeting"));
    };
    let answer = Hello::from_record(&answer).map_err(io::Error::other)?;
    if answer.protocol != PROTOCOL {
        return Err(io::Error::other(format!(
            "its shim (pid {}) speaks protocol {}, this supervisor {PROTOCOL}",
            answer.pid, answer.protocol
        )));
    }

    let (writer, orders) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write_all(to, orders, Order::to_record));
    let _ = inbox.send(Input::ShimUp {
        name: address.name.clone(),
        connection: address.connection,
        pid: answer.pid,
        writer,
    });
    let end = listen(&address, &mut records, inbox).await;
    writing.abort();
    end
}

async fn listen<R: tokio::io::AsyncRead + Unpin>(
    address: &Address,
    records: &mut Records<R>,
    inbox: &Inbox,
) -> io::Result<()> {
    while let Some(record) = records.next().await? {
        // A kind of fact that this version does not know is none of its business.
        let Ok(fact) = Fact::from_record(&record) else {
            continue;
        };
        let _ = inbox.send(Input::Shim {
            name: address.name.clone(),
            connection: address.connection,
            fact,
        });
    }
    Ok(())
}
