//! Records over a stream: one line, one record.

use std::io;

use forge_facts::Record;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;

/// A peer that sends a longer line is not one of ours.
const LINE_MAX: usize = 8 << 20;

/// Reads records one by one.
pub(super) struct Records<R> {
    from: BufReader<R>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Records<R> {
    pub(super) fn new(from: R) -> Self {
        Records {
            from: BufReader::new(from),
            line: Vec::new(),
        }
    }

    /// The next record; `None` when the peer has closed.
    pub(super) async fn next(&mut self) -> io::Result<Option<Record>> {
        self.line.clear();
        let read = self.from.read_until(b'\n', &mut self.line).await?;
        if read == 0 || !self.line.ends_with(b"\n") {
            return Ok(None);
        }
        if self.line.len() > LINE_MAX {
            return Err(io::Error::other("a line of more than 8 MiB"));
        }
        Record::decode(&self.line)
            .map(Some)
            .map_err(io::Error::other)
    }
}

/// Writes what the channel holds, many records at once where there are many, until either end closes.
pub(super) async fn write_all<W: AsyncWrite + Unpin, T>(
    mut to: W,
    mut from: mpsc::UnboundedReceiver<T>,
    encode: impl Fn(&T) -> Record,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(first) = from.recv().await {
        bytes.extend(encode(&first).encode());
        while let Ok(more) = from.try_recv() {
            bytes.extend(encode(&more).encode());
        }
        to.write_all(&bytes).await?;
        bytes.clear();
        bytes.shrink_to(64 << 10);
    }
    Ok(())
}
