//! What is protected from whom, as `docs/security.md` says it: other users of the machine, files that
//! come with a repository, what processes write, and who asks over the API.

mod asked;
mod shown;
mod users;
#[allow(dead_code)] // The engine's tests use the rest.
#[path = "../engine/world.rs"]
mod world;
