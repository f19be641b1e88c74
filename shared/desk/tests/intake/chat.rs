//! Chats: B3, C-W, presence, reading, identity.

use bus::topic::{MESSAGE_MOVED, MESSAGE_QUEUED, MESSAGE_RECEIVED, REPLY_PROPOSED, TICKET_CHANGED};
use domain::{
    AuthorKind, EmailAddress, MessageStatus, TicketId,
    event::{ChatHistoryQuery, ChatStandingQuery, ReplyProposed, Visitor, VisitorSignalKind},
};

use crate::world::{World, session};

on_both!(
    b3_c_w_every_session_is_a_ticket_of_one_profile,
    c_w_a_message_after_the_end_opens_a_new_ticket_that_goes_on_counting,
    a_message_sent_twice_is_stored_once_and_keeps_its_id,
    presence_and_reading_are_shown,
    a_late_repeat_of_the_end_does_not_end_the_next_chat,
    an_unproven_address_makes_nobody_somebody_else,
    a_vouched_for_visitor_is_the_customer_we_know,
    a_signature_for_an_id_alone_does_not_speak_for_an_address,
    signing_in_takes_the_chat_along_to_the_customer_we_know,
    a_chat_belongs_to_its_page_its_form_and_its_rating,
    c_w_a_chat_in_which_nobody_writes_is_closed,
    earlier_chats_are_shown_to_whom_they_belong,
    history_resumes_across_tickets,
    what_agents_have_read_is_in_the_history,
    h6_two_tabs_that_begin_at_once_begin_one_session_with_one_welcome,
);

async fn say(world: &World, n: u8, visitor: &str, text: &str) -> TicketId {
    world.take(world.chatted(&world.chat(session(n), visitor, text))).await.ticket_id.unwrap()
}

async fn b3_c_w_every_session_is_a_ticket_of_one_profile(world: World) {
    let one = say(&world, 1, "browser", "hi").await;
    assert_eq!(say(&world, 1, "browser", "hello?").await, one);
    let two = say(&world, 2, "browser", "hi again").await;
    assert_ne!(one, two);
    assert_eq!(world.profile_of(one).await, world.profile_of(two).await);
    let ticket = world.ticket(one).await;
    assert!(ticket.can_reply.allowed && ticket.visitor_online && ticket.unread);
}

async fn c_w_a_message_after_the_end_opens_a_new_ticket_that_goes_on_counting(world: World) {
    let one = say(&world, 1, "browser", "hi").await;
    world.reply(one, "hello").await;
    world.turn(1_000);
    world.take(world.signal(session(1), VisitorSignalKind::Ended)).await;
    assert_eq!(world.ticket(one).await.status, "closed");
    world.turn(1_000);
    let two = say(&world, 1, "browser", "one more thing").await;
    assert_ne!(one, two);
    assert_eq!(world.ticket(one).await.status, "closed", "nobody reopens a closed chat");
    assert_eq!(say(&world, 1, "browser", "and another").await, two);
    let all = ChatHistoryQuery { session: session(1), after_seq: 0, limit: 200 };
    let history = world.desk.chat_history(&all).await.unwrap();
    let seqs: Vec<_> = history.messages.iter().map(|m| (m.seq, m.ticket_id)).collect();
    assert_eq!(seqs, [(1, one), (2, one), (3, two), (4, two)]);
    assert_eq!(world.profile_of(one).await, world.profile_of(two).await);
}

async fn a_message_sent_twice_is_stored_once_and_keeps_its_id(world: World) {
    let chat = world.chat(session(1), "browser", "hi");
    let id = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    world.take(world.chatted(&chat)).await;
    let messages = world.messages(id).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].client_id, Some(chat.client_id));
    assert_eq!(messages[0].id, domain::MessageId::named(session(1).0, &chat.client_id.to_string()));
}

async fn presence_and_reading_are_shown(world: World) {
    let id = say(&world, 1, "browser", "hi").await;
    let (one, two) = (world.reply(id, "hello").await, world.reply(id, "how can I help?").await);
    assert_eq!(one.status, MessageStatus::Sent, "a chat's answer needs no carrier");
    assert_eq!(world.told(MESSAGE_QUEUED).await.last().unwrap().session, Some(session(1)));
    let version = world.ticket(id).await.version;
    world.turn(1_000);
    let came = world.signal(session(1), VisitorSignalKind::CameOnline);
    world.turn(1_000);
    world.take(world.signal(session(1), VisitorSignalKind::Left)).await;
    let gone = world.ticket(id).await;
    assert_eq!(
        (gone.visitor_online, gone.version),
        (false, version),
        "presence is no change of the conversation"
    );
    world.take(came).await;
    assert!(!world.ticket(id).await.visitor_online, "an older word that comes late does not count");
    assert_eq!(world.told(TICKET_CHANGED).await.len(), 1);
    world.take(world.signal(session(1), VisitorSignalKind::Saw { seq: 2 })).await;
    world.take(world.signal(session(1), VisitorSignalKind::Saw { seq: 2 })).await;
    assert_eq!(world.message(id, one.id).await.status, MessageStatus::Read);
    assert_eq!(world.message(id, two.id).await.status, MessageStatus::Sent);
    let moved = world.told(MESSAGE_MOVED).await;
    assert_eq!(
        moved.iter().map(|m| (m.message_id, m.status)).collect::<Vec<_>>(),
        [(one.id, MessageStatus::Read)]
    );
}

async fn a_late_repeat_of_the_end_does_not_end_the_next_chat(world: World) {
    let one = say(&world, 1, "browser", "hi").await;
    world.turn(1_000);
    let end = world.signal(session(1), VisitorSignalKind::Ended);
    world.take(end.clone()).await;
    world.turn(1_000);
    let two = say(&world, 1, "browser", "hi").await;
    world.take(end).await;
    assert_eq!(
        (world.ticket(one).await.status, world.ticket(two).await.status),
        ("closed".into(), "open".into())
    );
}

async fn an_unproven_address_makes_nobody_somebody_else(world: World) {
    let anna = "anna@customer.example";
    let mail = world.take(world.mailed(&world.mail("m1", anna, "Hi", "hi"))).await.ticket_id.unwrap();
    let mut chat = world.chat(session(1), "browser", "I am Anna, send me her orders");
    chat.visitor.email = Some(EmailAddress::parse(anna).unwrap());
    chat.visitor.name = Some("Anna".into());
    let ticket = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    let profile = world.desk.profile(world.profile_of(ticket).await).await.unwrap();
    assert_ne!(profile.id, world.profile_of(mail).await);
    assert_eq!(profile.claimed_email.unwrap().as_str(), anna, "shown, not believed");
    // nor does a made-up id make somebody whom the site vouches for
    let vouched = Visitor { id: "42".into(), verified: true, ..Visitor::default() };
    let known =
        world.chatted(&domain::event::InboundChat { visitor: vouched, ..world.chat(session(2), "", "hi") });
    let known = world.take(known).await.ticket_id.unwrap();
    let made_up = say(&world, 3, "42", "hi").await;
    assert_ne!(world.profile_of(known).await, world.profile_of(made_up).await);
}

async fn a_vouched_for_visitor_is_the_customer_we_know(world: World) {
    let anna = "anna@customer.example";
    let mail = world.take(world.mailed(&world.mail("m1", anna, "Hi", "hi"))).await.ticket_id.unwrap();
    let email = Some(EmailAddress::parse(anna).unwrap());
    let mut chat = world.chat(session(1), "", "hi");
    chat.visitor = Visitor { id: "42".into(), name: None, email, verified: true, email_verified: true };
    let ticket = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    assert_eq!(world.profile_of(ticket).await, world.profile_of(mail).await, "C-X: two tickets, one profile");
    assert_ne!(ticket, mail);
}

async fn history_resumes_across_tickets(world: World) {
    let none = world
        .desk
        .chat_history(&ChatHistoryQuery { session: session(1), after_seq: 0, limit: 50 })
        .await
        .unwrap();
    assert_eq!((none.messages.len(), none.last_seq, none.ticket_id), (0, 0, None));
    let id = say(&world, 1, "browser", "one").await;
    for text in ["two", "three", "four"] {
        world.reply(id, text).await;
    }
    let ask = |after_seq, limit| ChatHistoryQuery { session: session(1), after_seq, limit };
    let some = world.desk.chat_history(&ask(1, 2)).await.unwrap();
    assert_eq!(some.messages.iter().map(|m| m.seq).collect::<Vec<_>>(), [3, 4], "newest kept, oldest first");
    assert_eq!((some.last_seq, some.ticket_status.as_deref(), some.ticket_id), (4, Some("open"), Some(id)));
    assert_eq!(world.desk.chat_history(&ask(4, 50)).await.unwrap().messages.len(), 0);
}

fn vouched(id: &str, email: &str, email_verified: bool) -> Visitor {
    let email = Some(EmailAddress::parse(email).unwrap());
    Visitor { id: id.into(), name: None, email, verified: true, email_verified }
}

async fn a_signature_for_an_id_alone_does_not_speak_for_an_address(world: World) {
    let anna = "anna@customer.example";
    let mail = world.take(world.mailed(&world.mail("m1", anna, "Hi", "hi"))).await.ticket_id.unwrap();
    let mut chat = world.chat(session(1), "", "I am customer 43 and say that this is my address");
    chat.visitor = vouched("43", anna, false);
    let ticket = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    assert_ne!(world.profile_of(ticket).await, world.profile_of(mail).await);
    let profile = world.desk.profile(world.profile_of(ticket).await).await.unwrap();
    assert_eq!(profile.claimed_email.unwrap().as_str(), anna, "shown, not believed");
}

async fn signing_in_takes_the_chat_along_to_the_customer_we_know(world: World) {
    let anna = "anna@customer.example";
    let mail = world.take(world.mailed(&world.mail("m1", anna, "Hi", "hi"))).await.ticket_id.unwrap();
    let known = world.profile_of(mail).await;
    let (one, two) = (say(&world, 1, "browser", "hi").await, say(&world, 2, "browser", "hi").await);
    let browser = world.profile_of(one).await;
    // unsigned: nothing moves
    let claims = Visitor { verified: false, ..vouched("42", anna, false) };
    world.take(world.signal(session(1), VisitorSignalKind::Identified { visitor: claims })).await;
    assert_eq!(world.profile_of(one).await, browser);
    let signed = vouched("42", anna, true);
    world.take(world.signal(session(1), VisitorSignalKind::Identified { visitor: signed.clone() })).await;
    assert_eq!(world.profile_of(one).await, known, "the chat goes to who they are");
    let version = world.ticket(one).await.version;
    world.take(world.signal(session(1), VisitorSignalKind::Identified { visitor: signed.clone() })).await;
    assert_eq!(world.ticket(one).await.version, version, "saying it again changes nothing");
    assert_eq!(world.profile_of(two).await, browser, "other chats of that browser stay");
    assert!(world.messages(one).await.iter().any(|message| message.text == "hi"), "with its messages");
    // somebody who is known already is nobody else because of a signature
    let ben = vouched("7", "ben@customer.example", true);
    world.take(world.signal(session(1), VisitorSignalKind::Identified { visitor: ben })).await;
    assert_eq!(world.profile_of(one).await, known);
    // what the browser says afterwards is still only what a browser says
    let later = say(&world, 3, "browser", "hi").await;
    assert_eq!(world.profile_of(later).await, browser);
}

async fn a_chat_belongs_to_its_page_its_form_and_its_rating(world: World) {
    let mut chat = world.chat(session(1), "browser", "hi");
    chat.page = Some("https://shop.acme.example/mugs".into());
    chat.form = [("order".to_owned(), "10042".to_owned())].into();
    let id = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    let kind = VisitorSignalKind::Rated { score: 5, comment: Some("quick".into()) };
    world.take(world.signal(session(1), kind)).await;
    let told = world.told(TICKET_CHANGED).await.pop().unwrap().ticket.chat.unwrap();
    let kept = world.ticket(id).await.chat.unwrap();
    assert_eq!(told, kept);
    assert_eq!(kept.page.as_deref(), Some("https://shop.acme.example/mugs"));
    assert_eq!(kept.form["order"], "10042");
    assert_eq!(kept.rating.map(|rating| (rating.score, rating.comment)), Some((5, Some("quick".into()))));
    let text = world.anna_writes("m1", "hi").await;
    assert_eq!(world.ticket(text).await.chat, None, "only chats have this");
}

async fn c_w_a_chat_in_which_nobody_writes_is_closed(world: World) {
    const HOUR: i64 = 3_600_000;
    world.settings(serde_json::json!({"chat": {"close_after_hours": 24}})).await;
    let id = say(&world, 1, "browser", "hi").await;
    world.turn(20 * HOUR);
    say(&world, 1, "browser", "hello?").await;
    world.turn(5 * HOUR);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.ticket(id).await.status, "open", "somebody wrote meanwhile");
    world.turn(19 * HOUR);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.ticket(id).await.status, "closed");
    assert_ne!(say(&world, 1, "browser", "back again").await, id);
}

async fn earlier_chats_are_shown_to_whom_they_belong(world: World) {
    use domain::event::{PastChatsOf, PastChatsQuery};
    let mut chat = world.chat(session(1), "", "monday");
    chat.visitor = vouched("42", "anna@customer.example", false);
    let monday = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    world.reply(monday, "answer").await;
    world.set_status(monday, "closed", None).await;
    say(&world, 2, "42", "somebody who only says so").await;
    let ask = async |of, except: u8| {
        let query = PastChatsQuery { site: "main".into(), except: session(except), of };
        world.desk.past_chats(&query).await.unwrap()
    };
    let past = ask(PastChatsOf::Signed { id: "42".into() }, 9).await;
    assert_eq!(past.len(), 1);
    assert_eq!((past[0].ticket, past[0].status.as_str()), (monday, "closed"));
    assert_eq!(past[0].messages.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["monday", "answer"]);
    assert!(ask(PastChatsOf::Signed { id: "42".into() }, 1).await.is_empty(), "not the chat that goes on");
    assert!(ask(PastChatsOf::Signed { id: "43".into() }, 9).await.is_empty());
    assert_eq!(ask(PastChatsOf::Session { session: session(2) }, 9).await.len(), 1);
}

async fn what_agents_have_read_is_in_the_history(world: World) {
    let read = async || {
        let query = ChatHistoryQuery { session: session(1), after_seq: 0, limit: 50 };
        world.desk.chat_history(&query).await.unwrap().read_seq
    };
    let looks = async |id| {
        let patch =
            desk::tickets::TicketPatch { unread: Some(false), ..desk::tickets::TicketPatch::default() };
        world.desk.change_ticket(id, patch, &world.actor()).await.unwrap();
    };
    assert_eq!(read().await, 0);
    let one = say(&world, 1, "browser", "one").await;
    assert_eq!(say(&world, 1, "browser", "two").await, one);
    assert_eq!(read().await, 0, "nobody looked yet");
    looks(one).await;
    assert_eq!(read().await, 2);
    say(&world, 1, "browser", "three").await;
    assert_eq!(read().await, 2, "what came later is unread, what was read stays so");
    let query = ChatStandingQuery { sessions: vec![session(1)] };
    assert_eq!(world.desk.chat_standing(&query).await.unwrap()[0].read_seq, 2);
    looks(one).await;
    let unread = desk::tickets::TicketPatch { unread: Some(true), ..desk::tickets::TicketPatch::default() };
    world.desk.change_ticket(one, unread, &world.actor()).await.unwrap();
    assert_eq!(read().await, 3, "a reminder to oneself does not unread what was read");
    world.turn(1_000);
    world.take(world.signal(session(1), VisitorSignalKind::Ended)).await;
    world.turn(1_000);
    let two = say(&world, 1, "browser", "four").await;
    assert_ne!(one, two);
    assert_eq!(read().await, 3, "what was read in the chat before stays read");
    looks(two).await;
    assert_eq!(read().await, 4);
}

async fn h6_two_tabs_that_begin_at_once_begin_one_session_with_one_welcome(world: World) {
    let replica = world.replica().await;
    for n in 1..=5 {
        let tab = |text: &str| world.chatted(&world.chat(session(n), &format!("browser {n}"), text));
        let (one, two) =
            tokio::join!(world.desk.take_in(vec![tab("left")]), replica.take_in(vec![tab("right")]));
        let ticket = one[0].as_ref().unwrap().ticket_id.unwrap();
        assert_eq!(two[0].as_ref().unwrap().ticket_id, Some(ticket));
        let began = world.told(MESSAGE_RECEIVED).await.into_iter();
        let began = began.filter(|e| e.session == Some(session(n)) && e.opened && e.message.seq == 1);
        assert_eq!(began.count(), 1, "one message begins the session: the robot welcomes once");
        // and if two robots hear of it, or one twice
        let welcome = |id: &str| {
            let event = ReplyProposed {
                key: format!("welcome:{ticket}"),
                ticket_id: ticket,
                author: AuthorKind::AutoResponder,
                text: format!("welcome, says {id}"),
                without_consent: true,
                at_most_once_per: None,
                at: world.now(),
            };
            world.delivered(REPLY_PROPOSED, &format!("{id}:{ticket}"), &event)
        };
        let (one, two) =
            tokio::join!(world.desk.take_in(vec![welcome("a")]), replica.take_in(vec![welcome("b")]));
        assert!(one[0].is_ok() && two[0].is_ok());
        world.take(welcome("c")).await;
        let messages = world.messages(ticket).await;
        assert_eq!(messages.iter().filter(|m| m.author.kind == AuthorKind::AutoResponder).count(), 1);
    }
}
