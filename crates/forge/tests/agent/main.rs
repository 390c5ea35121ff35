//! An agent that speaks to `forge mcp`: the real binary, real processes, the protocol as it is on the wire.

mod api;
mod conformance;
mod hostile;
mod session;
mod story;
#[allow(dead_code)] // The engine's tests use the rest of it.
#[path = "../engine/world.rs"]
mod world;
