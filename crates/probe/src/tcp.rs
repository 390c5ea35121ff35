//! A check that connects and says nothing.

use crate::address;
use crate::check::{Failure, Limit};
use crate::race;

pub(crate) async fn check(host: &str, port: u16, limit: Limit) -> Result<String, Failure> {
    let addresses = address::resolve(host, port, limit).await?;
    let shown = address::shown(host, port);
    race::first_success(&addresses, limit, |address| {
        let shown = &shown;
        async move {
            address::connect(address, shown, limit).await?;
            Ok(format!("{shown} accepts connections"))
        }
    })
    .await
}
