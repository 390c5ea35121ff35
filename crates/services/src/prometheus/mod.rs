//! Any page in the form of Prometheus: what its user names, or else a sensible choice.

mod choice;
mod text;

use crate::error::Trouble;
use crate::http;
use crate::statistics::Findings;
use crate::stream::Stream;
use crate::url::Url;

/// The largest page that is read.
const PAGE: usize = 16 << 20;

pub(crate) async fn ask(url: &Url) -> Result<Findings, Trouble> {
    let mut stream = Stream::connect(url).await?;
    if url.scheme == "https" {
        stream = stream.secure(&url.host).await?;
    }
    let host = match (url.host.contains(':'), url.port) {
        (true, port) => format!("[{}]:{port}", url.host),
        (false, port) => format!("{}:{port}", url.host),
    };
    let password = url.password.as_deref().unwrap_or("");
    let credentials = url.user.as_deref().map(|user| (user, password));
    let (status, page) =
        http::get(stream.into_wire(), &host, &url.target, credentials, PAGE).await?;
    if !(200..300).contains(&status) {
        return Err(Trouble::Refused(format!("HTTP {status}")));
    }
    let families = text::parse(&String::from_utf8_lossy(&page));
    if families.is_empty() {
        return Err(Trouble::Strange(
            "the page holds no figures in the form of Prometheus".into(),
        ));
    }
    Ok(choice::choose(&families, &url.fragment))
}
