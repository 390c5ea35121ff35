//! What people and scripts see: standard output, colours, tables, progress, units and times.

pub(crate) mod chart;
pub(crate) mod clock;
pub(crate) mod colour;
pub(crate) mod crash;
pub(crate) mod monitor;
pub(crate) mod out;
pub(crate) mod progress;
pub(crate) mod report;
mod service;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod ui;
pub(crate) mod units;
