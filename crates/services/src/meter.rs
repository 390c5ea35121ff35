//! One service, looked at again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::error::{Error, Trouble};
use crate::statistics::{Findings, Statistics, Value};
use crate::url::{Kind, Url};
use crate::{mysql, postgres, prometheus, redis};

/// One service, looked at again and again.
#[derive(Debug)]
pub struct Meter {
    url: Url,
    last: Option<Last>,
}

/// What was counted at the last look.
#[derive(Debug)]
struct Last {
    at: Instant,
    counters: BTreeMap<String, f64>,
    means: BTreeMap<String, (f64, f64)>,
}

impl Meter {
    /// That of a URL: `postgres://`, `postgresql://`, `redis://`, `rediss://`, `mysql://`, `mariadb://`, or the page of a Prometheus
    /// exporter, `http://` or `https://`, behind whose `#` may stand which figures to show, with commas
    /// between, `*` for anything.
    ///
    /// # Errors
    /// Says what is wrong with the URL, without its password.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Meter {
            url: Url::parse(url).map_err(Error::Url)?,
            last: None,
        })
    }

    /// The service as people may see it: without password.
    pub fn place(&self) -> String {
        self.url.place()
    }

    /// Asks it. What is counted up becomes a rate at the second look.
    ///
    /// # Errors
    /// When it cannot be reached, refuses, takes longer than `limit`, or does not speak its protocol.
    pub async fn look(&mut self, limit: Duration) -> Result<Statistics, Error> {
        let place = self.url.place();
        let asked = timeout(limit, ask(&self.url)).await;
        let findings = match asked {
            Ok(Ok(findings)) => findings,
            Ok(Err(trouble)) => return Err(trouble.at(&place)),
            Err(_) => return Err(Error::Silent { place, limit }),
        };
        let now = Instant::now();
        let mut figures = findings.figures;
        if let Some(last) = &self.last {
            let seconds = (now - last.at).as_secs_f64();
            figures.extend(last.rates(&findings.counters, seconds));
            figures.extend(last.means(&findings.means));
        }
        self.last = Some(Last {
            at: now,
            counters: findings.counters,
            means: findings.means,
        });
        Ok(figures)
    }
}

impl Last {
    fn rates(&self, counters: &BTreeMap<String, f64>, seconds: f64) -> Statistics {
        let rate = |(name, now): (&String, &f64)| {
            // One that went back was started anew; the next look knows more.
            let grown = now - self.counters.get(name).filter(|before| *before <= now)?;
            let rate = (grown / seconds * 100.0).round() / 100.0;
            (seconds > 0.0).then(|| (name.clone(), Value::Number(rate)))
        };
        counters.iter().filter_map(rate).collect()
    }

    fn means(&self, means: &BTreeMap<String, (f64, f64)>) -> Statistics {
        let mean = |(name, (sum, count)): (&String, &(f64, f64))| {
            let before = self.means.get(name)?;
            let (sum, count) = (sum - before.0, count - before.1);
            let mean = sum / count;
            (count > 0.0 && sum >= 0.0 && mean.is_finite())
                .then(|| (name.clone(), Value::Number(mean)))
        };
        means.iter().filter_map(mean).collect()
    }
}

async fn ask(url: &Url) -> Result<Findings, Trouble> {
    match url.kind {
        Kind::Postgres => postgres::ask(url).await,
        Kind::Redis => redis::ask(url).await,
        Kind::Mysql => mysql::ask(url).await,
        Kind::Prometheus => prometheus::ask(url).await,
    }
}
