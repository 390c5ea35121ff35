//! Files that several detectors ask: environments, ports, dependencies.

pub(crate) mod env;
pub(crate) mod ports;
