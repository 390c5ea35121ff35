//! Tasks that turn streams of the API into news for the loop of `up`, and nothing else.

use std::time::{Duration, Instant};

use forge_api::{
    ClientError, Progress, StartAnswer, StartRequest, Status, StopAnswer, StopRequest, path,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Sender;

use crate::connect::Link;
use crate::failure::Failure;
use crate::place::Place;

const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// What the API has told.
pub(super) enum News {
    Progress(Progress),
    Started(StartAnswer),
    StartFailed(Failure),
    Status(Status),
    Stopped(StopAnswer),
    Failed(Failure),
}

/// Starts; tells how it goes and how it has ended.
pub(super) fn start(mut link: Link, request: StartRequest, send: Sender<News>) {
    tokio::spawn(async move {
        let news = match carry_out(&mut link, path::START, &request, Some(&send)).await {
            Ok(answer) => News::Started(answer),
            Err(failure) => News::StartFailed(failure),
        };
        let _ = send.send(news).await;
    });
}

/// Stops; tells how it has ended.
pub(super) fn stop(place: Place, request: StopRequest, send: Sender<News>) {
    tokio::spawn(async move {
        let answer = match Link::open_or_start(&place).await {
            Ok(mut link) => carry_out(&mut link, path::STOP, &request, None).await,
            Err(failure) => Err(failure),
        };
        let news = match answer {
            Ok(answer) => News::Stopped(answer),
            Err(failure) => News::Failed(failure),
        };
        let _ = send.send(news).await;
    });
}

/// Tells every status, for as long as somebody listens.
pub(super) fn status(place: Place, send: Sender<News>) {
    tokio::spawn(async move {
        while !send.is_closed() {
            // Without a keeper and with nothing left alone, everything was stopped.
            let told = match Link::open_if_any(&place).await {
                Ok(Some(mut link)) => tell_statuses(&mut link, &send).await,
                Ok(None) => Err(Failure::failed(
                    "the supervisor was stopped, and all with it",
                )),
                Err(failure) => Err(failure),
            };
            if let Err(failure) = told {
                let _ = send.send(News::Failed(failure)).await;
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
}

async fn tell_statuses(link: &mut Link, send: &Sender<News>) -> Result<(), Failure> {
    let mut stream = match link.client().get_stream(path::STATUS_STREAM, "").await {
        Ok(stream) => stream,
        Err(ClientError::Connection(_)) => return Ok(()),
        Err(problem) => return Err(problem.into()),
    };
    loop {
        match stream.next().await {
            Ok(Some(event)) => {
                if send.send(News::Status(event.read()?)).await.is_err() {
                    return Ok(());
                }
            }
            // The supervisor is being replaced.
            Ok(None) | Err(ClientError::Connection(_)) => return Ok(()),
            Err(problem) => return Err(problem.into()),
        }
    }
}

/// A request with progress, sent again when the connection breaks.
async fn carry_out<A: DeserializeOwned>(
    link: &mut Link,
    path: &str,
    request: &impl Serialize,
    send: Option<&Sender<News>>,
) -> Result<A, Failure> {
    let mut deadline = Instant::now() + PATIENCE;
    loop {
        let broken = match link.client().post_stream(path, request).await {
            Ok(mut stream) => loop {
                match stream.next().await {
                    Ok(Some(event)) if event.name == "done" => return Ok(event.read()?),
                    Ok(Some(event)) => {
                        deadline = Instant::now() + PATIENCE;
                        if let (Some(send), "progress") = (send, event.name.as_str()) {
                            let _ = send.send(News::Progress(event.read()?)).await;
                        }
                    }
                    Ok(None) => break ClientError::Connection("it has ended early".to_string()),
                    Err(error) => break error,
                }
            },
            Err(error) => error,
        };
        match broken {
            ClientError::Connection(_) if Instant::now() < deadline => {
                tokio::time::sleep(PAUSE).await;
                link.reconnect(deadline).await?;
            }
            error => return Err(error.into()),
        }
    }
}
