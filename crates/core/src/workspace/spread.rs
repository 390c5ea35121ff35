//! What follows for others when a process goes down: `on_down` along the graph, `on_exit` for the
//! rest of a profile.

use super::Workspace;
use super::rules::notice;
use crate::event::Effect;
use crate::process::{Down, Ending, Haste, News, Want};
use crate::spec::{Condition, OnDown, OnExit};

impl Workspace {
    /// Lets others hear what has happened to a process.
    pub(super) fn spread_news(&mut self, effects: &mut Vec<Effect>) {
        for (name, news) in std::mem::take(&mut self.news) {
            let Some(place) = self.place(&name) else {
                continue;
            };
            match news {
                News::Ended {
                    ending,
                    code,
                    words,
                } => self.ended(place, ending, code, &words, effects),
                News::Renewed => self.lost(place, Loss::Renewed, Haste::Own, effects),
                News::Stopped => self.lost(place, Loss::Down, Haste::Own, effects),
            }
        }
    }

    fn ended(
        &mut self,
        place: usize,
        ending: Ending,
        code: i32,
        words: &str,
        effects: &mut Vec<Effect>,
    ) {
        let spec = &self.slots[place].spec;
        match (spec.on_exit, ending) {
            (OnExit::StopAll, Ending::Well | Ending::Badly)
            | (OnExit::StopAllOnFailure, Ending::Badly) => {
                self.stop_profile(place, code, words);
                return;
            }
            (OnExit::StopAllOnFailure, Ending::Well) | (OnExit::None, _) => {}
        }
        let spec = &self.slots[place].spec;
        let loss = match ending {
            // That it ends is what it is for.
            Ending::Well if spec.oneshot || spec.schedule.is_some() => return,
            Ending::Well => Loss::Done,
            Ending::Badly => Loss::Down,
        };
        self.lost(place, loss, Haste::Own, effects);
    }

    /// Its exit ends the rest of its profile.
    fn stop_profile(&mut self, place: usize, code: i32, words: &str) {
        let spec = &self.slots[place].spec;
        let profile = spec.profile.clone();
        let why = format!("`{}` has ended: {words}", spec.name);
        self.exit_code.get_or_insert(code);
        for slot in &mut self.slots {
            if slot.spec.profile == profile && slot.process.is_wanted() {
                slot.process.want = Want::Down(Down::because(why.clone(), Haste::Own));
            }
        }
    }

    /// Tells those that need a process, and say what then, that it goes down.
    pub(super) fn lost(
        &mut self,
        place: usize,
        loss: Loss,
        haste: Haste,
        effects: &mut Vec<Effect>,
    ) {
        let mut fallen = vec![(place, loss)];
        while let Some((place, loss)) = fallen.pop() {
            for (dependent, edge) in self.graph.needed_by[place].clone() {
                let name = self.slots[place].spec.name.clone();
                let slot = &mut self.slots[dependent];
                let need = &slot.latest().depends_on[edge];
                if !loss.concerns(&need.condition) || !slot.process.is_up() {
                    continue;
                }
                let on_down = need.on_down;
                match (&slot.process.want, on_down) {
                    (Want::Up, OnDown::Restart) => {
                        slot.process.want = Want::RenewLater;
                        let text = format!("restarts once `{name}` is back");
                        notice(slot, text, effects);
                    }
                    (Want::Up | Want::RenewLater, OnDown::Stop) => {
                        let why = format!("`{name}` {}", loss.words());
                        slot.process.want = Want::Down(Down::because(why, haste));
                        fallen.push((dependent, Loss::Down));
                    }
                    (Want::RenewLater, OnDown::Restart)
                    | (Want::Up | Want::RenewLater, OnDown::Ignore)
                    | (Want::Renew | Want::Down(_), _) => {}
                }
            }
        }
    }
}

/// How a process goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// It fails, or is stopped.
    Down,
    /// It comes back.
    Renewed,
    /// It has ended well.
    Done,
}

impl Loss {
    /// Whether who needs it in this way has lost something.
    fn concerns(self, condition: &Condition) -> bool {
        match (condition, self) {
            (Condition::Exited, _) | (Condition::Completed, Loss::Done) => false,
            (Condition::Completed, Loss::Down | Loss::Renewed)
            | (Condition::Started | Condition::Healthy | Condition::Log(_), _) => true,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Loss::Down => "went down",
            Loss::Renewed => "is restarted",
            Loss::Done => "has exited",
        }
    }
}
