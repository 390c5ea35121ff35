//! The store as its users see it: a connection that is made when needed and again after a failure.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::Failure;

/// How long to wait for the store to accept or to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of the store at one address.
pub(crate) struct Client {
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    /// A client that connects to `address` (`host:port`) with its first request.
    pub(crate) fn new(address: String) -> Client {
        Client {
            address,
            connection: None,
        }
    }

    /// The reply to one request.
    ///
    /// # Errors
    ///
    /// The store cannot be reached, or it refuses the request (`ERROR …`).
    pub(crate) fn ask(&mut self, request: &str) -> Result<String, Failure> {
        let reply = self.exchange(request).map_err(|error| {
            self.connection = None;
            format!("cannot reach the store at {}: {error}", self.address)
        })?;
        match reply.strip_prefix("ERROR ") {
            Some(reason) => Err(format!("the store refused {request:?}: {reason}").into()),
            None => Ok(reply),
        }
    }

    /// The value that a request is answered with; `None` where there is none.
    ///
    /// # Errors
    ///
    /// As for [`Client::ask`].
    pub(crate) fn value(&mut self, request: &str) -> Result<Option<String>, Failure> {
        Ok(self.ask(request)?.strip_prefix("VALUE ").map(String::from))
    }

    fn exchange(&mut self, request: &str) -> io::Result<String> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            empty => empty.insert(BufReader::new(connect(&self.address)?)),
        };
        // A newline within a value would be taken for the end of the request.
        let request = request.replace(['\n', '\r'], " ");
        connection
            .get_mut()
            .write_all(format!("{request}\n").as_bytes())?;
        let mut reply = String::new();
        connection.read_line(&mut reply)?;
        match reply.strip_suffix('\n') {
            Some(reply) => Ok(reply.into()),
            None => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it closed the connection",
            )),
        }
    }
}

/// Connects to `host:port`, with time limits for connecting, reading and writing.
///
/// # Errors
///
/// The address is not one, or nothing accepts there in time.
pub(crate) fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "the address names no host");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(connection) => {
                connection.set_read_timeout(Some(PATIENCE))?;
                connection.set_write_timeout(Some(PATIENCE))?;
                return Ok(connection);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
