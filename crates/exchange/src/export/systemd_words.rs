//! Words of systemd's unit files: quoting, and calendars from cron expressions.

/// Words of an `Exec…=` line, each quoted where it must be.
pub(super) fn exec(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| exec_word(word)).collect();
    words.join(" ")
}

fn exec_word(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@+,".contains(&b);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.to_string(),
        false => quoted(&word.replace('$', "$$")),
    }
}

/// `"NAME=value"` of an `Environment=` line.
pub(super) fn assignment(name: &str, value: &str) -> String {
    quoted(&format!("{name}={value}"))
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '%' => out.push_str("%%"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text that takes up the rest of its line.
pub(super) fn rest(text: &str) -> String {
    text.replace('%', "%%").replace(['\n', '\r'], " ")
}

/// `OnCalendar=` of a cron expression; `None` where systemd cannot say it.
pub(super) fn calendar(cron: &str) -> Option<String> {
    let named = match cron.trim() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        other => other,
    };
    let [minute, hour, day, month, weekday] = named.split_whitespace().collect::<Vec<_>>()[..]
    else {
        return None;
    };
    // With both, cron takes either day, systemd wants both.
    if day != "*" && weekday != "*" {
        return None;
    }
    let field = |text: &str, first: u32| {
        let items = text.split(',').map(|item| match item.split_once('/') {
            Some(("*", step)) => Some(format!("{first}/{step}")),
            Some((range, step)) => Some(format!("{}/{step}", range.replace('-', ".."))),
            None => Some(item.replace('-', "..")),
        });
        let items: Option<Vec<String>> = items.collect();
        items.map(|items| items.join(","))
    };
    let numeric = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_digit() || "*/,-".contains(c))
    };
    if ![minute, hour, day, month].iter().all(|text| numeric(text)) {
        return None;
    }
    let weekday = match weekday {
        "*" => String::new(),
        text => weekdays(text)? + " ",
    };
    let (minute, hour) = (field(minute, 0)?, field(hour, 0)?);
    Some(format!(
        "{weekday}*-{}-{} {hour}:{minute}:00",
        field(month, 1)?,
        field(day, 1)?
    ))
}

fn weekdays(text: &str) -> Option<String> {
    const DAYS: [&str; 8] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let day = |text: &str| match text.parse::<usize>() {
        Ok(number) => DAYS.get(number).copied(),
        Err(_) => DAYS.into_iter().find(|day| day.eq_ignore_ascii_case(text)),
    };
    let items = text.split(',').map(|item| match item.split_once('-') {
        Some((from, to)) => Some(format!("{}..{}", day(from)?, day(to)?)),
        None => day(item).map(str::to_string),
    });
    let items: Option<Vec<String>> = items.collect();
    items.map(|items| items.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_units() {
        let words = ["/bin/sh", "-c", "echo \"$A\" 100%\n"].map(String::from);
        assert_eq!(exec(&words), r#"/bin/sh -c "echo \"$$A\" 100%%\n""#);
        assert_eq!(assignment("A", "$x %"), "\"A=$x %%\"");
    }

    #[test]
    fn cron_becomes_a_calendar() {
        let check = |cron: &str, expect: Option<&str>| {
            assert_eq!(calendar(cron).as_deref(), expect, "{cron}");
        };
        check("*/15 * * * *", Some("*-*-* *:0/15:00"));
        check("0 3 * * mon-fri", Some("Mon..Fri *-*-* 3:0:00"));
        check("0 0 1,15 * *", Some("*-*-1,15 0:0:00"));
        check("@daily", Some("*-*-* 0:0:00"));
        check("0 0 13 * fri", None);
    }
}
