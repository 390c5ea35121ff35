//! The store: a table behind a TCP port, kept in a file.
//!
//! The file holds the requests that changed the table, one a line. It is rewritten in short form at
//! each start, by a rename, so that it is whole at any moment. A last line without a newline was
//! cut off by a crash, was never answered, and is dropped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::table::{Table, changes};
use crate::{Failure, listen, log};

/// Longest request in bytes; a longer one ends its connection.
const LONGEST: u64 = 64 * 1024;

struct Store {
    table: Table,
    file: Option<File>,
}

/// Serves the table kept in `file` until the process is ended.
///
/// # Errors
///
/// The file cannot be read or written, or the port cannot be listened on.
pub(crate) fn serve(file: Option<&Path>) -> Result<(), Failure> {
    let store = match file {
        Some(path) => open(path).map_err(|error| {
            format!(
                "cannot keep data in {}: {error}; name another file",
                path.display()
            )
        })?,
        None => Store {
            table: Table::default(),
            file: None,
        },
    };
    let listener = listen::on_port()?;
    log::line(&format!(
        "info: store listening on {}",
        listener.local_addr()?
    ));
    let store = Arc::new(Mutex::new(store));
    for connection in listener.incoming() {
        let store = Arc::clone(&store);
        let spawned = connection.and_then(|connection| {
            thread::Builder::new().spawn(move || converse(&connection, &store))
        });
        if let Err(error) = spawned {
            log::error(&format!("warning: cannot take a connection: {error}"));
        }
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<Store> {
    let kept = match fs::read_to_string(path) {
        Ok(kept) => kept,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut table = Table::default();
    let whole = kept.rfind('\n').map_or("", |end| &kept[..end]);
    let mut requests = 0;
    for request in whole.lines() {
        table.ask(request);
        requests += 1;
    }
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    let short = path.with_extension("new");
    fs::write(&short, table.dump())?;
    fs::rename(&short, path)?;
    log::line(&format!(
        "info: {requests} changes read from {}",
        path.display()
    ));
    let file = OpenOptions::new().append(true).open(path)?;
    Ok(Store {
        table,
        file: Some(file),
    })
}

/// Answers one client until it goes away; its errors are its own.
fn converse(connection: &TcpStream, store: &Mutex<Store>) {
    let mut reader = BufReader::new(connection);
    let mut writer = connection;
    loop {
        let mut request = Vec::new();
        let length = reader
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', &mut request);
        if !matches!(length, Ok(1..)) || request.pop() != Some(b'\n') {
            return;
        }
        let request = String::from_utf8_lossy(&request);
        let reply = answer(store, request.trim_end_matches('\r'));
        if writer.write_all(format!("{reply}\n").as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(store: &Mutex<Store>, request: &str) -> String {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    if changes(request)
        && let Some(file) = &mut store.file
        && let Err(error) = file.write_all(format!("{request}\n").as_bytes())
    {
        log::error(&format!("error: cannot keep a change: {error}"));
        return format!("ERROR cannot keep this: {error}");
    }
    store.table.ask(request)
}
