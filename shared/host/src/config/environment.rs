//! `FRONTDESK_*`, with `__` between levels. Lists are written as TOML or JSON:
//! `FRONTDESK_SMS__NUMBERS='[{number = "+15550001111", provider = "sandbox"}]'`.

use toml::{Table, Value};

use super::{
    fault::{Fault, Layer},
    schema::{self, Key, Kind},
};

const PREFIX: &str = "FRONTDESK_";

/// Names beside the keys: [`crate::telemetry`] reads `FRONTDESK_LOG`.
pub(super) const BESIDE: [&str; 1] = ["FRONTDESK_LOG"];

/// The variables as a table of the configuration's shape. Secrets' files are not read yet.
pub(super) fn table(variables: &[(String, String)], keys: &[Key], faults: &mut Vec<Fault>) -> Table {
    let mut table = Table::new();
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if BESIDE.contains(&name.as_str()) || is_service_link(rest, value) {
            continue;
        }
        let lower = rest.to_lowercase();
        let path: Vec<&str> = lower.split("__").collect();
        let Some(kind) = schema::find(keys, &path).filter(|kind| !matches!(kind, Kind::Table(_))) else {
            faults.push(unknown(name, keys));
            continue;
        };
        match read(kind, value) {
            Ok(value) => insert(&mut table, &path, value),
            Err(what) => faults.push(Layer::Environment.fault(&path.join("."), what)),
        }
    }
    table
}

/// The variable of a key: `FRONTDESK_SMS__NUMBERS` for `sms.numbers[0].number`.
pub(super) fn name_of(key: &str) -> String {
    let whole = key.split('[').next().unwrap_or(key);
    format!("{PREFIX}{}", whole.replace('.', "__").to_uppercase())
}

/// The variables of all keys.
pub(super) fn names(keys: &[Key], above: &str) -> Vec<String> {
    let one = |key: &Key| {
        let here = if above.is_empty() { key.name.to_owned() } else { format!("{above}.{}", key.name) };
        match &key.kind {
            Kind::Table(inner) => names(inner, &here),
            Kind::Secret(_) => vec![name_of(&here), name_of(&format!("{here}_file"))],
            _ => vec![name_of(&here)],
        }
    };
    keys.iter().flat_map(one).collect()
}

/// Kubernetes tells every pod about the services of its namespace (`FRONTDESK_SERVICE_HOST`,
/// `FRONTDESK_INBOX_PORT_8080_TCP=tcp://…`): a service named `frontdesk…` must not stop the start.
fn is_service_link(rest: &str, value: &str) -> bool {
    let linked = value.starts_with("tcp://") || value.starts_with("udp://");
    let port =
        rest.split("PORT_").nth(1).is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    rest.ends_with("SERVICE_HOST")
        || rest.contains("SERVICE_PORT")
        || (rest.ends_with("PORT") && linked)
        || port
}

fn unknown(name: &str, keys: &[Key]) -> Fault {
    let known = names(keys, "").into_iter().chain(BESIDE.map(str::to_owned));
    let what = match schema::nearest(name, known) {
        Some(near) => format!("unknown variable, did you mean {near}?"),
        None => "unknown variable".to_owned(),
    };
    Fault { key: name.to_owned(), what, origin: Some("environment".into()) }
}

fn read(kind: &Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Text(_) | Kind::Secret(_) => Ok(Value::String(text.to_owned())),
        Kind::Whole => {
            text.trim().parse().map(Value::Integer).map_err(|_| "must be a whole number from 1 on".into())
        }
        Kind::Flag => text.trim().parse().map(Value::Boolean).map_err(|_| "must be true or false".into()),
        _ => structure(text),
    }
}

/// The error says nothing of the text: it may hold secrets.
fn structure(text: &str) -> Result<Value, String> {
    let toml =
        format!("value = {}", text.trim()).parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let json = || serde_json::from_str::<Value>(text).ok();
    toml.or_else(json)
        .ok_or_else(|| "cannot be read: write it as TOML, [{key = \"value\"}], or as JSON".into())
}

fn insert(table: &mut Table, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => {
            table.insert((*last).to_owned(), value);
        }
        [first, rest @ ..] => {
            let inner = table.entry((*first).to_owned()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
