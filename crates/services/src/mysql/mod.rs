//! MySQL and MariaDB: connections, cache, queries, what runs longest.

mod auth;
mod wire;

use crate::error::Trouble;
use crate::statistics::Findings;
use crate::url::Url;
use wire::Connection;

const STATUS: &str = "SHOW GLOBAL STATUS";
const VARIABLES: &str =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections', 'version')";
/// The text stands behind the time, so that a version that names the columns otherwise makes no difference.
const SLOWEST: &str = "SELECT TIME, LEFT(INFO, 300) FROM information_schema.PROCESSLIST \
     WHERE COMMAND IN ('Query', 'Execute') AND ID <> CONNECTION_ID() ORDER BY TIME DESC LIMIT 1";

pub(crate) async fn ask(url: &Url) -> Result<Findings, Trouble> {
    let mut connection = Connection::open(url).await?;
    let mut known = connection.query(STATUS).await?;
    known.extend(connection.query(VARIABLES).await?);
    // Needs a right that a small account may lack; the rest is worth telling all the same.
    let slowest = match connection.query(SLOWEST).await {
        Ok(rows) => Some(rows),
        Err(Trouble::Refused(_)) => None,
        Err(trouble) => return Err(trouble),
    };
    connection.close().await;
    Ok(findings(&known, slowest.as_deref()))
}

fn findings(known: &[Vec<Option<String>>], slowest: Option<&[Vec<Option<String>>]>) -> Findings {
    let value = |name: &str| {
        let named = |row: &&Vec<Option<String>>| {
            let first = row.first().and_then(Option::as_deref);
            first.is_some_and(|known| known.eq_ignore_ascii_case(name))
        };
        known.iter().find(named)?.get(1)?.as_deref()
    };
    let number = |name: &str| value(name)?.parse::<f64>().ok();
    let mut found = Findings::default();
    for (name, field) in [
        ("connections_max", "max_connections"),
        ("connections_peak", "Max_used_connections"),
        ("slow_queries", "Slow_queries"),
        ("deadlocks", "Innodb_deadlocks"),
        ("open_tables", "Open_tables"),
    ] {
        found.number(name, number(field));
    }
    // This very connection is one of them, and runs.
    let others = |count: Option<f64>| count.map(|count| (count - 1.0).max(0.0));
    found.number("connections", others(number("Threads_connected")));
    found.number("connections_active", others(number("Threads_running")));
    let (asked, read) = (
        number("Innodb_buffer_pool_read_requests"),
        number("Innodb_buffer_pool_reads"),
    );
    let hits = asked.zip(read).map(|(asked, read)| (asked - read).max(0.0));
    found.percent("cache_hit_percent", hits, read);
    found.counter("queries_per_s", number("Questions").or(number("Queries")));
    found.counter("slow_queries_per_s", number("Slow_queries"));
    if let Some(version) = value("version") {
        found.text("version", version);
    }
    if let Some(rows) = slowest {
        let row = rows.first().map_or(&[][..], Vec::as_slice);
        let seconds = row
            .first()
            .and_then(|time| time.as_ref()?.parse::<f64>().ok());
        found.number("slowest_query_s", seconds.or(Some(0.0)));
        if let Some(Some(query)) = row.get(1) {
            found.text("slowest_query", &crate::error::one_line(query, 120));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn status_becomes_figures() {
        let row = |name: &str, value: &str| vec![Some(name.to_string()), Some(value.to_string())];
        let known = [
            row("Threads_connected", "5"),
            row("max_connections", "151"),
            row("Innodb_buffer_pool_read_requests", "1000"),
            row("Innodb_buffer_pool_reads", "50"),
            row("Questions", "900"),
            vec![None],
            vec![],
        ];
        let slowest = [vec![
            Some("12".to_string()),
            Some("SELECT SLEEP(99)".to_string()),
        ]];
        let found = findings(&known, Some(&slowest));
        assert_eq!(found.figures["connections"], Value::Number(4.0));
        assert_eq!(found.figures["cache_hit_percent"], Value::Number(95.0));
        assert_eq!(found.figures["slowest_query_s"], Value::Number(12.0));
        assert_eq!(found.counters["queries_per_s"], 900.0);
        assert!(!found.figures.contains_key("deadlocks"));
    }
}
