//! Connections to the keeper and to the shims: bytes to records and back, nothing else.

pub(crate) mod keeper;
mod lines;
pub(crate) mod shim;
