//! One file for each language: its frameworks, and how each is run for development.

pub(crate) mod deno;
pub(crate) mod dotnet;
pub(crate) mod elixir;
pub(crate) mod go;
pub(crate) mod jvm;
pub(crate) mod php;
pub(crate) mod python;
pub(crate) mod python_packages;
mod python_workers;
pub(crate) mod ruby;
pub(crate) mod rust;
pub(crate) mod sites;
