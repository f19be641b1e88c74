//! Every key there is, and the walk that compares what was written with it.

use std::path::Path;

use toml::{Table, Value};

use super::{
    fault::{Fault, Layer},
    rules::Rule,
};

/// One key.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    required: bool,
}

/// What stands at a key.
pub(super) enum Kind {
    /// A text.
    Text(Rule),
    /// A text that is never printed; may be given as `<key>_file`.
    Secret(Rule),
    /// A whole number from one on.
    Whole,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Texts(Rule),
    /// A section.
    Table(&'static [Key]),
    /// A list of sections.
    Tables(&'static [Key]),
}

impl Key {
    pub(super) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false }
    }

    pub(super) const fn required(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: true }
    }
}

/// What stands at a path, if that is a key. `<secret>_file` counts as a text.
pub(super) fn find<'a>(keys: &'a [Key], path: &[&str]) -> Option<&'a Kind> {
    const FILE: &Kind = &Kind::Text(super::rules::any);
    let (first, rest) = path.split_first()?;
    if rest.is_empty() && keys.iter().any(|key| is_file_of(first, key)) {
        return Some(FILE);
    }
    let key = keys.iter().find(|key| key.name == *first)?;
    match &key.kind {
        kind if rest.is_empty() => Some(kind),
        Kind::Table(inner) => find(inner, rest),
        _ => None,
    }
}

/// Compares a layer with the keys: collects every fault, reads the files of secrets, and drops empty texts, so that
/// what is left has the right shape throughout.
pub(super) fn vet(table: &mut Table, keys: &[Key], path: &str, layer: &Layer, faults: &mut Vec<Fault>) {
    let names: Vec<String> = table.keys().cloned().collect();
    for name in names {
        let here = join(path, &name);
        let mut fault = |what: String| faults.push(layer.fault(&here, what));
        if let Some(key) = keys.iter().find(|key| is_file_of(&name, key)) {
            match secret_from_file(table, key.name, &name) {
                Ok(()) => {}
                Err(what) => fault(what),
            }
        } else if !keys.iter().any(|key| key.name == name) {
            fault(unknown(&name, keys));
            table.remove(&name);
        }
    }
    for key in keys {
        let here = join(path, key.name);
        match table.get_mut(key.name) {
            Some(value) => {
                let before = faults.len();
                if !vet_value(value, &key.kind, &here, layer, faults) {
                    table.remove(key.name);
                    if key.required && faults.len() == before {
                        faults.push(layer.fault(&here, "is empty".into()));
                    }
                }
            }
            None if key.required => faults.push(layer.fault(&here, "is missing".into())),
            None => {}
        }
    }
}

/// Whether the value is to be kept.
fn vet_value(value: &mut Value, kind: &Kind, here: &str, layer: &Layer, faults: &mut Vec<Fault>) -> bool {
    let wanted = match (kind, value) {
        (Kind::Text(_) | Kind::Secret(_), Value::String(text)) if text.is_empty() => return false,
        (Kind::Text(rule) | Kind::Secret(rule), Value::String(text)) => {
            faults.extend(rule(text).err().map(|what| layer.fault(here, what)));
            return true;
        }
        (Kind::Whole, Value::Integer(number)) if *number > 0 => return true,
        (Kind::Flag, Value::Boolean(_)) => return true,
        (Kind::Texts(rule), Value::Array(items)) => {
            vet_texts(items, *rule, here, layer, faults);
            return true;
        }
        (Kind::Table(keys), Value::Table(table)) => {
            vet(table, keys, here, layer, faults);
            return true;
        }
        (Kind::Tables(keys), Value::Array(items)) => {
            for (index, item) in items.iter_mut().enumerate() {
                vet_value(item, &Kind::Table(keys), &format!("{here}[{index}]"), layer, faults);
            }
            return true;
        }
        (Kind::Text(_) | Kind::Secret(_), _) => "a text in quotes",
        (Kind::Whole, _) => "a whole number from 1 on",
        (Kind::Flag, _) => "true or false",
        (Kind::Texts(_), _) => "a list of texts",
        (Kind::Table(_), _) => "a section",
        (Kind::Tables(_), _) => "a list of sections",
    };
    faults.push(layer.fault(here, format!("must be {wanted}")));
    false
}

fn vet_texts(items: &[Value], rule: Rule, here: &str, layer: &Layer, faults: &mut Vec<Fault>) {
    if items.is_empty() {
        faults.push(layer.fault(here, "is empty: name at least one".into()));
    }
    for (index, item) in items.iter().enumerate() {
        let what = item.as_str().map_or_else(|| Err("must be a text in quotes".into()), rule);
        faults.extend(what.err().map(|what| layer.fault(&format!("{here}[{index}]"), what)));
    }
}

/// Puts the content of the named file in place of `<key>_file`.
fn secret_from_file(table: &mut Table, key: &str, file_key: &str) -> Result<(), String> {
    let value = table.remove(file_key);
    let path = value.as_ref().and_then(Value::as_str).ok_or("must be the path of a file, in quotes")?;
    if path.is_empty() {
        return Ok(());
    }
    if table.get(key).is_some_and(|given| given.as_str() != Some("")) {
        return Err(format!("{key} is given too: keep one of the two"));
    }
    let content =
        std::fs::read_to_string(Path::new(path)).map_err(|error| format!("cannot read {path:?}: {error}"))?;
    let secret = content.strip_suffix('\n').unwrap_or(&content);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(format!("{path:?} is empty"));
    }
    table.insert(key.to_owned(), Value::String(secret.to_owned()));
    Ok(())
}

fn is_file_of(name: &str, key: &Key) -> bool {
    matches!(key.kind, Kind::Secret(_)) && name.strip_suffix("_file") == Some(key.name)
}

fn unknown(name: &str, keys: &[Key]) -> String {
    let files =
        keys.iter().filter(|key| matches!(key.kind, Kind::Secret(_))).map(|key| format!("{}_file", key.name));
    let known = keys.iter().map(|key| key.name.to_owned()).chain(files);
    match nearest(name, known) {
        Some(near) => format!("unknown key, did you mean {near:?}?"),
        None => "unknown key".to_owned(),
    }
}

/// The most similar of the known names, if any is similar at all.
pub(super) fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let scored = known.map(|known| (strsim::jaro_winkler(name, &known), known));
    scored.filter(|(score, _)| *score > 0.7).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
