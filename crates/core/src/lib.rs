//! What should happen: specifications, states, dependencies, restarts. Decides, never acts.

pub mod event;
pub mod spec;
pub mod template;
