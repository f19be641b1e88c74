//! What is still needed of who proved the first step at sign-in. Pure.

/// What is needed besides the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A code.
    Code,
    /// A second step has to be set up: everybody here must have one.
    Enrolment,
    /// A passkey instead: everybody here must have a second step, and theirs are passkeys alone.
    Passkey,
}

impl Needs {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Enrolment => "enrolment",
            Self::Passkey => "passkey",
        }
    }

    /// What such a word stands for.
    pub fn of_word(word: &str) -> Self {
        match word {
            "enrolment" => Self::Enrolment,
            "passkey" => Self::Passkey,
            _ => Self::Code,
        }
    }
}

/// What somebody has besides a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Has {
    /// A second step: an app that makes codes.
    pub second_step: bool,
    /// A passkey, or several.
    pub passkeys: bool,
}

/// What is needed of who came by a password or by a link; whoever came by a passkey needs nothing more, because it proved
/// both that they have it and that they are they.
///
/// Who has passkeys alone and must have a second step is not led to setting one up: with that, a stolen password would
/// be enough to come in.
pub fn still_needed(has: Has, required: bool) -> Option<Needs> {
    match (has.second_step, has.passkeys, required) {
        (true, _, _) => Some(Needs::Code),
        (false, _, false) => None,
        (false, true, true) => Some(Needs::Passkey),
        (false, false, true) => Some(Needs::Enrolment),
    }
}

/// Whether somebody may take one of their passkeys away, of which they have `passkeys`: where everybody must have a second
/// step, something stays that is one.
pub fn may_remove_passkey(second_step: bool, passkeys: i64, required: bool) -> bool {
    !required || second_step || passkeys > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_password_or_a_link_leads_to() {
        let (no, yes) = (false, true);
        // an app, passkeys, everybody must have a second step
        for (second_step, passkeys, required, needs) in [
            (no, no, no, None),
            (no, no, yes, Some(Needs::Enrolment)),
            (no, yes, no, None),
            (no, yes, yes, Some(Needs::Passkey)),
            (yes, no, no, Some(Needs::Code)),
            (yes, no, yes, Some(Needs::Code)),
            (yes, yes, no, Some(Needs::Code)),
            (yes, yes, yes, Some(Needs::Code)),
        ] {
            let has = Has { second_step, passkeys };
            assert_eq!(still_needed(has, required), needs, "{has:?} {required}");
        }
    }

    #[test]
    fn the_last_of_what_is_demanded_stays() {
        for (second_step, passkeys, required, may) in [
            (false, 1, false, true),
            (false, 1, true, false),
            (false, 2, true, true),
            (true, 1, true, true),
            (true, 1, false, true),
        ] {
            assert_eq!(may_remove_passkey(second_step, passkeys, required), may);
        }
    }

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for needs in [Needs::Code, Needs::Enrolment, Needs::Passkey] {
            assert_eq!(Needs::of_word(needs.as_str()), needs);
        }
    }
}
