//! What is known of a process beside CPU and memory, in a few words each.

use forge_api::{Container, Process};

use crate::output::text::safe;
use crate::output::units::{bytes, count};

/// What is known beside CPU and memory.
pub(super) fn facts(one: &Process) -> Vec<String> {
    let number = |value: Option<u64>, single: &str, many: &str| {
        value.map(|value| count(usize::try_from(value).unwrap_or(usize::MAX), single, many))
    };
    let ports: Vec<String> = one.listening.iter().map(ToString::to_string).collect();
    let rates = |name: &str, both: [(&str, Option<u64>); 2]| {
        let known = both
            .iter()
            .filter_map(|(word, value)| Some((word, (*value)?)));
        let known: Vec<String> = known
            .map(|(word, value)| format!("{word} {}/s", bytes(value)))
            .collect();
        (!known.is_empty()).then(|| format!("{name} {}", known.join(" ")))
    };
    // Worth a word only where counting shared pages for each process tells a different story.
    let shared = one.memory_bytes.zip(one.memory_pss_bytes);
    let shared = shared.filter(|(all, once)| one.pids.len() > 1 && *once < all / 10 * 9);
    let containers: Vec<String> = one.containers.iter().map(container).collect();
    [
        (!containers.is_empty()).then(|| containers.join(", ")),
        shared.map(|(_, once)| format!("memory {} with shared pages counted once", bytes(once))),
        number(one.threads, "thread", "threads"),
        number(one.open_files, "open file", "open files"),
        (!ports.is_empty()).then(|| format!("listens on {}", ports.join(", "))),
        rates(
            "disk",
            [
                ("read", one.disk_read_bytes_per_s),
                ("write", one.disk_write_bytes_per_s),
            ],
        ),
        rates(
            "net",
            [
                ("in", one.net_rx_bytes_per_s),
                ("out", one.net_tx_bytes_per_s),
            ],
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Its name and image, and how much of its memory it has.
fn container(one: &Container) -> String {
    let name = format!("container {} ({})", safe(&one.name), safe(&one.image));
    match one.memory_bytes.zip(one.memory_limit_bytes) {
        Some((used, limit)) => format!("{name} {} of {}", bytes(used), bytes(limit)),
        None => name,
    }
}
