//! From any bytes to lines that can be read: blocks of a bounded size, without escape sequences and
//! prefixes, and each multiplexed program in a row of its own.

mod blocks;
mod clean;
mod prefix;
mod unfold;

pub(crate) use blocks::Blocks;
pub(crate) use clean::lines;
pub(crate) use prefix::without_time;
