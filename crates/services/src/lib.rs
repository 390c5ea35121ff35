//! What services say about themselves: databases, caches, pages of figures, and container engines.
//!
//! # Theory of operation
//!
//! A [`Meter`] is made from the URL that a process's `metrics` names. Each [`Meter::look`] makes a connection, asks,
//! hangs up, and returns [`Statistics`]: names with numbers or text. A connection is never kept: an open one keeps
//! a developer from dropping a database, and counts as a client. What the service only counts up becomes a
//! rate, between one look and the next.
//!
//! The protocols are spoken directly (PostgreSQL, Redis, MySQL, Prometheus): the few messages
//! that are needed are less than what a driver brings along. Everything that a service sends is read with limits
//! and checked slices: a hostile or broken one gives an error.
//!
//! | service | figures |
//! | --- | --- |
//! | PostgreSQL | `connections` of `connections_max`, `connections_active`, `connections_idle_in_transaction`, `waiting_for_locks`, `cache_hit_percent`, `slowest_query_s`, `slowest_query`, `deadlocks`, `database_bytes`, `transactions_per_s`, `rollbacks_per_s`, `temporary_bytes_per_s`, `version` |
//! | Redis | `clients` of `clients_max`, `clients_blocked`, `memory_bytes` of `memory_max_bytes`, `memory_peak_bytes`, `hit_percent`, `keys`, `evicted_keys`, `evictions_per_s`, `expired_keys`, `commands_per_s`, `replicas`, `unsaved_changes`, `version` |
//! | MySQL | `connections` of `connections_max`, `connections_active`, `connections_peak`, `cache_hit_percent`, `queries_per_s`, `slow_queries`, `slow_queries_per_s`, `slowest_query_s`, `slowest_query`, `deadlocks`, `open_tables`, `version` |
//! | Prometheus | gauges by name and labels; counters as `NAME_per_s`, failures apart as `NAME_5xx_per_s`; histograms and summaries as `NAME_mean` and `NAME_per_s` |
//!
//! A container runs below its engine, not below the client that Forge started. [`containers`] finds out
//! which container a client means, and what that uses.
//!
//! Nothing here has a timer; each deed takes the time that it may last.

mod base64;
pub mod containers;
mod error;
mod http;
mod md5;
mod meter;
mod mysql;
mod postgres;
mod prometheus;
mod redis;
mod statistics;
mod stream;
mod tls;
mod url;

pub use error::Error;
pub use meter::Meter;
pub use statistics::{Statistics, Value};
