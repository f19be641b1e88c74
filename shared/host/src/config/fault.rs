//! What is wrong with a configuration, said so that it can be mended.

use std::fmt;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// A file, by its name.
    File(String),
    /// The environment.
    Environment,
    /// The layers taken together.
    Whole,
}

impl Layer {
    pub(super) fn fault(&self, key: &str, what: String) -> Fault {
        let origin = match self {
            Self::File(name) => Some(name.clone()),
            Self::Environment => Some(format!("environment, {}", super::environment::name_of(key))),
            Self::Whole => None,
        };
        Fault { key: key.to_owned(), what, origin }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The whole path of the key, such as `sms.numbers[0].number`.
    pub key: String,
    /// What is wrong with it, for people.
    pub what: String,
    /// Where it was written.
    pub origin: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)?;
        self.origin.as_ref().map_or(Ok(()), |origin| write!(f, " ({origin})"))
    }
}

/// Everything that is wrong, at least one thing. Shown as one line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// One fault of a key, whichever layer it stands in.
    pub fn one(key: &str, what: impl Into<String>) -> Self {
        Self(vec![Layer::Whole.fault(key, what.into())])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let newline = if index > 0 { "\n" } else { "" };
            write!(f, "{newline}frontdesk: configuration: {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
