//! Which figures of a page to show. Pages have hundreds; people want to see pools, queues, rates and times.

use std::collections::BTreeMap;

use super::text::{Family, Kind, Series};
use crate::statistics::Findings;

/// So many are chosen, where nobody names them.
const MOST: usize = 16;
/// A name with so many values is shown as their sum.
const SERIES: usize = 4;

/// Pieces of names, the most telling first.
const GAUGES: [&str; 22] = [
    "pool",
    "connections",
    "in_flight",
    "inflight",
    "queue",
    "pending",
    "backlog",
    "active",
    "workers",
    "sessions",
    "goroutines",
    "eventloop_lag_mean",
    "eventloop_lag_seconds",
    "heap_alloc_bytes",
    "heap_size_used",
    "heap_used",
    "memory_used",
    "resident_memory",
    "threads_live",
    "jobs",
    "cache",
    "lag",
];
const COUNTERS: [&str; 12] = [
    "http_requests",
    "requests",
    "http_server",
    "request",
    "errors",
    "exceptions",
    "jobs",
    "tasks",
    "messages",
    "queries",
    "hits",
    "misses",
];
const DISTRIBUTIONS: [&str; 6] = [
    "http_request",
    "request",
    "http_server",
    "query",
    "job",
    "duration",
];

/// Things of the runtime and of the page itself that nobody looks at.
const NOISE: [&str; 8] = [
    "promhttp_",
    "prometheus_",
    "go_memstats_",
    "scrape_",
    "_created",
    "_info",
    "go_sched_",
    "go_cpu_",
];

pub(super) fn choose(families: &BTreeMap<String, Family>, wanted: &str) -> Findings {
    let patterns: Vec<&str> = wanted
        .split(',')
        .map(str::trim)
        .filter(|pattern| !pattern.is_empty())
        .collect();
    let mut found = Findings::default();
    if !patterns.is_empty() {
        for (name, family) in families {
            if patterns.iter().any(|pattern| matches(pattern, name)) {
                show(&mut found, name, family, false);
            }
        }
        return found;
    }
    let mut ranked: Vec<(usize, &String, &Family)> = families
        .iter()
        .filter(|(name, _)| !NOISE.iter().any(|noise| name.contains(noise)))
        .filter_map(|(name, family)| Some((rank(name, family)?, name, family)))
        .collect();
    ranked.sort_by_key(|(rank, name, _)| (*rank, *name));
    for (_, name, family) in ranked.into_iter().take(MOST) {
        show(&mut found, name, family, true);
    }
    found
}

fn rank(name: &str, family: &Family) -> Option<usize> {
    let among = |hints: &[&str]| hints.iter().position(|hint| name.contains(hint));
    match kind(name, family) {
        Kind::Gauge | Kind::Unknown => among(&GAUGES),
        Kind::Counter => among(&COUNTERS),
        Kind::Distribution => among(&DISTRIBUTIONS),
    }
}

/// An undeclared name tells by its end what it is.
fn kind(name: &str, family: &Family) -> Kind {
    match family.kind {
        Kind::Unknown if name.ends_with("_total") => Kind::Counter,
        known => known,
    }
}

fn show(found: &mut Findings, name: &str, family: &Family, brief: bool) {
    let total = |series: &mut dyn Iterator<Item = &Series>| series.map(|series| series.value).sum();
    match kind(name, family) {
        Kind::Gauge | Kind::Unknown => {
            if brief && family.series.len() > SERIES {
                found.number(name, Some(total(&mut family.series.iter())));
                return;
            }
            for series in &family.series {
                found.number(&labelled(series), series.value);
            }
        }
        Kind::Counter => {
            let base = name.strip_suffix("_total").unwrap_or(name);
            found.counter(
                &format!("{base}_per_s"),
                Some(total(&mut family.series.iter())),
            );
            let mut failed = family
                .series
                .iter()
                .filter(|series| is_failure(series))
                .peekable();
            if failed.peek().is_some() {
                found.counter(&format!("{base}_5xx_per_s"), Some(total(&mut failed)));
            }
            if !brief {
                found.number(name, Some(total(&mut family.series.iter())));
            }
        }
        Kind::Distribution => {
            let ends = |end: &'static str| {
                family
                    .series
                    .iter()
                    .filter(move |series| series.name.ends_with(end))
            };
            let (sum, count): (f64, f64) = (total(&mut ends("_sum")), total(&mut ends("_count")));
            found.means.insert(format!("{name}_mean"), (sum, count));
            found.counter(&format!("{name}_per_s"), Some(count));
        }
    }
}

fn labelled(series: &Series) -> String {
    if series.labels.is_empty() {
        return series.name.clone();
    }
    let labels = series
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let labels = labels.collect::<Vec<_>>().join(",");
    format!("{}{{{}}}", series.name, crate::error::one_line(&labels, 80))
}

fn is_failure(series: &Series) -> bool {
    series.labels.iter().any(|(name, value)| {
        matches!(
            name.as_str(),
            "code" | "status" | "status_code" | "http_status"
        ) && value.starts_with('5')
    })
}

/// Whether a name is meant by a pattern, in which `*` is anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            match rest.find(before) {
                Some(at) => rest = &rest[at + str::len(before)..],
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(end) => rest.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::parse;
    use super::*;
    use crate::Value;

    #[test]
    fn patterns_match_as_people_expect() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("*", "ab", true),
            ("a*c*e", "abcde", true),
            ("a*x*e", "abcde", false),
            ("a*b", "a", false),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_told_is_pools_rates_and_times_and_not_the_runtimes_insides() {
        let page = "# TYPE http_requests_total counter\n\
            http_requests_total{code=\"200\"} 90\nhttp_requests_total{code=\"503\"} 10\n\
            # TYPE db_pool_connections gauge\ndb_pool_connections{state=\"idle\"} 3\ndb_pool_connections{state=\"used\"} 4\n\
            # TYPE request_duration_seconds histogram\nrequest_duration_seconds_bucket{le=\"1\"} 5\n\
            request_duration_seconds_sum 2.5\nrequest_duration_seconds_count 5\n\
            # TYPE go_memstats_heap_alloc_bytes gauge\ngo_memstats_heap_alloc_bytes 1\n\
            # TYPE moon_phase gauge\nmoon_phase 0.5\n";
        let found = choose(&parse(page), "");
        assert_eq!(
            found.figures["db_pool_connections{state=idle}"],
            Value::Number(3.0)
        );
        assert_eq!(found.figures.len(), 2);
        assert_eq!(found.counters["http_requests_per_s"], 100.0);
        assert_eq!(found.counters["http_requests_5xx_per_s"], 10.0);
        assert_eq!(found.means["request_duration_seconds_mean"], (2.5, 5.0));
        let named = choose(&parse(page), "moon_*, http_requests_total");
        assert_eq!(named.figures["moon_phase"], Value::Number(0.5));
        assert_eq!(named.figures["http_requests_total"], Value::Number(100.0));
        assert_eq!(named.figures.len(), 2);
    }

    #[test]
    fn many_series_are_shown_as_one() {
        let lines = (0..50).map(|n| format!("worker_queue{{n=\"{n}\"}} 2\n"));
        let found = choose(&parse(&lines.collect::<String>()), "");
        assert_eq!(found.figures["worker_queue"], Value::Number(100.0));
    }
}
