use domain::{Author, AuthorKind, Direction, MessageStatus};
use proptest::prelude::*;

use super::*;

const SESSION: SessionId = SessionId(Uuid::from_u128(7));
fn now() -> Timestamp {
    Timestamp::from_millis(1_763_700_000_000)
}

fn session() -> Session {
    Session::new(SESSION, "main", Visitor { id: "browser-1".into(), ..Visitor::default() }, None)
}

fn client_id(seq: i64) -> Uuid {
    Uuid::from_u128(1_000 + u128::try_from(seq).unwrap())
}

fn message(seq: i64, kind: AuthorKind) -> Message {
    let client_id = (kind == AuthorKind::Customer).then(|| client_id(seq));
    Message {
        id: MessageId::named(
            SESSION.0,
            &client_id.unwrap_or_else(|| Uuid::from_u128(seq.unsigned_abs().into())).to_string(),
        ),
        ticket_id: TicketId(Uuid::from_u128(1)),
        seq,
        direction: Direction::Out,
        author: Author { kind, id: None, name: Some("Maya".into()) },
        text: format!("message {seq}"),
        html: None,
        attachments: Vec::new(),
        status: MessageStatus::Sent,
        error: None,
        segments: None,
        send_at: None,
        reply_text: None,
        mail: None,
        sent_at: now(),
        why: String::new(),
        client_id,
        carried: domain::message::Carried::default(),
    }
}

fn ticket(number: i64, status: &str) -> ChatTicket {
    ChatTicket {
        id: TicketId(Uuid::from_u128(number.unsigned_abs().into())),
        number,
        version: 1,
        status: status.into(),
        unread: false,
        visitor_online: true,
    }
}

fn add(session: &mut Session, seq: i64, kind: AuthorKind) -> Result<Vec<ServerFrame>, Gap> {
    session.added(&ticket(1, "open"), &message(seq, kind))
}

fn history(kinds: &[AuthorKind], after: i64) -> ChatHistory {
    let all = (1..).zip(kinds).map(|(seq, kind)| message(seq, *kind));
    ChatHistory {
        messages: all.filter(|m| m.seq > after).collect(),
        last_seq: i64::try_from(kinds.len()).unwrap(),
        ticket_status: Some("open".into()),
        ticket_id: Some(TicketId(Uuid::from_u128(1))),
        read_seq: 0,
    }
}

fn text(seq: i64, text: &str) -> NewMessage {
    NewMessage { client_id: client_id(seq), text: text.into(), attachments: Vec::new() }
}

fn shown(frames: &[ServerFrame]) -> Vec<i64> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            ServerFrame::Message(message) => Some(message.seq),
            ServerFrame::Ack { seq, .. } => *seq,
            _ => None,
        })
        .collect()
}

proptest! {
    /// Events may come twice, in any order, and not at all: the history fills the gaps.
    #[test]
    fn every_message_reaches_the_browser_once_and_in_order(
        customer in prop::collection::vec(any::<bool>(), 1..20),
        events in prop::collection::vec(1..20i64, 0..60),
        sent_here in prop::collection::vec(any::<bool>(), 20),
        has in 0..20i64,
    ) {
        let kinds: Vec<_> = customer.iter().map(|c| if *c { AuthorKind::Customer } else { AuthorKind::Agent }).collect();
        let newest = i64::try_from(kinds.len()).unwrap();
        let kind = |seq: i64| kinds[usize::try_from(seq - 1).unwrap()];
        let mut session = session();
        let clock = Instant::now();
        let (ready, truncated) = session.resumed(&history(&kinds[..1], has.min(1)), has.min(1));
        prop_assert!(!truncated);
        let mut got: Vec<i64> = ready.iter().map(|m| m.seq).collect();
        let mut acks = 0;
        for seq in (2..=newest).filter(|seq| sent_here[usize::try_from(*seq).unwrap()]) {
            session.accept(&text(seq, "hi"), Vec::new(), now(), clock).unwrap();
            acks += i64::from(kind(seq) == AuthorKind::Customer);
        }
        let mut frames = Vec::new();
        for seq in events.into_iter().chain([newest]).filter(|seq| *seq <= newest) {
            match add(&mut session, seq, kind(seq)) {
                Ok(more) => frames.extend(more),
                Err(Gap) => frames.extend(session.filled(&history(&kinds[..usize::try_from(seq).unwrap()], session.last()))),
            }
        }
        got.extend(shown(&frames));
        prop_assert_eq!(got, ((has.min(1) + 1)..=newest).collect::<Vec<_>>());
        let acked = frames.iter().filter(|f| matches!(f, ServerFrame::Ack { .. })).count();
        prop_assert_eq!(i64::try_from(acked).unwrap(), acks);
    }
}

#[test]
fn what_the_browser_has_is_not_sent_again_and_what_it_invents_is_not_believed() {
    let kinds = [AuthorKind::Customer, AuthorKind::Agent, AuthorKind::Agent];
    let mut one = session();
    assert_eq!(one.resumed(&history(&kinds, 2), 2).0.iter().map(|m| m.seq).collect::<Vec<_>>(), [3]);
    let mut liar = session();
    assert!(liar.resumed(&history(&kinds, 900), 900).0.is_empty());
    assert_eq!(liar.last(), 3);
    assert_eq!(shown(&add(&mut liar, 4, AuthorKind::Agent).unwrap()), [4]);
}

#[test]
fn more_than_the_desk_gives_at_once_is_said_to_be_left_out() {
    let kinds = [AuthorKind::Agent; 9];
    let mut long = history(&kinds, 0);
    long.messages.drain(..5);
    let (messages, truncated) = session().resumed(&long, 2);
    assert_eq!((messages[0].seq, truncated), (6, true));
}

#[test]
fn messages_that_are_not_the_visitors_to_see_leave_no_hole() {
    let mut session = session();
    let kinds = [AuthorKind::Customer, AuthorKind::Keyword, AuthorKind::Campaign, AuthorKind::Agent];
    assert_eq!(session.resumed(&history(&kinds, 0), 0).0.len(), 2);
    assert_eq!(shown(&add(&mut session, 5, AuthorKind::Flow).unwrap()), [0i64; 0]);
    let bounced = Message { direction: Direction::In, ..message(6, AuthorKind::System) };
    let shown_of_it = session.added(&ticket(1, "open"), &bounced).unwrap();
    assert_eq!(shown(&shown_of_it), [0i64; 0], "that a mail to them failed");
    assert_eq!(shown(&add(&mut session, 7, AuthorKind::Agent).unwrap()), [7]);
}

#[test]
fn while_the_desk_is_away_nothing_is_shown_out_of_order() {
    let mut session = session();
    session.falls_behind(1);
    assert_eq!(add(&mut session, 2, AuthorKind::Agent), Err(Gap), "something before it may be missing");
    let kinds = [AuthorKind::Customer, AuthorKind::Agent, AuthorKind::Agent];
    assert_eq!(shown(&session.filled(&history(&kinds, 1))), [2, 3]);
    assert!(!session.is_behind());
}

#[test]
fn a_message_sent_twice_is_published_once_and_acknowledged_twice() {
    let mut session = session();
    let clock = Instant::now();
    assert!(matches!(session.accept(&text(1, "hi"), Vec::new(), now(), clock), Ok(Accepted::Publish(_))));
    assert!(matches!(session.accept(&text(1, "hi"), Vec::new(), now(), clock), Ok(Accepted::Underway)));
    session.ticket_is(&ticket(1, "open"));
    let frames = add(&mut session, 1, AuthorKind::Customer).unwrap();
    let ack =
        ServerFrame::Ack { client_id: client_id(1), id: session.message_id(client_id(1)), seq: Some(1) };
    assert_eq!(frames, [ack.clone(), ack]);
}

#[test]
fn after_an_ack_without_a_number_the_message_follows_with_it() {
    let mut session = session();
    let clock = Instant::now();
    session.accept(&text(1, "hi"), Vec::new(), now(), clock).unwrap();
    assert!(session.overdue(clock).is_empty());
    let late = clock + NUMBER_WITHIN;
    assert_eq!(session.next_due(), Some(late));
    let [id] = session.overdue(late)[..] else { panic!("one is due") };
    assert!(matches!(session.settle(id, None)[..], [ServerFrame::Ack { seq: None, .. }]));
    session.ticket_is(&ticket(1, "open"));
    let frames = add(&mut session, 1, AuthorKind::Customer).unwrap();
    assert!(
        matches!(&frames[..], [ServerFrame::Message(m)] if m.client_id == Some(client_id(1))),
        "{frames:?}"
    );
}

#[test]
fn what_cannot_be_sent_is_refused_by_name() {
    for (new, expected) in [(text(1, " \n\u{0}"), "empty"), (text(1, &"é".repeat(MAX_TEXT + 1)), "too_long")]
    {
        let refusal = session().accept(&new, Vec::new(), now(), Instant::now()).unwrap_err();
        let ServerFrame::Error { code, client_id: of, .. } = *refusal else { panic!("an error") };
        assert_eq!((code.as_str(), of), (expected, Some(client_id(1))));
    }
    assert!(session().accept(&text(1, &"é".repeat(MAX_TEXT)), Vec::new(), now(), Instant::now()).is_ok());
}

#[test]
fn a_file_needs_no_words_and_may_be_sent_twice() {
    let mut session = session();
    let file = || domain::message::Attachment {
        id: domain::AttachmentId(Uuid::nil()),
        name: "mug.jpg".into(),
        content_type: "image/jpeg".into(),
        size: 3,
        url: String::new(),
        blob: Some("chat/1".into()),
    };
    let ids: Vec<_> = [1, 2]
        .into_iter()
        .map(|n| match session.accept(&text(n, " "), vec![file()], now(), Instant::now()) {
            Ok(Accepted::Publish(chat)) => chat.attachments[0].id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_ne!(ids[0], ids[1], "a message has files of its own");
}

#[test]
fn the_browser_hears_of_open_and_closed_once_each() {
    let mut session = session();
    let closed = ServerFrame::Status { ticket: TicketStatus::Closed };
    let open = ServerFrame::Status { ticket: TicketStatus::Open };
    assert_eq!(session.ticket_is(&ticket(1, "open")), Some(open.clone()));
    assert_eq!(session.ticket_is(&ticket(1, "open")), None);
    assert_eq!(session.ticket_is(&ticket(1, "snoozed")), None, "snoozed is for agents");
    assert_eq!(session.ticket_is(&ticket(1, "closed")), Some(closed));
    assert_eq!(session.ticket_is(&ticket(1, "closed")), None);
    assert_eq!(session.ticket_is(&ticket(2, "open")), Some(open), "the next message opened a new one");
    assert_eq!(session.ticket_is(&ticket(1, "closed")), None, "late news of the old one");
    let later = ChatTicket { version: 3, ..ticket(2, "closed") };
    assert!(session.ticket_is(&later).is_some());
    let late = ChatTicket { version: 2, ..ticket(2, "open") };
    assert_eq!(session.ticket_is(&late), None, "news of one ticket may overtake each other as well");
}

#[test]
fn the_browser_hears_once_for_each_message_that_an_agent_has_read_it() {
    let mut session = session();
    let read = ChatTicket { unread: false, ..ticket(1, "open") };
    session.ticket_is(&read);
    assert_eq!(session.read_by_agent(&read), None, "there is nothing to read yet");
    session.falls_behind(0);
    assert_eq!(session.read_by_agent(&read), None, "what the browser lacks was not meant");
    session.filled(&history(&[AuthorKind::Customer; 2], 0));
    let unread = ChatTicket { unread: true, ..ticket(1, "open") };
    assert_eq!(session.read_by_agent(&unread), None);
    assert_eq!(session.read_by_agent(&read), Some(ServerFrame::Seen { seq: 2, by: Some(Reader::Agent) }));
    assert_eq!(session.read_by_agent(&read), None);
    assert_eq!(
        session.read_by_agent(&ChatTicket { unread: false, ..ticket(2, "open") }),
        None,
        "another chat"
    );
}

#[test]
fn a_page_that_was_reloaded_hears_what_agents_have_read_before() {
    let seen = |seq| Some(ServerFrame::Seen { seq, by: Some(Reader::Agent) });
    let read = |after| ChatHistory { read_seq: 2, ..history(&[AuthorKind::Customer; 3], after) };
    let mut reloaded = session();
    assert_eq!(reloaded.read_so_far(), None);
    reloaded.resumed(&read(0), 0);
    assert_eq!(reloaded.read_so_far(), seen(2));
    let mut late = session();
    late.falls_behind(0);
    assert_eq!(
        late.filled(&read(0)).last(),
        seen(2).as_ref(),
        "also when the history could be read later only"
    );
    assert!(late.filled(&read(3)).is_empty(), "once");
}

#[test]
fn seeing_goes_forward_and_only_to_what_was_shown() {
    let mut session = session();
    session.resumed(&history(&[AuthorKind::Agent; 3], 0), 0);
    assert!(session.saw(2) && !session.saw(2) && !session.saw(1) && !session.saw(4) && session.saw(3));
}
