//! The messages of MySQL's protocol that asking needs.

use super::auth::Method;
use crate::error::{Trouble, one_line};
use crate::stream::Stream;
use crate::url::Url;

/// No packet of an answer to our questions is larger.
const PACKET: usize = 1 << 20;
const ROWS: usize = 10_000;
const LONG_PASSWORD: u32 = 1;
const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
const UTF8MB4: u8 = 45;

/// A row of text; `None` for null.
pub(super) type Row = Vec<Option<String>>;

/// A connection that can be asked.
pub(super) struct Connection {
    stream: Stream,
    sequence: u8,
}

/// What a server says first.
struct Greeting {
    abilities: u32,
    salt: Vec<u8>,
    method: Vec<u8>,
}

/// How a login ended.
enum Login {
    Done,
    /// The password itself is wanted, which nobody may read.
    NeedsPrivacy,
}

impl Connection {
    /// Connects and proves who we are; by TLS where the URL or the server wants it.
    pub(super) async fn open(url: &Url) -> Result<Self, Trouble> {
        let wanted = url.parameter("ssl-mode").or(url.parameter("sslmode"));
        let wanted = wanted.is_some_and(|mode| {
            let mode = mode.to_ascii_lowercase();
            mode.starts_with("require") || mode.starts_with("verify")
        });
        let (connection, login) = Connection::try_open(url, wanted).await?;
        match login {
            Login::Done => Ok(connection),
            Login::NeedsPrivacy => match Connection::try_open(url, true).await? {
                (connection, Login::Done) => Ok(connection),
                (_, Login::NeedsPrivacy) => {
                    Err(Trouble::Refused("it does not take the password".into()))
                }
            },
        }
    }

    async fn try_open(url: &Url, secure: bool) -> Result<(Self, Login), Trouble> {
        let mut connection = Connection {
            stream: Stream::connect(url).await?,
            sequence: 0,
        };
        let first = connection.receive().await?;
        if first.first() == Some(&0xff) {
            return Err(refusal(&first));
        }
        let greeting = greeting(&first).ok_or_else(torn)?;
        let mut abilities = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
        if !url.database.is_empty() {
            abilities |= CONNECT_WITH_DB;
        }
        if secure && !connection.stream.private {
            if greeting.abilities & SSL == 0 {
                return Err(Trouble::Refused(
                    "it has no TLS, which this login needs".into(),
                ));
            }
            abilities |= SSL;
            connection.send(&header(abilities)).await?;
            connection.stream = connection.stream.secure(&url.host).await?;
        }
        let password = url.password.as_deref().unwrap_or("");
        let method = Method::by_name(&greeting.method).unwrap_or(Method::Native);
        let answer = match method {
            Method::Clear => Vec::new(),
            method => method.answer(password, &greeting.salt),
        };
        let mut hello = header(abilities);
        hello.extend([url.user.as_deref().unwrap_or("root").as_bytes(), b"\0"].concat());
        hello.push(answer.len() as u8);
        hello.extend(&answer);
        if !url.database.is_empty() {
            hello.extend([url.database.as_bytes(), b"\0"].concat());
        }
        hello.extend([method.name().as_bytes(), b"\0"].concat());
        connection.send(&hello).await?;
        let login = connection.log_in(password).await?;
        Ok((connection, login))
    }

    async fn log_in(&mut self, password: &str) -> Result<Login, Trouble> {
        loop {
            let packet = self.receive().await?;
            match packet.split_first().ok_or_else(torn)? {
                (0x00, _) => return Ok(Login::Done),
                (0xff, _) => return Err(refusal(&packet)),
                // The method remembers us, or wants the password itself.
                (0x01, [3]) => {}
                (0x01, [4]) if self.stream.private => {
                    self.send(&Method::Clear.answer(password, &[])).await?;
                }
                (0x01, [4]) => return Ok(Login::NeedsPrivacy),
                (0xfe, rest) => {
                    let mut words = rest.splitn(2, |byte| *byte == 0);
                    let name = words.next().unwrap_or_default();
                    let salt = words.next().unwrap_or_default();
                    let salt = salt.strip_suffix(b"\0").unwrap_or(salt);
                    let Some(method) = Method::by_name(name) else {
                        let name = one_line(&String::from_utf8_lossy(name), 60);
                        let text = format!("it wants the login `{name}`, which is not known");
                        return Err(Trouble::Refused(text));
                    };
                    if method == Method::Clear && !self.stream.private {
                        return Ok(Login::NeedsPrivacy);
                    }
                    self.send(&method.answer(password, salt)).await?;
                }
                _ => {
                    return Err(Trouble::Strange(
                        "an unknown message while logging in".into(),
                    ));
                }
            }
        }
    }

    /// Asks, and returns the rows.
    pub(super) async fn query(&mut self, question: &str) -> Result<Vec<Row>, Trouble> {
        self.sequence = 0;
        self.send(&[b"\x03", question.as_bytes()].concat()).await?;
        let first = self.receive().await?;
        match first.first() {
            Some(0xff) => return Err(refusal(&first)),
            Some(0x00) => return Ok(Vec::new()),
            _ => {}
        }
        // Descriptions of the columns, and rows, each up to a packet that ends them.
        while !is_end(&self.receive().await?) {}
        let mut rows = Vec::new();
        loop {
            let packet = self.receive().await?;
            if packet.first() == Some(&0xff) {
                return Err(refusal(&packet));
            }
            if is_end(&packet) {
                return Ok(rows);
            }
            if rows.len() < ROWS {
                rows.push(row(&packet).ok_or_else(torn)?);
            }
        }
    }

    /// Says good-bye, so that the server does not count a lost client.
    pub(super) async fn close(mut self) {
        self.sequence = 0;
        // It is over either way.
        let _ = self.send(b"\x01").await;
    }

    async fn send(&mut self, body: &[u8]) -> Result<(), Trouble> {
        let length = (body.len() as u32).to_le_bytes();
        let head = [length[0], length[1], length[2], self.sequence];
        self.sequence = self.sequence.wrapping_add(1);
        self.stream.send(&[&head[..], body].concat()).await
    }

    async fn receive(&mut self) -> Result<Vec<u8>, Trouble> {
        let head = self.stream.exactly(4, 4).await?;
        self.sequence = head[3].wrapping_add(1);
        let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        self.stream.exactly(length as usize, PACKET).await
    }
}

/// What stands before the name, and alone before TLS.
fn header(abilities: u32) -> Vec<u8> {
    let mut header = abilities.to_le_bytes().to_vec();
    header.extend((PACKET as u32).to_le_bytes());
    header.push(UTF8MB4);
    header.extend([0; 23]);
    header
}

fn greeting(packet: &[u8]) -> Option<Greeting> {
    let rest = packet.strip_prefix(b"\x0a")?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    let rest = rest.get(end + 1 + 4..)?;
    let (salt, rest) = rest.split_first_chunk::<8>()?;
    let low = rest.get(1..3)?;
    let high = rest.get(6..8)?;
    let length = usize::from(*rest.get(8)?);
    let rest = rest.get(19..)?;
    let more = length.saturating_sub(8).max(13).min(rest.len());
    let (more, method) = rest.split_at(more);
    let more = more.strip_suffix(b"\0").unwrap_or(more);
    Some(Greeting {
        abilities: u32::from_le_bytes([low[0], low[1], high[0], high[1]]),
        salt: [&salt[..], more].concat(),
        method: method.split(|byte| *byte == 0).next()?.to_vec(),
    })
}

fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

fn row(packet: &[u8]) -> Option<Row> {
    let mut rest = packet;
    let mut row = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        let (length, after) = match first {
            0xfb => {
                row.push(None);
                rest = after;
                continue;
            }
            0xfc => (
                u64::from(u16::from_le_bytes(*after.first_chunk()?)),
                after.get(2..)?,
            ),
            0xfd => {
                let [a, b, c] = *after.first_chunk()?;
                (u64::from(u32::from_le_bytes([a, b, c, 0])), after.get(3..)?)
            }
            0xfe => (u64::from_le_bytes(*after.first_chunk()?), after.get(8..)?),
            0xff => return None,
            small => (u64::from(*small), after),
        };
        let length = usize::try_from(length).ok()?;
        row.push(Some(
            String::from_utf8_lossy(after.get(..length)?).into_owned(),
        ));
        rest = after.get(length..)?;
    }
    Some(row)
}

fn torn() -> Trouble {
    Trouble::Strange("a message is shorter than it says".to_string())
}

/// A number, perhaps `#` and five letters, and the text.
fn refusal(packet: &[u8]) -> Trouble {
    let text = packet.get(3..).unwrap_or_default();
    let text = match text.first() {
        Some(b'#') => text.get(6..).unwrap_or_default(),
        _ => text,
    };
    Trouble::Refused(one_line(&String::from_utf8_lossy(text), 200))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_lengths_are_read_and_torn_ones_are_not() {
        let long = "x".repeat(300);
        let packet = [b"\x02ab\xfb\x00\xfc\x2c\x01", long.as_bytes()].concat();
        let expected = vec![Some("ab".into()), None, Some(String::new()), Some(long)];
        assert_eq!(row(&packet), Some(expected));
        assert_eq!(row(&packet[..20]), None);
        assert_eq!(row(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff"), None);
        assert_eq!(row(b"\xfd\x01"), None);
    }

    #[test]
    fn a_greeting_that_is_torn_is_none() {
        let whole = [
            b"\x0a8.0.1\0\x01\x00\x00\x00",
            &b"saltsalt"[..],
            b"\0\xff\xff\x2d\x02\x00\xff\xdf\x15",
            &[0; 10],
            b"moresaltmore\0",
            b"caching_sha2_password\0",
        ]
        .concat();
        let found = greeting(&whole).expect("is a greeting");
        assert_eq!(found.salt, b"saltsaltmoresaltmore");
        assert_eq!(found.method, b"caching_sha2_password");
        assert!(found.abilities & SSL != 0 && found.abilities & PLUGIN_AUTH != 0);
        for end in 0..whole.len() {
            // Shorter ones are none, or name no method.
            assert!(greeting(&whole[..end]).is_none_or(|found| found.method
                != b"caching_sha2_password"
                || end >= whole.len() - 1));
        }
    }
}
