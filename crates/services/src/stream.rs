//! A connection to a service, and reading from it with a limit.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};

use crate::error::Trouble;
use crate::tls;
use crate::url::Url;

/// Both directions of a connection, whatever carries it.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A connection.
pub(crate) struct Stream {
    wire: BufReader<Box<dyn Wire>>,
    /// Whether nobody on the way can read along: TLS, or a socket in the file system.
    pub(crate) private: bool,
}

impl Stream {
    /// Connects as the URL says, without TLS.
    pub(crate) async fn connect(url: &Url) -> Result<Self, Trouble> {
        if let Some(socket) = &url.socket {
            let wire = UnixStream::connect(socket).await?;
            return Ok(Stream::over(Box::new(wire), true));
        }
        let wire = TcpStream::connect((url.host.as_str(), url.port)).await?;
        // Every question is one small write.
        let _ = wire.set_nodelay(true);
        Ok(Stream::over(Box::new(wire), false))
    }

    fn over(wire: Box<dyn Wire>, private: bool) -> Self {
        Stream {
            wire: BufReader::new(wire),
            private,
        }
    }

    /// Begins TLS. What was read ahead would be lost; the protocols say that nothing is sent before.
    pub(crate) async fn secure(self, host: &str) -> Result<Self, Trouble> {
        let wire = tls::connect(self.wire.into_inner(), host).await?;
        Ok(Stream::over(Box::new(wire), true))
    }

    pub(crate) fn into_wire(self) -> Box<dyn Wire> {
        self.wire.into_inner()
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.wire.write_all(bytes).await?;
        Ok(self.wire.flush().await?)
    }

    pub(crate) async fn byte(&mut self) -> Result<u8, Trouble> {
        Ok(self.wire.read_u8().await?)
    }

    /// Exactly so many bytes; more than `most` is refused, so that no answer can take all memory.
    pub(crate) async fn exactly(&mut self, count: usize, most: usize) -> Result<Vec<u8>, Trouble> {
        if count > most {
            return Err(Trouble::Strange(format!(
                "a message of {count} bytes, over {most}"
            )));
        }
        let mut bytes = vec![0; count];
        self.wire.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    /// Up to a line feed, without it and a carriage return before it.
    pub(crate) async fn line(&mut self, most: usize) -> Result<Vec<u8>, Trouble> {
        let mut line = Vec::new();
        loop {
            match self.byte().await? {
                b'\n' => break,
                byte => line.push(byte),
            }
            if line.len() > most {
                return Err(Trouble::Strange(format!("a line of over {most} bytes")));
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }
}
