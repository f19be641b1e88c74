//! The words, and what becomes of a text that is nothing but one of them.
//!
//! Sources: Twilio's default opt-out set, the words AWS and Telnyx ask for, the FCC's per-se words (47 CFR
//! 64.1200(a)(10)), CTIA's HELP; there is no authority for other languages, so these are what carriers and senders use.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    KeywordFamily::{self, Help, Start, Stop, Subscribe},
    Language::{self, De, En, Es, Fr, It, Nl, Pt},
    plain,
};

/// Whom a keyword reaches besides the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nobody: it acts, is recorded and answered, and opens no ticket.
    Alone,
    /// An agent: the rules say it acts, but in a conversation it may be an ordinary answer ("Cancel").
    AndAgent,
    /// It acts, alone, while the customer is opted out; otherwise it is an ordinary answer ("Yes").
    IfOptedOut,
}
use Reach::{Alone, AndAgent, IfOptedOut};

struct Row {
    family: KeywordFamily,
    reach: Reach,
    /// `None`: whatever languages are chosen.
    language: Option<Language>,
    words: &'static [&'static str],
}

const fn always(family: KeywordFamily, reach: Reach, words: &'static [&'static str]) -> Row {
    Row { family, reach, language: None, words }
}

const fn only(
    language: Language,
    family: KeywordFamily,
    reach: Reach,
    words: &'static [&'static str],
) -> Row {
    Row { family, reach, language: Some(language), words }
}

/// Case, accents, inner spaces and hyphens do not matter.
const TABLE: &[Row] = &[
    // opt-out
    always(Stop, Alone, &["STOP", "STOP ALL", "UNSUBSCRIBE", "OPT OUT", "REVOKE"]),
    always(Stop, AndAgent, &["CANCEL", "END", "QUIT"]),
    only(En, Stop, AndAgent, &["REMOVE"]),
    only(Es, Stop, Alone, &["ALTO", "PARAR", "PARE", "PAREN", "DETENER", "NO MAS", "DESUSCRIBIR"]),
    only(Es, Stop, AndAgent, &["BAJA", "CANCELAR"]),
    only(Fr, Stop, Alone, &["ARRET", "ARRETE", "ARRETER", "ARRETEZ", "ARRETT", "DESABONNER", "DESINSCRIRE"]),
    only(Fr, Stop, AndAgent, &["ANNULER", "TD"]), // TD is AWS's word in Canada
    only(It, Stop, Alone, &["FERMA", "FERMARE", "DISISCRIVI", "DISISCRIVIMI"]),
    only(It, Stop, AndAgent, &["BASTA", "ANNULLA", "CANCELLA", "CANCELLAMI"]),
    only(Pt, Stop, Alone, &["PARAR", "PARE", "PAREM", "DESCADASTRAR", "NAO MAIS"]),
    only(Pt, Stop, AndAgent, &["SAIR", "CANCELAR", "REMOVER"]),
    only(De, Stop, Alone, &["STOPP", "STOPPEN", "ABMELDEN", "AUSTRAGEN"]),
    only(De, Stop, AndAgent, &["ENDE", "ABBESTELLEN", "KUENDIGEN", "KÜNDIGEN"]),
    only(Nl, Stop, Alone, &["STOPPEN", "AFMELDEN", "UITSCHRIJVEN"]),
    only(Nl, Stop, AndAgent, &["EINDE", "OPZEGGEN", "ANNULEREN"]),
    // opt-in again
    always(Start, Alone, &["START", "UNSTOP"]),
    only(En, Start, IfOptedOut, &["YES"]),
    only(Es, Start, Alone, &["INICIAR", "EMPEZAR"]),
    only(Es, Start, AndAgent, &["ALTA"]),
    only(Es, Start, IfOptedOut, &["SI"]),
    only(Fr, Start, Alone, &["DEBUTER"]),
    only(Fr, Start, IfOptedOut, &["OUI"]),
    only(It, Start, Alone, &["INIZIA", "INIZIARE"]),
    only(It, Start, IfOptedOut, &["SI"]),
    only(Pt, Start, Alone, &["INICIAR", "COMECAR"]),
    only(Pt, Start, IfOptedOut, &["SIM"]),
    only(De, Start, Alone, &["STARTEN"]),
    only(De, Start, IfOptedOut, &["JA"]),
    only(Nl, Start, Alone, &["STARTEN"]),
    only(Nl, Start, IfOptedOut, &["JA"]),
    // help
    always(Help, Alone, &["HELP", "INFO"]),
    only(Es, Help, Alone, &["AYUDA"]),
    only(Fr, Help, Alone, &["AIDE"]),
    only(It, Help, Alone, &["AIUTO"]),
    only(Pt, Help, Alone, &["AJUDA"]),
    only(De, Help, Alone, &["HILFE"]),
    only(Nl, Help, Alone, &["HULP"]),
    // subscribe; the organisation's own words come after all of these
    always(Subscribe, Alone, &["JOIN"]),
    only(En, Subscribe, Alone, &["SUBSCRIBE"]),
    only(Es, Subscribe, Alone, &["SUSCRIBIR", "SUSCRIBIRME", "UNIRME"]),
    only(Fr, Subscribe, Alone, &["ABONNER", "INSCRIPTION", "REJOINDRE"]),
    only(It, Subscribe, Alone, &["ISCRIVIMI", "ISCRIVERMI"]),
    only(Pt, Subscribe, Alone, &["INSCREVER", "ASSINAR"]),
    only(De, Subscribe, Alone, &["ANMELDEN", "ABONNIEREN"]),
    only(Nl, Subscribe, Alone, &["AANMELDEN", "ABONNEREN", "INSCHRIJVEN"]),
];

static BY_WORD: LazyLock<HashMap<String, Vec<&'static Row>>> = LazyLock::new(|| {
    let mut by_word: HashMap<String, Vec<&Row>> = HashMap::new();
    for row in TABLE {
        for word in row.words {
            by_word.entry(plain::word(word)).or_default().push(row);
        }
    }
    by_word
});

/// What a word is, in the languages chosen.
pub(super) fn find(word: &str, languages: &[Language]) -> Option<(KeywordFamily, Reach)> {
    let rows = BY_WORD.get(word)?;
    let row = rows.iter().find(|row| row.language.is_none_or(|language| languages.contains(&language)))?;
    Some((row.family, row.reach))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_one_thing_whatever_languages_are_chosen() {
        for (word, rows) in BY_WORD.iter() {
            let meanings: Vec<_> = rows.iter().map(|row| (row.family, row.reach)).collect();
            assert!(meanings.iter().all(|meaning| *meaning == meanings[0]), "{word}: {meanings:?}");
        }
    }

    #[test]
    fn what_the_law_and_the_carriers_ask_for_cannot_be_switched_off() {
        let law = ["STOP", "QUIT", "END", "REVOKE", "OPTOUT", "CANCEL", "UNSUBSCRIBE", "STOPALL"];
        assert!(law.iter().all(|word| find(word, &[]).is_some_and(|(family, _)| family == Stop)));
        assert!(
            ["HELP", "INFO"].iter().all(|word| find(word, &[]).is_some_and(|(family, _)| family == Help))
        );
        assert!(find("ALTO", &[En]).is_none() && find("ALTO", &[Es]).is_some());
    }
}
