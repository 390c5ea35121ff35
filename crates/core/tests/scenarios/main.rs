//! What a workspace does, told as scenarios. See `script` for how to read them.

mod conditions;
mod define;
mod exits;
mod health;
mod on_down;
mod on_exit;
mod oneshots;
mod pause;
mod recall;
mod restart;
mod schedule;
mod script;
mod start;
mod stop;
mod table;
mod watch;
mod why;
