//! Requests to the supervisor, asked again when it dies in the middle: another one is up within a
//! second, and the socket is held meanwhile.

use std::time::{Duration, Instant};

use forge_api::{ClientError, Problem, Progress};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::host::Host;
use crate::reply::Trouble;
use crate::session::Caller;

/// How long a request is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(30);

/// How long a question may take that needs no work.
const ANSWER: Duration = Duration::from_secs(20);

/// A question; harmless when it is asked twice.
pub(crate) async fn get<A: DeserializeOwned>(
    host: &dyn Host,
    path: &str,
    query: &str,
) -> Result<A, Trouble> {
    again(host, Request::Get(path, query)).await
}

/// A request that is harmless when it is carried out twice, and that may take long.
pub(crate) async fn post<A: DeserializeOwned>(
    host: &dyn Host,
    path: &str,
    body: &(impl Serialize + Sync),
) -> Result<A, Trouble> {
    again(host, Request::Post(path, written(body)?)).await
}

/// A request that must not be carried out twice: sent once.
pub(crate) async fn once<A: DeserializeOwned>(
    host: &dyn Host,
    path: &str,
    body: &(impl Serialize + Sync),
) -> Result<A, Trouble> {
    let body = written(body)?;
    let mut client = host.connect().await?;
    Ok(limited(client.post(path, &body)).await?)
}

/// A request that tells how far it is; harmless when it is carried out twice.
pub(crate) async fn follow<A: DeserializeOwned>(
    host: &dyn Host,
    path: &str,
    body: &(impl Serialize + Sync),
    caller: &Caller,
) -> Result<A, Trouble> {
    let body = written(body)?;
    let mut deadline = Instant::now() + PATIENCE;
    loop {
        match followed(host, path, &body, caller, &mut deadline).await {
            Err(Trouble::Client(ClientError::Connection(_))) if Instant::now() < deadline => {
                tokio::time::sleep(PAUSE).await;
            }
            end => return end,
        }
    }
}

async fn followed<A: DeserializeOwned>(
    host: &dyn Host,
    path: &str,
    body: &Value,
    caller: &Caller,
    deadline: &mut Instant,
) -> Result<A, Trouble> {
    let mut client = host.connect().await?;
    let mut stream = client.post_stream(path, body).await?;
    while let Some(event) = stream.next().await? {
        *deadline = Instant::now() + PATIENCE;
        match event.name.as_str() {
            "progress" => tell(&event.read()?, caller).await,
            "done" => return Ok(event.read()?),
            // What a later version may say beside it.
            _ => {}
        }
    }
    Err(ClientError::Connection("it has ended before it was done".to_string()).into())
}

async fn tell(progress: &Progress, caller: &Caller) {
    let all = &progress.processes;
    let open = |outcome: &str| outcome == "pending";
    let done = all.iter().filter(|one| !open(&one.outcome)).count();
    let waiting: Vec<String> = all
        .iter()
        .filter(|one| open(&one.outcome))
        .take(5)
        .map(|one| format!("{} {}", one.name, one.status))
        .collect();
    caller.tell(done, all.len(), waiting.join(", ")).await;
}

enum Request<'a> {
    /// Answered at once.
    Get(&'a str, &'a str),
    /// May take as long as it says itself.
    Post(&'a str, Value),
}

async fn again<A: DeserializeOwned>(host: &dyn Host, request: Request<'_>) -> Result<A, Trouble> {
    let mut deadline = None;
    loop {
        let mut client = host.connect().await?;
        let begun = Instant::now();
        let answer = match &request {
            Request::Get(path, query) => limited(client.get(path, query)).await,
            Request::Post(path, body) => client.post(path, body).await,
        };
        match answer {
            Err(ClientError::Connection(why)) => {
                // After a long wait that went well this is a new trouble, not the old one.
                if begun.elapsed() > PATIENCE {
                    deadline = None;
                }
                let until = *deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
                if Instant::now() >= until {
                    return Err(ClientError::Connection(why).into());
                }
                tokio::time::sleep(PAUSE).await;
            }
            end => return Ok(end?),
        }
    }
}

fn written(body: &impl Serialize) -> Result<Value, Trouble> {
    serde_json::to_value(body)
        .map_err(|error| Problem::failed(format!("cannot write the request: {error}")).into())
}

async fn limited<A>(
    answer: impl Future<Output = Result<A, ClientError>>,
) -> Result<A, ClientError> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(ClientError::Problem(
            Problem::failed(format!(
                "the supervisor has not answered for {} seconds",
                ANSWER.as_secs()
            ))
            .with_hint("run `forge daemon restart` in a shell: it replaces the supervisor, the processes go on"),
        )),
    }
}
