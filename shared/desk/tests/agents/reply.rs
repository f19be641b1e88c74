//! D1–D4, the send guard, and answers written once.

use bus::topic::{MESSAGE_QUEUED, OUTBOUND_SMS};
use desk::{attachments::NewAttachment, reply::NewReply};
use domain::{MessageStatus, Role, SessionId};
use uuid::Uuid;

use crate::world::{ANNA, OUTSIDE, World, code};

on_both!(
    d2_a_text_is_answered_once_there_is_consent,
    the_same_key_writes_one_message_even_at_the_same_moment,
    the_send_guard_sees_what_was_written_since,
    files_belong_to_one_message,
    d5_pictures_go_with_a_text_and_nothing_else_does,
    a_person_who_answers_takes_the_ticket_that_is_nobodys,
    two_answers_at_once_have_two_places,
);

fn reply(text: &str) -> NewReply {
    NewReply { text: text.into(), ..NewReply::default() }
}

async fn d2_a_text_is_answered_once_there_is_consent(world: World) {
    let id = world.text(ANNA, "hi").await;
    let owner = world.owner();
    assert_eq!(code(world.desk.reply(id, reply("hello"), &owner).await), "sms_no_consent");
    world.agrees(id).await;
    let message = world.desk.reply(id, reply("hello\0"), &owner).await.unwrap();
    assert_eq!((message.text.as_str(), message.status, message.seq), ("hello", MessageStatus::Queued, 2));
    let work = world.told(OUTBOUND_SMS).await;
    assert_eq!((work.len(), work[0].message_id, work[0].to.as_str()), (1, message.id, ANNA));
    let told = world.told(MESSAGE_QUEUED).await;
    assert_eq!(told.last().unwrap().ticket, world.ticket(id).await);
    assert_eq!(code(world.desk.reply(id, reply("  \n"), &owner).await), "text");
    assert_eq!(code(world.desk.reply(id, reply(&"x".repeat(1_601)), &owner).await), "text");
    let nothing = domain::TicketId(Uuid::nil());
    assert_eq!(code(world.desk.reply(nothing, reply("x"), &owner).await), "ticket");
    world.desk.block(world.profile_of(id).await, &owner).await.unwrap();
    assert_eq!(code(world.desk.reply(id, reply("x"), &owner).await), "profile_blocked");
}

async fn the_same_key_writes_one_message_even_at_the_same_moment(world: World) {
    let id = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let owner = world.owner();
    let keyed = |text: &str| NewReply { key: Some("k".into()), ..reply(text) };
    let all = futures::future::join_all((0..8).map(|_| world.desk.reply(id, keyed("once"), &owner))).await;
    let ids: std::collections::BTreeSet<_> = all.iter().map(|written| written.as_ref().unwrap().id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.desk.messages(id, 50, None).await.unwrap().data.len(), 2);
    assert_eq!(code(world.desk.reply(id, keyed("else"), &owner).await), "idempotency_key_reused");
    let other = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    assert_eq!(code(world.desk.reply(other, keyed("once"), &owner).await), "idempotency_key_reused");
    // The first answer stands although the chat has been closed since.
    let close = desk::tickets::TicketPatch { status: Some("closed".into()), ..Default::default() };
    world.desk.change_ticket(id, close, &owner).await.unwrap();
    assert_eq!(world.desk.reply(id, keyed("once"), &owner).await.unwrap().id, *ids.first().unwrap());
    assert_eq!(code(world.desk.reply(id, reply("new"), &owner).await), "chat_closed");
}

async fn the_send_guard_sees_what_was_written_since(world: World) {
    let session = SessionId(Uuid::new_v4());
    let id = world.chat(session, "hi").await;
    let (owner, anna) = (world.owner(), world.user("anna@acme.example", Role::Support).await.actor());
    let seen = |version| NewReply { seen_version: Some(version), ..reply("answer") };
    let first = world.ticket(id).await.version;
    world.desk.reply(id, seen(first), &owner).await.unwrap();
    world.desk.reply(id, seen(first), &owner).await.unwrap();
    assert_eq!(code(world.desk.reply(id, seen(first), &anna).await), "someone_replied");
    let second = world.ticket(id).await.version;
    world.desk.reply(id, seen(second), &anna).await.unwrap();
    world.chat(session, "one more thing").await;
    assert_eq!(code(world.desk.reply(id, seen(second), &anna).await), "someone_replied");
    world.desk.reply(id, seen(world.ticket(id).await.version), &anna).await.unwrap();
    world.desk.reply(id, reply("without having looked"), &owner).await.unwrap();
}

async fn files_belong_to_one_message(world: World) {
    let id = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let owner = world.owner();
    let new = |name: &str| NewAttachment {
        name: name.into(),
        content_type: "image/png".into(),
        size: 5,
        blob: format!("att/{name}"),
    };
    let one = world.desk.add_attachment(new("one.png"), &owner).await.unwrap();
    let other = world.desk.add_attachment(new("other.png"), &owner).await.unwrap();
    let both = NewReply { attachments: vec![other.id, one.id], ..reply("") };
    let message = world.desk.reply(id, both.clone(), &owner).await.unwrap();
    let names: Vec<_> = message.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["other.png", "one.png"], "in the order given");
    let shown = world.desk.messages(id, 50, None).await.unwrap().data.pop().unwrap();
    assert_eq!(shown.attachments, message.attachments);
    assert_eq!(code(world.desk.reply(id, both, &owner).await), "attachments");
    assert_eq!(world.desk.attachment(one.id).await.unwrap().blob.as_deref(), Some("att/one.png"));
}

async fn d5_pictures_go_with_a_text_and_nothing_else_does(world: World) {
    let id = world.text(ANNA, "hi").await;
    world.agrees(id).await;
    let owner = world.owner();
    let put_up = async |name: &str, content_type: &str, size: u64| {
        let (name, content_type, blob) = (name.to_owned(), content_type.to_owned(), format!("att/{name}"));
        let new = NewAttachment { name, content_type, size, blob };
        world.desk.add_attachment(new, &owner).await.unwrap().id
    };
    let with = |files: Vec<_>, text: &str| NewReply { attachments: files, ..reply(text) };
    const MOST: u64 = 5 * 1024 * 1024;
    for (kind, size, refused) in [
        ("application/pdf", 5, "attachment_type"),
        ("image/webp", 5, "attachment_type"),
        ("image/svg+xml", 5, "attachment_type"),
        ("image/jpeg", MOST + 1, "attachment_too_large"),
    ] {
        let file = put_up("x", kind, size).await;
        assert_eq!(code(world.desk.reply(id, with(vec![file], "look"), &owner).await), refused, "{kind}");
    }
    let mut many = Vec::new();
    for n in 0..11 {
        many.push(put_up(&format!("{n}.gif"), "image/gif", MOST).await);
    }
    assert_eq!(code(world.desk.reply(id, with(many.clone(), ""), &owner).await), "attachments");
    many.truncate(10);
    let message = world.desk.reply(id, with(many.clone(), ""), &owner).await.unwrap();
    assert_eq!((message.text.as_str(), message.attachments.len()), ("", 10));
    let work = world.told(OUTBOUND_SMS).await.pop().unwrap();
    assert_eq!((work.message_id, work.media.len()), (message.id, 10));
    let token = work.media[3].url.strip_prefix(&format!("{OUTSIDE}media/")).unwrap().to_owned();
    assert_eq!(work.media[3].content_type, "image/gif");
    assert_eq!(world.desk.shared_picture(&token).await.unwrap().id, many[3]);
    assert_eq!(code(world.desk.shared_picture(&token[1..]).await), "picture");
    world.turn(7 * 24 * 3_600_000);
    assert_eq!(code(world.desk.shared_picture(&token).await), "picture", "its time is over");
}

async fn a_person_who_answers_takes_the_ticket_that_is_nobodys(world: World) {
    let id = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    world.desk.reply(id, reply("a program"), &world.owner()).await.unwrap();
    assert_eq!(world.ticket(id).await.assignee, None);
    let (anna, bert) = (
        world.user("anna@acme.example", Role::Support).await,
        world.user("bert@acme.example", Role::Support).await,
    );
    world.desk.reply(id, reply("Anna"), &anna.actor()).await.unwrap();
    world.desk.reply(id, reply("Bert"), &bert.actor()).await.unwrap();
    let ticket = world.ticket(id).await;
    assert_eq!(ticket.assignee.unwrap().id, anna.id);
    assert_eq!(world.told(MESSAGE_QUEUED).await[1].ticket.assignee.as_ref().unwrap().id, anna.id);
}

async fn two_answers_at_once_have_two_places(world: World) {
    let id = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let owner = world.owner();
    let all = (0..10).map(|n| {
        let (desk, owner) = (world.desk.clone(), owner.clone());
        tokio::spawn(async move { desk.reply(id, reply(&n.to_string()), &owner).await.unwrap().seq })
    });
    let mut places: Vec<_> = futures::future::join_all(all).await.into_iter().map(Result::unwrap).collect();
    places.sort_unstable();
    assert_eq!(places, (2..=11).collect::<Vec<_>>());
}
