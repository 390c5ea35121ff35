//! What the store holds, and the language in which it is asked: one line a request, one a reply.
//!
//! The same lines that change the table are what its file keeps, so that starting again is asking
//! the same things again.

use std::collections::{BTreeMap, VecDeque};

/// Values by key, and queues by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    values: BTreeMap<String, String>,
    queues: BTreeMap<String, VecDeque<String>>,
}

impl Table {
    /// Answers one request; the reply is one line without its newline.
    ///
    /// `PING`, `GET key`, `SET key value`, `ADD key number`, `PUSH queue value`, `POP queue`.
    /// What is not understood is answered by `ERROR` and a reason, and changes nothing.
    pub(crate) fn ask(&mut self, request: &str) -> String {
        let mut words = request.splitn(3, ' ');
        let verb = words.next().unwrap_or_default();
        match (verb, words.next(), words.next()) {
            ("PING", None, None) => "PONG".into(),
            ("GET", Some(key), None) => value(self.values.get(key)),
            ("SET", Some(key), Some(text)) => {
                self.values.insert(key.into(), text.into());
                "OK".into()
            }
            ("ADD", Some(key), Some(amount)) => self.add(key, amount),
            ("PUSH", Some(queue), Some(text)) => {
                self.queues
                    .entry(queue.into())
                    .or_default()
                    .push_back(text.into());
                "OK".into()
            }
            ("POP", Some(queue), None) => value(
                self.queues
                    .get_mut(queue)
                    .and_then(VecDeque::pop_front)
                    .as_ref(),
            ),
            _ => "ERROR unknown request; use PING, GET, SET, ADD, PUSH or POP".into(),
        }
    }

    /// Requests that build this table from an empty one, one a line.
    pub(crate) fn dump(&self) -> String {
        let values = self
            .values
            .iter()
            .map(|(key, text)| format!("SET {key} {text}\n"));
        let queued = self.queues.iter().flat_map(|(queue, texts)| {
            texts
                .iter()
                .map(move |text| format!("PUSH {queue} {text}\n"))
        });
        values.chain(queued).collect()
    }

    fn add(&mut self, key: &str, amount: &str) -> String {
        let old = self
            .values
            .get(key)
            .map_or(Ok(0), |text| text.parse::<i64>());
        let (Ok(old), Ok(amount)) = (old, amount.parse::<i64>()) else {
            return format!("ERROR {key} and what is added to it must be whole numbers");
        };
        let Some(sum) = old.checked_add(amount) else {
            return format!("ERROR {key} would be larger than a number can be");
        };
        self.values.insert(key.into(), sum.to_string());
        format!("VALUE {sum}")
    }
}

/// Whether a request can change a table and so has to be kept.
pub(crate) fn changes(request: &str) -> bool {
    ["SET ", "ADD ", "PUSH ", "POP "]
        .iter()
        .any(|verb| request.starts_with(verb))
}

fn value(text: Option<&String>) -> String {
    text.map_or_else(|| "NONE".into(), |text| format!("VALUE {text}"))
}

#[cfg(test)]
mod tests {
    use super::{Table, changes};

    #[test]
    fn a_value_is_everything_behind_the_key() {
        let mut table = Table::default();
        assert_eq!(table.ask("SET note:1 two words"), "OK");
        assert_eq!(table.ask("GET note:1"), "VALUE two words");
        assert_eq!(table.ask("GET note:2"), "NONE");
    }

    #[test]
    fn a_queue_gives_back_what_came_first() {
        let mut table = Table::default();
        table.ask("PUSH jobs 1");
        table.ask("PUSH jobs 2");
        assert_eq!(table.ask("POP jobs"), "VALUE 1");
        assert_eq!(table.ask("POP jobs"), "VALUE 2");
        assert_eq!(table.ask("POP jobs"), "NONE");
    }

    #[test]
    fn a_sum_never_overflows_and_never_counts_words() {
        let mut table = Table::default();
        assert_eq!(table.ask("ADD hits 2"), "VALUE 2");
        assert_eq!(table.ask("ADD hits -5"), "VALUE -3");
        table.ask("SET hits many");
        assert!(table.ask("ADD hits 1").starts_with("ERROR"));
        table.ask(&format!("SET hits {}", i64::MAX));
        assert!(table.ask("ADD hits 1").starts_with("ERROR"));
    }

    #[test]
    fn nonsense_is_an_error_that_changes_nothing() {
        let mut table = Table::default();
        for nonsense in [
            "",
            " ",
            "SET",
            "SET key",
            "GET",
            "FLY me",
            "PING twice",
            "get key",
        ] {
            assert!(table.ask(nonsense).starts_with("ERROR"), "{nonsense:?}");
        }
        assert_eq!(table, Table::default());
    }

    #[test]
    fn a_dump_asked_again_is_the_same_table() {
        let mut table = Table::default();
        let requests = [
            "SET a 1",
            "SET b x y  z ",
            "PUSH q one",
            "PUSH q two 2",
            "POP q",
        ];
        for request in requests {
            table.ask(request);
            assert!(changes(request));
        }
        let mut copy = Table::default();
        for request in table.dump().lines() {
            copy.ask(request);
        }
        assert_eq!(copy.dump(), table.dump());
        assert!(!changes("GET a"));
    }
}
