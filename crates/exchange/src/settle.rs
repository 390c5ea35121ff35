//! What Forge asks of a profile as a whole: known dependencies, no circles, no port twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::{Draft, write_needs};
use crate::fields::Ledger;
use crate::report::Fate;
use crate::value::Value;

/// Settles drafts among one another; what had to go is noted.
pub(crate) fn settle(drafts: &mut [Draft], ledger: &Ledger) {
    texts(drafts, ledger);
    unknown_needs(drafts, ledger);
    circles(drafts, ledger);
    ports(drafts, ledger);
    write_needs(drafts);
}

/// Takes away what no process can be given: NUL bytes, and variables that cannot have their name.
fn texts(drafts: &mut [Draft], ledger: &Ledger) {
    for draft in drafts {
        let mut gone = Vec::new();
        for (key, value) in &mut draft.fields {
            if without_nul(value) {
                gone.push((key.clone(), "a NUL byte was left out".to_string()));
            }
            if let ("env", Value::Map(entries)) = (key.as_str(), value) {
                let bad = |name: &str| name.is_empty() || name.contains(['=', '\0']);
                for (name, _) in entries.iter().filter(|(name, _)| bad(name)) {
                    let why = format!("a variable cannot be named {name:?}");
                    gone.push((key.clone(), why));
                }
                entries.retain(|(name, _)| !bad(name));
            }
        }
        for (field, why) in gone {
            ledger.note(draft.place, Some(&draft.source), &field, Fate::Dropped(why));
        }
    }
}

fn without_nul(value: &mut Value) -> bool {
    match value {
        Value::Text(text) if text.contains('\0') => {
            text.retain(|c| c != '\0');
            true
        }
        Value::Null | Value::Text(_) | Value::Bare(_) => false,
        Value::List(items) => items
            .iter_mut()
            .fold(false, |any, item| without_nul(item) | any),
        Value::Map(entries) => entries
            .iter_mut()
            .fold(false, |any, (_, value)| without_nul(value) | any),
    }
}

fn unknown_needs(drafts: &mut [Draft], ledger: &Ledger) {
    let known: BTreeSet<String> = drafts.iter().map(|draft| draft.source.clone()).collect();
    for draft in drafts {
        let source = draft.source.clone();
        let mut seen = BTreeSet::new();
        draft.needs.retain(|need| {
            let why = match () {
                () if need.on == source => "a process cannot wait for itself".to_string(),
                () if !known.contains(&need.on) => {
                    format!("there is no process `{}`", need.on)
                }
                () => return seen.insert(need.on.clone()),
            };
            ledger.note(need.place, Some(&source), &need.field, Fate::Dropped(why));
            false
        });
    }
}

/// Takes away the edge that closes a circle.
fn circles(drafts: &mut [Draft], ledger: &Ledger) {
    let index: BTreeMap<String, usize> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| (draft.source.clone(), at))
        .collect();
    let mut done = vec![false; drafts.len()];
    for start in 0..drafts.len() {
        // The path from the start, each with the number of edges that were looked at.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((at, next)) = path.last().copied() {
            let target = drafts[at].needs.get(next);
            let Some(to) = target.and_then(|need| index.get(&need.on)).copied() else {
                done[at] = true;
                path.pop();
                continue;
            };
            if let Some(begin) = path.iter().position(|(member, _)| *member == to) {
                let need = drafts[at].needs.remove(next);
                let members = path[begin..].iter().map(|(member, _)| *member).chain([to]);
                let names: Vec<&str> = members.map(|m| drafts[m].source.as_str()).collect();
                let why = format!("it closes a circle: {}", names.join(" -> "));
                let process = drafts[at].source.clone();
                ledger.note(need.place, Some(&process), &need.field, Fate::Dropped(why));
                continue;
            }
            if let Some(last) = path.last_mut() {
                last.1 += 1;
            }
            if !done[to] {
                path.push((to, 0));
            }
        }
    }
}

/// Two processes of a profile cannot declare the same port: the first keeps it.
fn ports(drafts: &mut [Draft], ledger: &Ledger) {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for draft in drafts {
        let (source, place) = (draft.source.clone(), draft.place);
        let mut taken = |value: &Value, field: &str| {
            let Value::Bare(port) = value else {
                return false;
            };
            match owners.get(port).filter(|owner| **owner != source) {
                Some(owner) => {
                    let how = format!("port {port} is also that of `{owner}`: not declared here");
                    ledger.note(place, Some(&source), field, Fate::Approximated(how));
                    true
                }
                None => {
                    owners.insert(port.clone(), source.clone());
                    false
                }
            }
        };
        if draft.get("port").is_some_and(|port| taken(port, "port")) {
            draft.remove("port");
        }
        if let Some(Value::List(ports)) = draft.get("ports").cloned() {
            let left: Vec<Value> = ports
                .into_iter()
                .filter(|port| !taken(port, "ports"))
                .collect();
            match left.is_empty() {
                true => draft.remove("ports"),
                false => draft.set("ports", Value::List(left)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Need, When};

    fn draft(name: &str, needs: &[&str]) -> Draft {
        let mut draft = Draft::new(name, name, Default::default());
        draft.needs = needs
            .iter()
            .map(|on| Need {
                on: on.to_string(),
                place: Default::default(),
                field: format!("depends_on.{on}"),
                when: When::Ready,
                on_down: "",
            })
            .collect();
        draft
    }

    #[test]
    fn circles_are_opened_and_named() {
        let ledger = Ledger::default();
        let mut drafts = [
            draft("a", &["b", "nobody", "a"]),
            draft("b", &["c"]),
            draft("c", &["a", "d"]),
            draft("d", &[]),
        ];
        settle(&mut drafts, &ledger);
        let report = ledger.finish();
        let whys: Vec<_> = report.dropped().filter_map(|entry| entry.note()).collect();
        assert_eq!(whys.len(), 3);
        assert!(whys.contains(&"it closes a circle: a -> b -> c -> a"));
        assert_eq!(drafts[2].get("depends_on"), Some(&Value::texts(["d"])));
    }

    #[test]
    fn a_port_stays_with_its_first_owner() {
        let ledger = Ledger::default();
        let mut drafts = [draft("a", &[]), draft("b", &[])];
        drafts[0].set("port", Value::bare(80));
        drafts[1].set("port", Value::bare(80));
        drafts[1].set("ports", Value::List(vec![Value::bare(80), Value::bare(81)]));
        settle(&mut drafts, &ledger);
        assert_eq!(drafts[1].get("port"), None);
        assert_eq!(
            drafts[1].get("ports"),
            Some(&Value::List(vec![Value::bare(81)]))
        );
    }
}
