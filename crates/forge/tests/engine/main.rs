//! The engine end to end: the real binary, keeper, shims and supervisor, with real children.

mod config;
mod damage;
mod health;
mod inputs;
mod kills;
mod ports;
mod reloading;
mod restarts;
mod start;
mod status;
mod stop;
mod up;
mod world;
