//! What a service says about itself, in words: the end of a name tells its unit.

use std::time::Duration;

use serde_json::{Map, Value};

use super::text::{clip, safe};
use super::units::{bytes, duration, percent};

/// Columns of one text, a query say.
const TEXT: usize = 60;

/// One piece for each figure: `connections 3 of 100`, `cache hit 99.1%`.
pub(crate) fn figures(service: &Map<String, Value>) -> Vec<String> {
    let mut pieces = Vec::new();
    for (name, value) in service {
        // Told with what it is the bound of.
        if bounded(service, name) {
            continue;
        }
        let (words, shown) = one(name, value);
        let most = bound_of(service, name).map(|bound| one(name, bound).1);
        pieces.push(match most {
            Some(most) => format!("{words} {shown} of {most}"),
            None => format!("{words} {shown}"),
        });
    }
    pieces
}

fn bounded(service: &Map<String, Value>, name: &str) -> bool {
    let what = match name.strip_suffix("_max_bytes") {
        Some(stem) => Some(format!("{stem}_bytes")),
        None => name.strip_suffix("_max").map(str::to_string),
    };
    what.is_some_and(|what| service.contains_key(&what))
}

fn bound_of<'a>(service: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let bound = match name.strip_suffix("_bytes") {
        Some(stem) => format!("{stem}_max_bytes"),
        None => format!("{name}_max"),
    };
    service.get(&bound)
}

/// The words of a name without its unit, and the value with it.
fn one(name: &str, value: &Value) -> (String, String) {
    let words = |name: &str| safe(name).replace('_', " ");
    let Some(number) = value.as_f64() else {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_string);
        return (words(name), clip(&safe(&text), TEXT));
    };
    let whole = if number.is_finite() {
        number.max(0.0) as u64
    } else {
        0
    };
    if let Some(stem) = name.strip_suffix("_bytes_per_s") {
        return (words(stem), format!("{}/s", bytes(whole)));
    }
    if let Some(stem) = name.strip_suffix("_per_s") {
        return (words(stem), format!("{}/s", plain(number)));
    }
    if let Some(stem) = name.strip_suffix("_bytes") {
        return (words(stem), bytes(whole));
    }
    if let Some(stem) = name.strip_suffix("_percent") {
        return (words(stem), percent(number));
    }
    let time = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    let in_time = match (name.strip_suffix("_ms"), name.strip_suffix("_s")) {
        (Some(stem), _) => time(number / 1000.0).map(|time| (stem, time)),
        (None, Some(stem)) => time(number).map(|time| (stem, time)),
        (None, None) => None,
    };
    match in_time {
        Some((stem, time)) => (words(stem), duration(time)),
        None => (words(name), plain(number)),
    }
}

fn plain(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{number:.0}")
    } else {
        let text = format!("{number:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_are_told_with_their_units_and_bounds() {
        let service = json!({
            "cache_hit_percent": 99.12, "commands_per_s": 12.5, "connections": 3,
            "connections_max": 100, "memory_bytes": 1048576, "memory_max_bytes": 2097152,
            "read_bytes_per_s": 2048, "slowest_query": "select\u{1b}[2J 1", "slowest_query_s": 1.25,
            "wait_ms": 12, "pool_max": 7,
        });
        let Value::Object(service) = service else {
            panic!("an object")
        };
        assert_eq!(
            figures(&service),
            [
                "cache hit 99.1%",
                "commands 12.5/s",
                "connections 3 of 100",
                "memory 1.0 MB of 2.0 MB",
                "pool max 7",
                "read 2.0 kB/s",
                "slowest query select 1",
                "slowest query 1.2s",
                "wait 12ms",
            ]
        );
    }
}
