//! `forge dev events`: what has happened. The past is read from disk, what comes from the supervisor.

mod text;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, ErrorKind};
use std::time::Duration;

use forge_api::{ClientError, Event, path};
use jiff::Timestamp;

use crate::args::EventsArgs;
use crate::connect::Link;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};
use crate::output::clock::local;
use crate::output::status::event_line;
use crate::place::Place;
use forge_api::query_string;

const LOOK_AGAIN: Duration = Duration::from_millis(250);

pub(crate) fn run(args: &EventsArgs, context: &Context) -> Outcome {
    if let Some(file) = &args.file {
        return text::run(file, args, context);
    }
    let place = context.place()?;
    context.wait(async {
        let mut told = Told::new(args.since);
        // Finds out what has ended while nobody watched, and writes it down.
        let link = Link::open_if_any(&place).await?;
        for event in past(&place)? {
            told.tell(&event, args, context);
        }
        if !args.follow {
            return Ok(exit::DONE);
        }
        follow(&place, link, &mut told, args, context).await
    })
}

/// Events that were told, so that none is told twice where the past and the stream overlap.
struct Told {
    since: Option<i128>,
    /// Time of the latest one, and all of that time.
    latest: Option<i128>,
    at_latest: HashSet<String>,
}

impl Told {
    fn new(since: Option<u64>) -> Self {
        Told {
            since: since.map(i128::from),
            latest: None,
            at_latest: HashSet::new(),
        }
    }

    fn tell(&mut self, event: &Event, args: &EventsArgs, context: &Context) {
        if !self.is_news(event) {
            return;
        }
        if args.json {
            context.ui.out.json(event);
        } else {
            let line = event_line(event, context.ui.colour, local);
            context.ui.out.line(&line);
        }
    }

    fn is_news(&mut self, event: &Event) -> bool {
        let Ok(time) = event.time.parse::<Timestamp>() else {
            return false;
        };
        let time = time.as_nanosecond();
        if self.since.is_some_and(|since| time < since) {
            return false;
        }
        let key = format!("{:?} {} {}", event.process, event.kind, event.message);
        match self.latest {
            Some(latest) if time < latest => false,
            Some(latest) if time == latest => self.at_latest.insert(key),
            _ => {
                self.latest = Some(time);
                self.at_latest.clear();
                self.at_latest.insert(key)
            }
        }
    }

    /// From when on events are still news, for the API.
    fn from(&self) -> String {
        let known = self.latest.or(self.since);
        let nanos = known.unwrap_or_else(|| Timestamp::now().as_nanosecond());
        forge_logs::rfc3339(u64::try_from(nanos).unwrap_or(0))
    }
}

/// The events that the supervisor has written down, oldest first.
fn past(place: &Place) -> Result<Vec<Event>, Failure> {
    let path = place.layout.events_file();
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Failure::failed(format!(
                "cannot read {}: {error}",
                path.display()
            )));
        }
    };
    let mut events: Vec<Event> = BufReader::new(file)
        .split(b'\n')
        .map_while(Result::ok)
        // A line that was cut off by a crash of the machine is left out.
        .filter_map(|line| serde_json::from_slice(&line).ok())
        .collect();
    // What ended unseen is told later than it happened.
    events.sort_by(|a: &Event, b: &Event| a.time.cmp(&b.time));
    Ok(events)
}

async fn follow(
    place: &Place,
    mut link: Option<Link>,
    told: &mut Told,
    args: &EventsArgs,
    context: &Context,
) -> Outcome {
    if link.is_none() {
        context
            .ui
            .note("nothing runs here yet; waiting for `forge dev start`");
    }
    // A reader of what comes from now on must not miss what comes while it connects.
    let mut since = told.from();
    while !context.ui.out.is_closed() {
        let Some(open) = &mut link else {
            tokio::time::sleep(LOOK_AGAIN).await;
            link = Link::open_if_any(place).await?;
            continue;
        };
        match stream(open, &since, told, args, context).await {
            Ok(()) | Err(ClientError::Connection(_)) => {}
            Err(problem) => return Err(problem.into()),
        }
        since = told.from();
        link = None;
    }
    Ok(exit::DONE)
}

async fn stream(
    link: &mut Link,
    since: &str,
    told: &mut Told,
    args: &EventsArgs,
    context: &Context,
) -> Result<(), ClientError> {
    let query = query_string(&[("since", Some(since))]);
    let mut stream = link
        .client()
        .get_stream(path::EVENTS_STREAM, &query)
        .await?;
    while let Some(event) = stream.next().await? {
        if context.ui.out.is_closed() {
            break;
        }
        if let Ok(event) = event.read::<Event>() {
            told.tell(&event, args, context);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(time: &str, message: &str) -> Event {
        Event {
            time: time.into(),
            process: None,
            kind: "started".into(),
            message: message.into(),
            fields: serde_json::Map::new(),
        }
    }

    #[test]
    fn an_event_that_comes_from_disk_and_from_the_stream_is_told_once() {
        let since: Timestamp = "2025-11-21T14:00:00Z".parse().unwrap();
        let mut told = Told::new(u64::try_from(since.as_nanosecond()).ok());
        assert!(!told.is_news(&event("2025-11-21T13:59:59Z", "before")));
        assert!(told.is_news(&event("2025-11-21T14:30:00.5Z", "a")));
        assert!(told.is_news(&event("2025-11-21T14:30:00.500Z", "b")));
        assert!(!told.is_news(&event("2025-11-21T14:30:00.5Z", "a")));
        assert!(!told.is_news(&event("2025-11-21T14:30:00.4Z", "late")));
        assert!(told.is_news(&event("2025-11-21T14:30:01Z", "a")));
        assert!(!told.is_news(&event("no time", "x")));
    }
}
