//! Logs that are written, and what a question finds in them.

#![allow(dead_code)] // Each test file uses its part.

use std::path::Path;

use forge_facts::Stream;
use forge_logs::testing::Writer;
use forge_logs::{Item, Line, Logs, Query};

pub(crate) const SECOND: u64 = 1_000_000_000;

pub(crate) fn writer(root: &Path, process: &str, stream: Stream) -> Writer {
    Writer::new(&root.join(process), stream).expect("a log")
}

pub(crate) fn items(root: &Path, query: &Query) -> Vec<Item> {
    let items = Logs::new(root).query(query).expect("the logs can be read");
    items
        .collect::<Result<_, _>>()
        .expect("the items can be read")
}

pub(crate) fn lines(root: &Path, query: &Query) -> Vec<Line> {
    items(root, query)
        .iter()
        .filter_map(|item| item.line().cloned())
        .collect()
}

pub(crate) fn texts(root: &Path, query: &Query) -> Vec<String> {
    let lines = lines(root, query);
    lines
        .iter()
        .map(|line| String::from_utf8_lossy(&line.text).into_owned())
        .collect()
}
