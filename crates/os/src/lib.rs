//! The one room that knows the operating system: processes, pidfds, terminals, pipes, locks, sockets.
//!
//! # Theory of operation
//!
//! Everything that is not the same on every platform lies in one folder for each platform; which one
//! is chosen here, at one `mod` line, and nowhere else. Callers have no `cfg`.
//!
//! Functions are thin: one deed each, an [`std::io::Error`] where the kernel refuses, nothing decided.
//! `unsafe` lives in this crate only, each block with the reason why it is sound.

#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod platform;

pub use platform::*;
