//! PostgreSQL: connections, cache, transactions, what runs longest.

mod auth;
mod wire;

use crate::error::{Trouble, one_line};
use crate::statistics::Findings;
use crate::url::Url;
use wire::Connection;

/// Statistics of the whole server and of the database that the URL names. What a later version has renamed is missing
/// from its answer rather than failing all of it, so each question stands alone.
const QUESTIONS: [&str; 4] = [
    "SELECT current_setting('max_connections') AS connections_max, \
     count(*) FILTER (WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS connections, \
     count(*) FILTER (WHERE state = 'active' AND backend_type = 'client backend' \
       AND pid <> pg_backend_pid()) AS connections_active, \
     count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS connections_idle_in_transaction, \
     count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting_for_locks FROM pg_stat_activity",
    "SELECT blks_hit, blks_read, xact_commit, xact_rollback, deadlocks, temp_bytes \
     FROM pg_stat_database WHERE datname = current_database()",
    "SELECT pg_database_size(current_database()) AS database_bytes",
    "SELECT extract(epoch FROM clock_timestamp() - query_start) AS slowest_query_s, \
     left(query, 300) AS slowest_query FROM pg_stat_activity \
     WHERE state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend' \
     ORDER BY query_start LIMIT 1",
];

pub(crate) async fn ask(url: &Url) -> Result<Findings, Trouble> {
    let mut connection = Connection::open(url).await?;
    let mut answers = Vec::new();
    let mut refused = None;
    for question in QUESTIONS {
        match connection.query(question).await {
            Ok(rows) => answers.extend(rows),
            Err(Trouble::Refused(why)) => refused = Some(Trouble::Refused(why)),
            Err(trouble) => return Err(trouble),
        }
    }
    let version = connection.parameter("server_version").map(str::to_string);
    connection.close().await;
    match refused {
        Some(refused) if answers.is_empty() => Err(refused),
        _ => Ok(findings(&answers, version.as_deref())),
    }
}

/// `answers` are columns with their values; null ones are missing.
fn findings(answers: &[(String, String)], version: Option<&str>) -> Findings {
    let mut found = Findings::default();
    let number = |name: &str| {
        let value = answers.iter().find(|(known, _)| known == name);
        value.and_then(|(_, value)| value.parse::<f64>().ok())
    };
    for name in [
        "connections",
        "connections_max",
        "connections_active",
        "connections_idle_in_transaction",
        "waiting_for_locks",
        "deadlocks",
        "database_bytes",
    ] {
        found.number(name, number(name));
    }
    let slowest =
        number("slowest_query_s").map(|seconds| (seconds.max(0.0) * 1000.0).round() / 1000.0);
    found.number("slowest_query_s", slowest.or(Some(0.0)));
    if let Some((_, query)) = answers.iter().find(|(name, _)| name == "slowest_query") {
        found.text("slowest_query", &one_line(query, 120));
    }
    found.percent("cache_hit_percent", number("blks_hit"), number("blks_read"));
    let transactions = number("xact_commit").zip(number("xact_rollback"));
    found.counter(
        "transactions_per_s",
        transactions.map(|(done, undone)| done + undone),
    );
    found.counter("rollbacks_per_s", number("xact_rollback"));
    found.counter("temporary_bytes_per_s", number("temp_bytes"));
    if let Some(version) = version {
        found.text("version", version);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn answers_become_figures_and_what_is_missing_is_missing() {
        let answers = [
            ("connections", "7"),
            ("connections_max", "100"),
            ("blks_hit", "990"),
            ("blks_read", "10"),
            ("slowest_query_s", "2.50049"),
            ("slowest_query", "SELECT *\n  FROM orders"),
            ("deadlocks", "many"),
        ];
        let answers = answers.map(|(name, value)| (name.to_string(), value.to_string()));
        let found = findings(&answers, Some("15.1")).figures;
        assert_eq!(found["cache_hit_percent"], Value::Number(99.0));
        assert_eq!(found["slowest_query_s"], Value::Number(2.5));
        assert_eq!(
            found["slowest_query"],
            Value::Text("SELECT * FROM orders".into())
        );
        assert_eq!(found["version"], Value::Text("15.1".into()));
        assert!(!found.contains_key("deadlocks") && !found.contains_key("database_bytes"));
    }
}
