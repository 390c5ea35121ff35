//! Times: RFC 3339 from the API, local time for people.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment of the API as `14:30:15` where it is today, else `2025-11-21 14:30`; the text itself
/// where it is no time.
pub(crate) fn local(text: &str) -> String {
    local_in(text, Timestamp::now(), zone())
}

/// The zone of this machine. Where `TZ` does not say another one, the file that the machine names is
/// read directly: looking for its name among all zones takes longer than all else that `status` does.
pub(crate) fn zone() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(|| {
        if std::env::var_os("TZ").is_some() {
            return TimeZone::system();
        }
        let file = std::fs::read("/etc/localtime").ok();
        let zone = file.and_then(|bytes| TimeZone::tzif("local", &bytes).ok());
        zone.unwrap_or_else(TimeZone::system)
    })
}

fn local_in(text: &str, now: Timestamp, zone: &TimeZone) -> String {
    let Ok(moment) = text.parse::<Timestamp>() else {
        return text.to_string();
    };
    let moment = moment.to_zoned(zone.clone());
    let today = now.to_zoned(zone.clone()).date();
    let form = if moment.date() == today {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M"
    };
    moment.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_the_day_only_where_it_is_another_one() {
        let now: Timestamp = "2025-11-21T15:00:00Z".parse().unwrap();
        let shown = |text| local_in(text, now, &TimeZone::UTC);
        assert_eq!(shown("2025-11-21T14:30:15.123456789Z"), "14:30:15");
        assert_eq!(shown("2025-11-20T14:30:15Z"), "2025-11-20 14:30");
        assert_eq!(shown("no time"), "no time");
    }
}
