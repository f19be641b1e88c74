//! What is pushed to the visitors of chats, and what a node that may have missed something is answered.

use bus::topic::{CHAT_BEGAN, CHAT_PUSH, SETTINGS_NOW};
use domain::{
    Settings, TicketId,
    event::{ChatPush, ChatStandingQuery, VisitorSignalKind},
};
use futures::{FutureExt, StreamExt, stream::BoxStream};

use crate::world::{ANNA, World, session};

on_both!(
    whatever_a_visitor_is_shown_is_pushed_to_their_session_and_to_no_other,
    what_a_crash_left_in_the_outbox_is_pushed_by_the_sweeper,
    changed_settings_are_pushed,
    nodes_are_told_how_far_their_sessions_are,
);

async fn say(world: &World, n: u8, text: &str) -> TicketId {
    world.take(world.chatted(&world.chat(session(n), "browser", text))).await.ticket_id.unwrap()
}

/// In few words what has been pushed so far.
fn pushed(pushes: &mut BoxStream<'static, ChatPush>) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(Some(push)) = pushes.next().now_or_never() {
        words.push(match push {
            ChatPush::Added { ticket, message } => {
                format!("{} {} {}", ticket.number, message.seq, message.text)
            }
            ChatPush::Changed { ticket } => {
                format!("{} {} unread {}", ticket.number, ticket.status, ticket.unread)
            }
            ChatPush::Seen { seq } => format!("seen {seq}"),
            ChatPush::Typing { name, .. } => name,
        });
    }
    words
}

async fn whatever_a_visitor_is_shown_is_pushed_to_their_session_and_to_no_other(world: World) {
    let mut one = world.bus.listen_for(CHAT_PUSH, session(1).0).await.unwrap();
    let mut two = world.bus.listen_for(CHAT_PUSH, session(2).0).await.unwrap();
    let mut began = world.bus.listen(CHAT_BEGAN).await.unwrap();
    let id = say(&world, 1, "hi").await;
    world.reply(id, "hello").await;
    world.take(world.signal(session(1), VisitorSignalKind::Saw { seq: 2 })).await;
    world.anna_writes("SM1", "a text").await;
    world.set_status(id, "closed", None).await;
    assert_eq!(
        pushed(&mut one),
        ["1 1 hi", "1 2 hello", "seen 2", "1 closed unread true"],
        "{ANNA} is no visitor"
    );
    assert!(pushed(&mut two).is_empty());
    assert_eq!(began.next().now_or_never(), Some(Some(session(1))));
    assert!(began.next().now_or_never().is_none(), "once");
}

async fn what_a_crash_left_in_the_outbox_is_pushed_by_the_sweeper(world: World) {
    let mut pushes = world.bus.listen_for(CHAT_PUSH, session(1).0).await.unwrap();
    let dying = world.dying_desk().await;
    dying.take_in(vec![world.chatted(&world.chat(session(1), "browser", "hi"))]).await.remove(0).unwrap();
    assert!(pushed(&mut pushes).is_empty());
    world.turn(60_000);
    world.desk.publish_left_over().await.unwrap();
    assert_eq!(pushed(&mut pushes), ["1 1 hi"]);
}

async fn changed_settings_are_pushed(world: World) {
    let mut pushes = world.bus.listen(SETTINGS_NOW).await.unwrap();
    world.settings(serde_json::json!({"chat": {"welcome_message": "Hello there"}})).await;
    let settings: Settings = pushes.next().now_or_never().unwrap().unwrap();
    assert_eq!(settings.chat.welcome_message, "Hello there");
}

async fn nodes_are_told_how_far_their_sessions_are(world: World) {
    let one = say(&world, 1, "hi").await;
    world.reply(one, "hello").await;
    world.set_status(one, "closed", None).await;
    world.turn(1_000);
    let next = say(&world, 1, "one more thing").await;
    let two = say(&world, 2, "hi").await;
    let query = ChatStandingQuery { sessions: vec![session(1), session(2), session(3)] };
    let mut standing = world.desk.chat_standing(&query).await.unwrap();
    standing.sort_by_key(|one| one.session);
    let found: Vec<_> = standing.iter().map(|s| (s.session, s.ticket.id, s.last_seq)).collect();
    assert_eq!(
        found,
        [(session(1), next, 3), (session(2), two, 1)],
        "the newest ticket; none for a silent visitor"
    );
    assert!(standing.iter().all(|s| s.ticket.status == "open" && s.ticket.unread && s.ticket.visitor_online));
    let none = ChatStandingQuery { sessions: Vec::new() };
    assert!(world.desk.chat_standing(&none).await.unwrap().is_empty());
    let many = ChatStandingQuery { sessions: vec![session(1); 501] };
    assert!(world.desk.chat_standing(&many).await.is_err());
}
