//! The windows over the logs: who is followed, what comes, and what is asked for when one scrolls.

use crate::layout;
use crate::message::{Command, Feed, Pane};
use crate::model::log::{LogFilter, Newer, Older, Scroll};
use crate::model::{Connection, Model, View};
use crate::update::scroll;

const PANES: [Pane; 2] = [Pane::Main, Pane::Preview];

/// Follows what is shown, and leaves what is not.
pub(super) fn settle(model: &mut Model) -> Vec<Command> {
    choose_preview(model);
    let mut commands = Vec::new();
    for pane in PANES {
        let wanted = is_shown(model, pane) && model.connection == Connection::Up;
        let window = model.window(pane);
        let follow = |window: &crate::model::log::LogWindow, after| Command::Follow {
            pane,
            generation: window.generation,
            query: Box::new(window.filter.query()),
            after,
        };
        match (wanted, window.newer) {
            (true, Newer::Idle) => {
                window.newer = Newer::Live;
                commands.push(follow(window, None));
            }
            (true, Newer::Behind) if window.scroll == Scroll::Follow => {
                window.newer = Newer::Live;
                let after = window.last_cursor().map(str::to_string);
                commands.push(follow(window, after));
            }
            (false, Newer::Live | Newer::Loading) => {
                leave(window);
                if window.mark.is_none() && window.end() > window.first() {
                    window.mark = Some(window.end() - 1);
                }
                commands.push(Command::Unfollow(pane));
            }
            (_, Newer::Idle | Newer::Live | Newer::Behind | Newer::Loading) => {}
        }
    }
    commands
}

fn leave(window: &mut crate::model::log::LogWindow) {
    window.newer = if window.loaded {
        Newer::Behind
    } else {
        Newer::Idle
    };
}

/// The preview shows the process that is chosen.
fn choose_preview(model: &mut Model) {
    let name = model.selected().map(|process| process.name.clone());
    let targets: Vec<String> = name.into_iter().collect();
    if is_shown(model, Pane::Preview)
        && !targets.is_empty()
        && model.preview.filter.targets != targets
    {
        model.preview.restart(LogFilter {
            targets,
            ..LogFilter::default()
        });
    }
}

fn is_shown(model: &Model, pane: Pane) -> bool {
    if model.screen.is_some() {
        return false;
    }
    match pane {
        Pane::Main => model.view == View::Logs,
        Pane::Preview => {
            model.view == View::Processes
                && !model.details
                && layout::processes(model).1.height > 0
                && model.selected().is_some()
        }
    }
}

/// The connection is gone: what was followed is fetched again later.
pub(super) fn lost(model: &mut Model) {
    for pane in PANES {
        let window = model.window(pane);
        if window.newer != Newer::Idle {
            leave(window);
        }
        if window.older == Older::Loading {
            window.older = Older::There;
        }
    }
}

/// What the supervisor has refused it may answer now: it knows other processes.
pub(super) fn ask_again(model: &mut Model) {
    for pane in PANES {
        let window = model.window(pane);
        if window.error.is_some() {
            let filter = window.filter.clone();
            window.restart(filter);
        }
    }
}

/// Takes what has come for a window; for a former question nothing.
pub(super) fn take(model: &mut Model, pane: Pane, generation: u64, feed: Feed) -> Vec<Command> {
    let window = model.window(pane);
    if window.generation != generation {
        return Vec::new();
    }
    match feed {
        Feed::Latest(_) if window.loaded && window.scroll != Scroll::Follow => {
            // The stream has skipped what was too much; who looks further up stays there.
            window.newer = Newer::Behind;
            return vec![Command::Unfollow(pane)];
        }
        Feed::Latest(answer) => {
            window.clear();
            window.error = None;
            let older = if answer.more {
                Older::There
            } else {
                Older::None
            };
            window.append(answer.lines);
            window.older = older;
        }
        Feed::Lines(lines) => {
            if !window.append(lines) {
                window.newer = Newer::Behind;
                return vec![Command::Unfollow(pane)];
            }
        }
        Feed::Older(answer) => {
            window.prepend(answer.lines, answer.more);
            if pane == Pane::Main {
                return scroll::found_older(model);
            }
        }
        Feed::Newer(answer) => {
            let more = answer.more && !answer.lines.is_empty();
            window.extend(answer.lines);
            window.newer = Newer::Behind;
            if !more && window.bottom() >= window.end() - 1 {
                window.scroll = Scroll::Follow;
            }
        }
        Feed::Failed(why) => {
            window.error = Some(why);
            window.loaded = true;
            if window.older == Older::Loading {
                window.older = Older::None;
            }
        }
        Feed::Broken => {
            leave(window);
            if window.older == Older::Loading {
                window.older = Older::There;
            }
        }
    }
    Vec::new()
}

/// Shows other lines in the log view.
pub(crate) fn show(model: &mut Model, filter: LogFilter) -> Vec<Command> {
    let was_followed = model.log.newer == Newer::Live || model.log.newer == Newer::Loading;
    model.log.restart(filter);
    model.view = View::Logs;
    if was_followed {
        vec![Command::Unfollow(Pane::Main)]
    } else {
        Vec::new()
    }
}
