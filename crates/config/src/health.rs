//! From `health_check` to a check: one thing to try, and its settings.

use forge_core::spec::{HealthCheck, OnUnhealthy, Probe};
use forge_core::template::Template;

use crate::lower::{Place, set, take};
use crate::model::HealthMap;
use crate::reader::{At, Reader};
use crate::short_forms::Health;
use crate::tree::Span;
use crate::urls;

/// The check that a field asks for; what is wrong is noted.
pub(crate) fn check(
    field: At<Health>,
    has_port: bool,
    reader: &mut Reader<'_>,
) -> Option<HealthCheck> {
    match field.value {
        Health::Command(command) => Some(HealthCheck::new(Probe::Command(command))),
        Health::Url(url) => Some(HealthCheck::new(url_probe(url, field.span, reader)?)),
        Health::Map(map) => health_map(*map, Place::of(field.key, field.span), has_port, reader),
    }
}

fn url_probe(url: Template, span: Span, reader: &mut Reader<'_>) -> Option<Probe> {
    if !urls::check(&url, &urls::HEALTH, span, reader) {
        return None;
    }
    Some(match urls::without_scheme(&url, "tcp") {
        Some(address) => Probe::Tcp { address },
        None => http(url),
    })
}

fn http(url: Template) -> Probe {
    Probe::Http {
        url,
        status: vec![(200, 399)],
        headers: Vec::new(),
        body: None,
    }
}

fn health_map(
    mut map: HealthMap,
    place: Place,
    has_port: bool,
    reader: &mut Reader<'_>,
) -> Option<HealthCheck> {
    let probe = probe(&mut map, place, has_port, reader)?;
    let mut check = HealthCheck::new(probe);
    if let Some(at) = map.interval {
        check.interval = at.value.0;
    }
    if let Some(at) = map.timeout {
        check.timeout = at.value.0;
    }
    if let Some(at) = map.retries {
        check.retries = at.value.0 as u32;
    }
    set(&mut check.start_period, map.start_period);
    check.on_unhealthy = take(map.on_unhealthy).unwrap_or(OnUnhealthy::Warn);
    check.fail_on = take(map.fail_on);
    Some(check)
}

/// The one thing that is tried. Without any it is the own port, where there is one.
fn probe(
    map: &mut HealthMap,
    place: Place,
    has_port: bool,
    reader: &mut Reader<'_>,
) -> Option<Probe> {
    let notify = map.notify.take().filter(|at| at.value);
    let places: Vec<(&str, Span)> = [
        ("http", map.http.as_ref().map(|at| at.key)),
        ("tcp", map.tcp.as_ref().map(|at| at.key)),
        ("command", map.command.as_ref().map(|at| at.key)),
        ("log", map.log.as_ref().map(|at| at.key)),
        ("notify", notify.as_ref().map(|at| at.key)),
    ]
    .into_iter()
    .filter_map(|(name, place)| Some((name, place?)))
    .collect();
    if let [(one, first), (two, second), ..] = places.as_slice() {
        reader
            .sink
            .error(
                *second,
                format!("`health_check` has both `{one}` and `{two}`"),
            )
            .related(*first, format!("`{one}` is here"))
            .help("keep one of `http`, `tcp`, `command`, `log` and `notify`");
        return None;
    }
    if map.http.is_none() {
        only_for_http(map, reader);
    }
    if let Some(at) = map.http.take() {
        return http_probe(map, at, reader);
    }
    if let Some(at) = map.tcp.take() {
        let address = urls::without_scheme(&at.value.0, "tcp").unwrap_or(at.value.0);
        return urls::check_address(&address, at.span, reader).then_some(Probe::Tcp { address });
    }
    if let Some(at) = map.command.take() {
        return Some(Probe::Command(at.value.0));
    }
    match (map.log.take(), notify.is_some()) {
        (Some(at), _) => Some(Probe::Log(at.value)),
        (None, true) => Some(Probe::Notify),
        (None, false) if has_port => Some(Probe::OwnPort),
        (None, false) => {
            place
                .lacks(reader, "`health_check` does not say what to check")
                .help("add one of `http`, `tcp`, `command`, `log` and `notify: true`, or give the process a `port`");
            None
        }
    }
}

fn http_probe(
    map: &mut HealthMap,
    url: At<crate::scalars::Text>,
    reader: &mut Reader<'_>,
) -> Option<Probe> {
    if !urls::check(&url.value.0, &urls::WEB, url.span, reader) {
        return None;
    }
    let status = take(map.status.take()).map_or_else(
        || vec![(200, 399)],
        |list| {
            list.0
                .into_iter()
                .map(|(status, _)| (status.0, status.1))
                .collect()
        },
    );
    let headers = map.headers.take().map_or_else(Vec::new, |at| at.value.0);
    Some(Probe::Http {
        url: url.value.0,
        status,
        headers: headers
            .into_iter()
            .map(|(name, at)| (name, at.value.0))
            .collect(),
        body: take(map.body.take()),
    })
}

fn only_for_http(map: &HealthMap, reader: &mut Reader<'_>) {
    let keys = [
        ("status", map.status.as_ref().map(|at| at.key)),
        ("headers", map.headers.as_ref().map(|at| at.key)),
        ("body", map.body.as_ref().map(|at| at.key)),
    ];
    for (name, key) in keys {
        if let Some(key) = key {
            reader
                .sink
                .error(key, format!("`{name}` belongs to a check by `http`"))
                .help("add `http: http://localhost:…`, or remove it");
        }
    }
}
