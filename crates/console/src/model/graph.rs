//! The order of the graph: each process below what it needs, as a tree that can be read downwards.

use super::Model;

/// A row of the graph: which of the shown processes it is, and how far in it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) at: usize,
    pub(crate) depth: usize,
}

/// The rows, from those that need nothing downwards. Who needs several stands below the one that comes
/// up last.
pub(crate) fn rows(model: &Model) -> Vec<Row> {
    let shown = model.shown();
    let nodes = model.graph.as_ref().map(|graph| graph.nodes.as_slice());
    let nodes = nodes.unwrap_or_default();
    let place = |name: &str| shown.iter().position(|process| process.name == name);
    let level = |name: &str| {
        nodes
            .iter()
            .find(|node| node.name == name)
            .map_or(0, |node| node.level)
    };
    let parents: Vec<Option<usize>> = shown
        .iter()
        .map(|process| {
            let node = nodes.iter().find(|node| node.name == process.name)?;
            let needs = node.needs.iter().filter(|(name, _)| place(name).is_some());
            let last = needs.max_by_key(|(name, _)| level(name))?;
            place(&last.0).filter(|_| level(&last.0) < node.level)
        })
        .collect();
    let mut out = Vec::with_capacity(shown.len());
    for at in (0..shown.len()).filter(|at| parents[*at].is_none()) {
        add(&parents, Row { at, depth: 0 }, &mut out);
    }
    out
}

/// A row, and those below it. Parents have a lower level, so that this ends.
fn add(parents: &[Option<usize>], row: Row, out: &mut Vec<Row>) {
    out.push(row);
    for at in (0..parents.len()).filter(|at| parents[*at] == Some(row.at)) {
        let depth = row.depth + 1;
        add(parents, Row { at, depth }, out);
    }
}

/// Moves the choice by so many rows of the graph.
pub(crate) fn step(model: &mut Model, by: isize) {
    let rows = rows(model);
    let now = rows.iter().position(|row| row.at == model.processes.at);
    let next = now
        .unwrap_or(0)
        .saturating_add_signed(by)
        .min(rows.len().saturating_sub(1));
    if let Some(row) = rows.get(next) {
        model.processes.at = row.at;
    }
}

#[cfg(test)]
mod tests {
    use forge_api::{GraphAnswer, GraphNode};

    use super::*;
    use crate::message::Message;
    use crate::update::tests::{console, process, status, tell};

    #[test]
    fn each_process_stands_below_what_it_needs() {
        let mut model = console(80, 24);
        let names = ["web", "api", "other", "db"];
        let all = names.map(|name| process(name, "running")).to_vec();
        tell(&mut model, Message::Status(Box::new(status(all))));
        let node = |name: &str, level, needs: &[&str]| GraphNode {
            name: name.into(),
            status: "running".into(),
            level,
            needs: needs
                .iter()
                .map(|need| ((*need).to_string(), "healthy".to_string()))
                .collect(),
        };
        model.graph = Some(GraphAnswer {
            nodes: vec![
                node("db", 0, &[]),
                node("other", 0, &[]),
                node("api", 1, &["db"]),
                node("web", 2, &["other", "api"]),
            ],
        });
        let shown = |model: &Model| -> Vec<(usize, usize)> {
            rows(model).iter().map(|row| (row.at, row.depth)).collect()
        };
        assert_eq!(shown(&model), [(2, 0), (3, 0), (1, 1), (0, 2)]);
        model.processes.at = 2;
        step(&mut model, 2);
        assert_eq!(model.processes.at, 1);
        step(&mut model, isize::MAX);
        assert_eq!(model.processes.at, 0);
        step(&mut model, isize::MIN);
        assert_eq!(model.processes.at, 2);
        model.graph = None;
        assert_eq!(rows(&model).len(), 4);
    }
}
