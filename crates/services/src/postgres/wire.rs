//! The messages of PostgreSQL's protocol, version 3.0, that asking needs.

use super::auth::{self, Scram};
use crate::error::{Trouble, one_line};
use crate::stream::Stream;
use crate::url::Url;

/// No message of ours is answered by one larger than this.
const MESSAGE: usize = 1 << 20;
/// Nor by more rows.
const ROWS: usize = 1000;
const VERSION: u32 = 3 << 16;
const SSL_REQUEST: u32 = 80_877_103;

/// A connection that can be asked.
pub(super) struct Connection {
    stream: Stream,
    parameters: Vec<(String, String)>,
}

/// A message from the server: its kind and its body.
type Message = (u8, Vec<u8>);

impl Connection {
    /// Connects and proves who we are.
    pub(super) async fn open(url: &Url) -> Result<Self, Trouble> {
        let mut stream = Stream::connect(url).await?;
        let wanted = url.parameter("sslmode").unwrap_or("disable");
        if matches!(wanted, "require" | "verify-ca" | "verify-full") && !stream.private {
            stream
                .send(&[8u32.to_be_bytes(), SSL_REQUEST.to_be_bytes()].concat())
                .await?;
            if stream.byte().await? != b'S' {
                return Err(Trouble::Refused(
                    "it has no TLS, which sslmode wants".into(),
                ));
            }
            stream = stream.secure(&url.host).await?;
        }
        let user = url.user.clone().unwrap_or_else(|| "postgres".to_string());
        let database = match url.database.as_str() {
            "" => user.as_str(),
            named => named,
        };
        let mut body = VERSION.to_be_bytes().to_vec();
        let settings = [
            ("user", user.as_str()),
            ("database", database),
            ("application_name", "forge"),
            ("client_encoding", "UTF8"),
        ];
        for (name, value) in settings {
            body.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
        }
        body.push(0);
        let length = (body.len() as u32 + 4).to_be_bytes();
        stream.send(&[&length[..], &body].concat()).await?;
        let mut connection = Connection {
            stream,
            parameters: Vec::new(),
        };
        connection.log_in(&user, url.password.as_deref()).await?;
        Ok(connection)
    }

    /// A setting that the server told at the beginning.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Asks, and returns the columns of all rows with their values, without those that are null.
    pub(super) async fn query(&mut self, question: &str) -> Result<Vec<(String, String)>, Trouble> {
        self.send(b'Q', &[question.as_bytes(), b"\0"].concat())
            .await?;
        let mut columns: Vec<String> = Vec::new();
        let mut values = Vec::new();
        let mut refused = None;
        loop {
            let (kind, body) = self.receive().await?;
            match kind {
                b'T' => columns = column_names(&body).ok_or_else(torn)?,
                b'D' if values.len() < ROWS => {
                    let row = row(&body).ok_or_else(torn)?;
                    let named = columns.iter().cloned().zip(row);
                    values.extend(named.filter_map(|(name, value)| Some((name, value?))));
                }
                b'E' => refused = Some(refusal(&body)),
                b'Z' => break,
                _ => {}
            }
        }
        refused.map_or(Ok(values), Err)
    }

    /// Says good-bye, so that the server does not log a lost client.
    pub(super) async fn close(mut self) {
        // It is over either way.
        let _ = self.send(b'X', &[]).await;
    }

    async fn log_in(&mut self, user: &str, password: Option<&str>) -> Result<(), Trouble> {
        let wanted = || {
            let text = "it wants a password; put it into the URL: postgres://user:password@…";
            password.ok_or_else(|| Trouble::Refused(text.to_string()))
        };
        let mut scram: Option<Scram> = None;
        loop {
            let (kind, body) = self.receive().await?;
            match kind {
                b'R' => {}
                b'E' => return Err(refusal(&body)),
                b'S' => {
                    let mut words = body.split(|byte| *byte == 0);
                    let mut text =
                        || String::from_utf8_lossy(words.next().unwrap_or(b"")).into_owned();
                    self.parameters.push((text(), text()));
                    continue;
                }
                b'Z' => return Ok(()),
                _ => continue,
            }
            let (method, rest) = body.split_first_chunk::<4>().ok_or_else(torn)?;
            match u32::from_be_bytes(*method) {
                0 => {}
                3 => self.send_text(wanted()?).await?,
                5 => self.send_text(&auth::md5(user, wanted()?, rest)).await?,
                10 => scram = Some(self.begin_scram(rest, wanted()?).await?),
                11 => {
                    let answer = scram.as_mut().and_then(|scram| scram.answer(rest));
                    self.send(b'p', answer.ok_or_else(torn)?.as_bytes()).await?;
                }
                12 => {
                    if !scram.as_ref().is_some_and(|scram| scram.is_proved_by(rest)) {
                        return Err(Trouble::Refused("it could not prove who it is".into()));
                    }
                }
                other => {
                    let text = format!("it wants a login of kind {other}, which is not known");
                    return Err(Trouble::Refused(text));
                }
            }
        }
    }

    /// Begins the exchange, where it is among the methods that the server offers.
    async fn begin_scram(&mut self, offered: &[u8], password: &str) -> Result<Scram, Trouble> {
        let mut offered = offered.split(|byte| *byte == 0);
        if !offered.any(|name| name == Scram::NAME.as_bytes()) {
            return Err(Trouble::Refused("it knows no SCRAM-SHA-256".into()));
        }
        let begun = Scram::begin(password)
            .ok_or_else(|| Trouble::Unreachable("this system has no random numbers".into()))?;
        let first = begun.first();
        let length = (first.len() as u32).to_be_bytes();
        let name = [Scram::NAME.as_bytes(), b"\0"].concat();
        let message = [&name[..], &length, first.as_bytes()].concat();
        self.send(b'p', &message).await?;
        Ok(begun)
    }

    async fn send_text(&mut self, text: &str) -> Result<(), Trouble> {
        self.send(b'p', &[text.as_bytes(), b"\0"].concat()).await
    }

    async fn send(&mut self, kind: u8, body: &[u8]) -> Result<(), Trouble> {
        let length = (body.len() as u32 + 4).to_be_bytes();
        self.stream
            .send(&[&[kind][..], &length, body].concat())
            .await
    }

    async fn receive(&mut self) -> Result<Message, Trouble> {
        let kind = self.stream.byte().await?;
        let length = self.stream.exactly(4, 4).await?;
        let length = length
            .iter()
            .fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
        let length = length.checked_sub(4).ok_or_else(torn)?;
        Ok((kind, self.stream.exactly(length, MESSAGE).await?))
    }
}

fn torn() -> Trouble {
    Trouble::Strange("a message is shorter than it says".to_string())
}

/// The text of an error: fields, each with a letter before it.
fn refusal(body: &[u8]) -> Trouble {
    let mut fields = body.split(|byte| *byte == 0);
    let message = fields.find_map(|field| field.strip_prefix(b"M"));
    let text = String::from_utf8_lossy(message.unwrap_or(b"an error without text"));
    Trouble::Refused(one_line(&text, 200))
}

fn column_names(body: &[u8]) -> Option<Vec<String>> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut names = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let end = rest.iter().position(|byte| *byte == 0)?;
        names.push(String::from_utf8_lossy(&rest[..end]).into_owned());
        rest = rest.get(end + 1 + 18..)?;
    }
    Some(names)
}

fn row(body: &[u8]) -> Option<Vec<Option<String>>> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut values = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<4>()?;
        // A length of -1 is null.
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            values.push(None);
            rest = after;
            continue;
        };
        values.push(Some(
            String::from_utf8_lossy(after.get(..length)?).into_owned(),
        ));
        rest = after.get(length..)?;
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_torn_are_no_rows() {
        let whole = [&[0, 2][..], &[0, 0, 0, 2], b"ab", &[255, 255, 255, 255]].concat();
        assert_eq!(row(&whole), Some(vec![Some("ab".into()), None]));
        for end in 0..whole.len() {
            assert_eq!(row(&whole[..end]), None, "{end}");
        }
        let names = [&[0, 1][..], b"a\0", &[0; 18]].concat();
        assert_eq!(column_names(&names), Some(vec!["a".into()]));
        for end in 0..names.len() {
            assert_eq!(column_names(&names[..end]), None, "{end}");
        }
    }

    #[test]
    fn an_error_is_told_by_its_message() {
        let body = b"SFATAL\0C28P01\0Mpassword authentication\nfailed\0\0";
        let Trouble::Refused(why) = refusal(body) else {
            panic!("is a refusal")
        };
        assert_eq!(why, "password authentication failed");
    }
}
