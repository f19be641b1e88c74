use uuid::Uuid;

use super::*;

const NOW: i64 = 1_795_200_000_000;
const DAY: i64 = 24 * 60 * 60 * 1000;
const ANNA: &str = "anna@customer.example";

/// A ticket of Anna's, `Order 12`, last written to yesterday, that is named by a signal.
fn hit(signal: Signal, ticket: u128) -> Hit {
    Hit {
        signal,
        ticket: TicketId(Uuid::from_u128(ticket)),
        mailbox: "support@example.com".into(),
        customer: ANNA.parse().unwrap(),
        takes_part: true,
        base_subject: "order 12".into(),
        last_message_at: Timestamp::from_millis(NOW - DAY),
    }
}

/// The same, of a writer who takes no part in it.
fn other(signal: Signal, ticket: u128) -> Hit {
    Hit { takes_part: false, ..hit(signal, ticket) }
}

fn elsewhere(hit: Hit) -> Hit {
    Hit { mailbox: "sales@example.com".into(), ..hit }
}

fn days_old(days: i64, hit: Hit) -> Hit {
    Hit { last_message_at: Timestamp::from_millis(NOW - days * DAY), ..hit }
}

fn about(base: &str, hit: Hit) -> Hit {
    Hit { base_subject: base.into(), ..hit }
}

#[derive(Clone)]
struct Case {
    says: &'static str,
    writer: &'static str,
    colleague: bool,
    subject: &'static str,
    refers: bool,
    hits: Vec<Hit>,
    goes: (Option<u128>, Signal),
}

fn case(says: &'static str, hits: Vec<Hit>, goes: (Option<u128>, Signal)) -> Case {
    Case { says, writer: ANNA, colleague: false, subject: "Re: Order 12", refers: true, hits, goes }
}

fn by(writer: &'static str, case: Case) -> Case {
    Case { writer, ..case }
}

fn named(subject: &'static str, case: Case) -> Case {
    Case { subject, ..case }
}

fn bare(case: Case) -> Case {
    Case { refers: false, ..case }
}

fn cases() -> Vec<Case> {
    use Signal::{MessageId, New, Participant, References, StoredId, Subject, Token};
    let colleague = |case: Case| Case { colleague: true, ..case };
    const EVE: &str = "eve@elsewhere.example";
    vec![
        bare(named("Order 12", case("the first mail of a thread", vec![], (None, New)))),
        case("a reply to the signed address", vec![hit(Token, 1)], (Some(1), Token)),
        case("a reply to our signed Message-ID", vec![hit(MessageId, 1)], (Some(1), MessageId)),
        case(
            "our id only among older References (freescout#4020)",
            vec![hit(References, 1)],
            (Some(1), References),
        ),
        case("a second mail of the customer's own thread", vec![hit(StoredId, 1)], (Some(1), StoredId)),
        case("ids that nobody here knows (freescout#2375: ids of another installation)", vec![], (None, New)),
        case("the signed address before any id", vec![hit(MessageId, 2), hit(Token, 1)], (Some(1), Token)),
        case(
            "In-Reply-To before References",
            vec![hit(References, 2), hit(MessageId, 1)],
            (Some(1), MessageId),
        ),
        case(
            "signed ids before stored ones",
            vec![hit(StoredId, 2), hit(References, 1)],
            (Some(1), References),
        ),
        case(
            "ids before the number in the subject",
            vec![hit(Participant, 2), hit(StoredId, 1)],
            (Some(1), StoredId),
        ),
        case(
            "of two stored ids the one answered",
            vec![hit(StoredId, 1), hit(StoredId, 2)],
            (Some(1), StoredId),
        ),
        by(
            EVE,
            case(
                "a stranger who knows a Message-ID (chatwoot#13502)",
                vec![other(MessageId, 1)],
                (None, New),
            ),
        ),
        by(EVE, case("a stranger among References", vec![other(References, 1)], (None, New))),
        by(
            EVE,
            case(
                "a stranger who was in copy and is in no mail of ours",
                vec![other(StoredId, 1)],
                (None, New),
            ),
        ),
        by(
            EVE,
            bare(named(
                "[#12] Order 12",
                case(
                    "a stranger who quotes the number (zammad#5064)",
                    vec![other(Participant, 1)],
                    (None, New),
                ),
            )),
        ),
        by(
            EVE,
            bare(named(
                "Re: [#12] x",
                case(
                    "a stranger who answers with the number (zammad#2444)",
                    vec![other(Participant, 1)],
                    (None, New),
                ),
            )),
        ),
        by(
            "anna@private.example",
            case(
                "the customer from another address, to the signed address",
                vec![other(Token, 1)],
                (Some(1), Token),
            ),
        ),
        by(
            "anna@private.example",
            case("the customer from another address, by ids alone", vec![other(MessageId, 1)], (None, New)),
        ),
        by(
            "ben@customer.example",
            case("somebody in copy answers (freescout#2086)", vec![hit(StoredId, 1)], (Some(1), StoredId)),
        ),
        by(
            "kim@example.com",
            colleague(case(
                "a colleague answers from a mail program",
                vec![other(MessageId, 1)],
                (Some(1), MessageId),
            )),
        ),
        by(
            "kim@example.com",
            colleague(bare(named(
                "[#12] x",
                case("a colleague who only names a number", vec![other(Participant, 1)], (None, New)),
            ))),
        ),
        case(
            "an id of another mailbox (chatwoot: look-up without scope)",
            vec![elsewhere(hit(StoredId, 1))],
            (None, New),
        ),
        case("a signed address of another mailbox", vec![elsewhere(hit(Token, 1))], (None, New)),
        case(
            "one mail to two mailboxes joins each one's own ticket (freescout#5284)",
            vec![elsewhere(hit(StoredId, 2)), hit(StoredId, 1)],
            (Some(1), StoredId),
        ),
        named(
            "WG: Order 12",
            case(
                "passed on to another mailbox without Fwd (zammad#4965)",
                vec![elsewhere(hit(MessageId, 1))],
                (None, New),
            ),
        ),
        named(
            "Fwd: Order 12",
            case(
                "the customer passes on with Fwd (zammad#5287)",
                vec![hit(StoredId, 1)],
                (Some(1), StoredId),
            ),
        ),
        named(
            "Something else",
            case(
                "another subject stays in the thread and is noted (chatwoot#15869)",
                vec![hit(MessageId, 1)],
                (Some(1), MessageId),
            ),
        ),
        case(
            "staff answered outside, the customer answers that (chatwoot#10028)",
            vec![hit(StoredId, 1)],
            (Some(1), StoredId),
        ),
        case(
            "common References to a mail we never had (zammad#5716)",
            vec![hit(StoredId, 1)],
            (Some(1), StoredId),
        ),
        bare(case(
            "all ids stripped, the signed address kept (zammad#3022, ServiceNow)",
            vec![hit(Token, 1)],
            (Some(1), Token),
        )),
        bare(named(
            "AW: [#12] Order 12",
            case(
                "all ids stripped, the number kept (zammad#3695, Jira)",
                vec![hit(Participant, 1)],
                (Some(1), Participant),
            ),
        )),
        bare(case(
            "all ids stripped, only Re: and the subject (libredesk#18)",
            vec![hit(Subject, 1)],
            (Some(1), Subject),
        )),
        bare(named(
            "Order 12",
            case(
                "the same subject without Re: (zammad#5286: sent again on purpose)",
                vec![hit(Subject, 1)],
                (None, New),
            ),
        )),
        bare(named(
            "Fwd: Order 12",
            case("the same subject passed on is no answer", vec![hit(Subject, 1)], (None, New)),
        )),
        bare(case(
            "the subject of a ticket of eight days ago",
            vec![days_old(8, hit(Subject, 1))],
            (None, New),
        )),
        bare(case(
            "the subject of a ticket of exactly a week",
            vec![days_old(7, hit(Subject, 1))],
            (Some(1), Subject),
        )),
        by(EVE, bare(case("a stranger with the same subject", vec![other(Subject, 1)], (None, New)))),
        case(
            "references nobody knows, and the same subject (chatwoot#7286: nothing matches nothing)",
            vec![hit(Subject, 1)],
            (None, New),
        ),
        bare(named(
            "Re:",
            case("an empty subject leads nowhere", vec![about("", hit(Subject, 1))], (None, New)),
        )),
        bare(named("Re: Invoice", case("another subject leads nowhere", vec![hit(Subject, 1)], (None, New)))),
        case(
            "a ticket closed three years ago is still its thread (C-E, freescout#3231)",
            vec![days_old(1100, hit(MessageId, 1))],
            (Some(1), MessageId),
        ),
        by(
            EVE,
            case(
                "a stranger's forged id beside a signed address",
                vec![other(StoredId, 2), other(Token, 1)],
                (Some(1), Token),
            ),
        ),
        case(
            "the first known id is another customer's, the second one's own",
            vec![other(StoredId, 2), hit(StoredId, 1)],
            (Some(1), StoredId),
        ),
        bare(named(
            "回复：Order 12",
            case("an answer in Chinese by subject", vec![hit(Subject, 1)], (Some(1), Subject)),
        )),
    ]
}

#[test]
fn each_mail_goes_where_people_expect_it() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    for case in cases {
        let writer = case.writer.parse().unwrap();
        let letter = Letter {
            mailbox: "support@example.com",
            writer: &writer,
            is_colleague: case.colleague,
            subject: case.subject,
            refers: case.refers,
            now: Timestamp::from_millis(NOW),
        };
        let place = place(&letter, &case.hits);
        let gone = (place.ticket.map(|ticket| ticket.0.as_u128()), place.signal);
        assert_eq!(gone, case.goes, "{}", case.says);
        assert!(!place.detail.is_empty());
    }
}
