//! The full-screen console: the real binary on a pseudo-terminal, its screen read back.

mod basics;
#[path = "../common/mod.rs"]
mod common;
mod dialogs;
mod driven;
mod logs;
mod manners;
mod mouse;
