//! What clients ask, one file for each verb.

mod begun;
mod changes;
mod crash;
mod daemon;
mod events;
mod exec;
mod graph;
mod hogs;
mod inputs;
mod monitor;
mod pause;
mod ports;
mod profiles;
mod ps;
mod reload;
mod restart;
mod restore;
mod run;
mod signal;
mod start;
mod stop;
mod wait;
mod why;

pub(crate) use crash::{CrashPlace, Meant};
use forge_api::Problem;
use forge_config::{Config, Source};

use crate::environment::Environment;
use crate::input::{Ask, Input, Reply};
use crate::supervisor::Supervisor;

impl Supervisor {
    /// Takes in whatever has reached the loop.
    pub(crate) fn take(&mut self, input: Input) {
        match input {
            Input::Ask(ask) => self.ask(ask),
            Input::Keeper(fact) => self.keeper_says(fact),
            Input::KeeperLost => self.keeper_lost(),
            Input::ShimUp {
                name,
                connection,
                pid,
                writer,
            } => self.shim_up(&name, connection, pid, writer),
            Input::Shim {
                name,
                connection,
                fact,
            } => self.shim_says(&name, connection, fact),
            Input::ShimLost {
                name,
                connection,
                why,
            } => {
                self.shim_lost(&name, connection, &why);
                self.changed();
            }
            Input::AskAgain { name } => self.see_to_shim_if_needed(&name),
            Input::Verdict {
                name,
                run,
                healthy,
                detail,
            } => self.verdict(&name, run, healthy, detail),
            Input::Prepared { name, run, result } => self.prepared(&name, run, result),
            Input::Freed { name, run, result } => self.freed(&name, run, result),
            Input::StopCommandDone { name, run } => self.stop_command_done(&name, run),
            Input::Matched {
                name,
                run,
                pattern,
                line,
                fails,
            } => self.matched(name, run, pattern, line, fails),
            Input::LineFound { waiter, line } => self.line_found(waiter, line),
            Input::SpeaksHttp { name, run, yes } => self.speaks_http(&name, run, yes),
            Input::AdoptedGone { name, run } => self.adopted_gone(&name, run),
            Input::FilesChanged(change) => self.changed_files(&change),
            Input::Measured {
                name,
                number,
                found,
            } => {
                self.statistics.take(&name, number, found);
                self.alerts.look_soon();
                self.news.send_modify(|count| *count += 1);
            }
            Input::Contained {
                name,
                number,
                found,
            } => self.contained(&name, number, found),
            Input::ContainersEnded {
                name,
                run,
                killed,
                remark,
            } => {
                if let Some(remark) = remark {
                    self.history.add(Some(&name), "warning", remark);
                }
                self.all_gone(&name, run, killed);
            }
            Input::Output { name, run, event } => self.output_event(&name, run, event),
            Input::LogsWeighed(result) => self.logs_weighed(result),
            Input::Rooms(rooms) => self.alerts.set_rooms(rooms),
            Input::CrashKept(id) => self.crashes.finished(id),
            Input::Remark {
                name,
                kind,
                message,
            } => {
                self.history.add(Some(&name), kind, message);
                self.changed();
            }
        }
    }

    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Status(targets, reply) => {
                self.look_at_the_newly_ready();
                let status = self.status_of(&targets);
                answer(reply, status);
            }
            Ask::Start(request, sink) => self.start(request, sink),
            Ask::Stop(request, sink) => self.stop(&request, sink),
            Ask::Restart(request, sink) => self.restart(request, sink),
            Ask::Reload(request, sink) => self.reload(request, sink),
            Ask::Run(request, sink) => self.run_ad_hoc(request, sink),
            Ask::Pause(request, reply) => answer(reply, self.pause(&request, true)),
            Ask::Resume(request, reply) => answer(reply, self.pause(&request, false)),
            Ask::Signal(request, reply) => answer(reply, self.signal(&request)),
            Ask::Input(request, reply) => answer(reply, self.input(request)),
            Ask::Resize(request, reply) => answer(reply, self.resize(&request)),
            Ask::Wait(request, reply) => self.wait(request, reply),
            Ask::Exec(request, reply) => answer(reply, self.exec(request)),
            Ask::Events(query, reply) => answer(reply, self.events(&query)),
            Ask::FollowEvents(reply) => answer(reply, Ok(self.history.follow())),
            Ask::LogPlace(targets, reply) => answer(reply, Ok(self.log_place(&targets))),
            Ask::FollowStatus(reply) => answer(reply, Ok(self.news.subscribe())),
            Ask::Secrets(reply) => answer(reply, Ok(self.secrets())),
            Ask::Why(name, secrets, reply) => answer(reply, self.why(&name, secrets)),
            Ask::CrashPlace(name, reply) => answer(reply, Ok(self.crash_place(name))),
            Ask::CrashFinished(name, id, reply) => self.finished_crash(name, id, reply),
            Ask::Changes(name, reply) => answer(reply, self.changes(&name)),
            Ask::Graph(profile, reply) => answer(reply, self.graph(profile.as_deref())),
            Ask::Restore(request, sink) => self.restore(&request, sink),
            Ask::Running(reply) => answer(reply, self.running()),
            Ask::Profiles(reply) => answer(reply, self.all_profiles()),
            Ask::Ps(targets, reply) => answer(reply, self.ps(&targets)),
            Ask::Monitor(query, reply) => answer(reply, self.monitor(&query)),
            Ask::Hogs(count, reply) => self.hogs(count, reply),
            Ask::Ports(port, all, reply) => self.ports(port, all, reply),
            Ask::KillPort(request, reply) => self.kill_port(&request, reply),
            Ask::Orphans(kill, reply) => self.orphans(kill, reply),
            Ask::Daemon(reply) => answer(reply, Ok(self.daemon_status())),
            Ask::DaemonStop(sink) => self.daemon_stop(sink),
            Ask::DaemonRestart(reply) => {
                let status = self.daemon_status();
                self.daemon_restart();
                answer(reply, Ok(status));
            }
        }
    }

    /// The configuration for one profile, as a client with this environment sees it.
    ///
    /// # Errors
    ///
    /// All mistakes (2).
    pub(crate) fn load_config(
        &self,
        environment: &Environment,
        profile: Option<&str>,
    ) -> Result<Config, Problem> {
        let source = Source::new(self.workspace(), environment.clone());
        forge_config::load_for(&source, profile)
            .map_err(|mistakes| Problem::configuration(mistakes.render(false)))
    }
}

/// A client that has left does not want its answer.
fn answer<T>(reply: Reply<T>, result: Result<T, Problem>) {
    let _ = reply.send(result);
}
