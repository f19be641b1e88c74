//! Files that were put up and never sent.

use bus::topic::INBOUND_CHAT;
use desk::attachments::NewAttachment;
use domain::{
    AttachmentId, Timestamp,
    event::{DeadLetter, InboundChat, VisitorSignalKind},
    message::Attachment,
};

use crate::world::{World, session};

on_both!(
    a_visitors_file_goes_after_a_day_unless_a_message_names_it,
    nothing_goes_while_a_message_that_may_name_it_waits,
    what_waits_since_later_does_not_hold_up_what_is_older,
    what_is_kept_back_keeps_its_files,
    an_agents_file_goes_after_a_day_unless_it_was_sent,
    what_is_doomed_is_spared_when_a_message_names_it_and_forgotten_when_it_is_gone,
);

const DAY: i64 = 26 * 60 * 60 * 1000;

async fn put_up(world: &World, blob: &str) {
    world.take(world.signal(session(1), VisitorSignalKind::PutUp { blob: blob.into() })).await;
}

fn with_file(world: &World, visitor: &str, blob: &str) -> InboundChat {
    let mut chat = world.chat(session(1), visitor, "look");
    chat.attachments = vec![Attachment {
        id: AttachmentId::named(session(1).0, blob),
        name: "mug.jpg".into(),
        content_type: "image/jpeg".into(),
        size: 3,
        url: String::new(),
        blob: Some(blob.into()),
    }];
    chat
}

async fn a_visitors_file_goes_after_a_day_unless_a_message_names_it(world: World) {
    put_up(&world, "chat/sent").await;
    put_up(&world, "chat/forgotten").await;
    world.take(world.chatted(&with_file(&world, "browser", "chat/sent"))).await;
    // the message may be heard of before its file
    world.take(world.chatted(&with_file(&world, "browser", "chat/early"))).await;
    put_up(&world, "chat/early").await;
    assert_eq!(world.desk.give_up_files().await.unwrap(), 0, "it may still be sent");
    world.turn(DAY);
    assert_eq!(world.desk.give_up_files().await.unwrap(), 1);
    assert_eq!(world.desk.doomed_blobs().await.unwrap(), ["chat/forgotten"]);
    world.turn(DAY);
    assert_eq!(world.desk.give_up_files().await.unwrap(), 0);
}

async fn nothing_goes_while_a_message_that_may_name_it_waits(world: World) {
    put_up(&world, "chat/waits").await;
    let chat = with_file(&world, "browser", "chat/waits");
    world.bus.publish(INBOUND_CHAT, "chat:1:waits", &chat).await.unwrap();
    world.turn(DAY);
    assert_eq!(world.desk.give_up_files().await.unwrap(), 0, "the database was away for a day");
    assert!(world.desk.doomed_blobs().await.unwrap().is_empty());
}

async fn what_waits_since_later_does_not_hold_up_what_is_older(world: World) {
    put_up(&world, "chat/forgotten").await;
    world.turn(DAY);
    put_up(&world, "chat/waits").await;
    let chat = with_file(&world, "browser", "chat/waits");
    world.bus.publish(INBOUND_CHAT, "chat:1:waits", &chat).await.unwrap();
    assert_eq!(world.desk.give_up_files().await.unwrap(), 1, "a busy desk always has some on the bus");
    assert_eq!(world.desk.doomed_blobs().await.unwrap(), ["chat/forgotten"]);
}

async fn what_is_kept_back_keeps_its_files(world: World) {
    let id = world.take(world.chatted(&world.chat(session(1), "browser", "hi"))).await.ticket_id.unwrap();
    let profile = world.profile_of(id).await;
    world.desk.block(profile, &world.actor()).await.unwrap();
    put_up(&world, "chat/blocked").await;
    world.take(world.chatted(&with_file(&world, "browser", "chat/blocked"))).await;
    put_up(&world, "chat/dead").await;
    let arrival = world.chatted(&with_file(&world, "browser", "chat/dead"));
    let letter = DeadLetter {
        consumer: "ticketing".into(),
        subject: INBOUND_CHAT.subject.into(),
        envelope: serde_json::to_string(&arrival.envelope).unwrap(),
        reason: "it never worked".into(),
        attempts: 6,
        at: Timestamp::from_millis(0),
    };
    world.desk.bury(&letter).await.unwrap();
    world.turn(DAY);
    assert_eq!(world.desk.give_up_files().await.unwrap(), 0, "both can be sent through again");
}

async fn an_agents_file_goes_after_a_day_unless_it_was_sent(world: World) {
    let id = world.take(world.chatted(&world.chat(session(1), "browser", "hi"))).await.ticket_id.unwrap();
    let add = async |blob: &str| {
        let new = NewAttachment {
            name: "offer.pdf".into(),
            content_type: "application/pdf".into(),
            size: 5,
            blob: blob.into(),
        };
        world.desk.add_attachment(new, &world.actor()).await.unwrap()
    };
    let (sent, forgotten) = (add("attachments/sent").await, add("attachments/forgotten").await);
    let new = desk::reply::NewReply { text: "here".into(), attachments: vec![sent.id], ..Default::default() };
    world.desk.reply(id, new, &world.actor()).await.unwrap();
    world.turn(DAY);
    assert_eq!(world.desk.give_up_files().await.unwrap(), 1);
    assert_eq!(world.desk.doomed_blobs().await.unwrap(), ["attachments/forgotten"]);
    assert!(
        world.desk.attachment(forgotten.id).await.is_err() && world.desk.attachment(sent.id).await.is_ok()
    );
}

async fn what_is_doomed_is_spared_when_a_message_names_it_and_forgotten_when_it_is_gone(world: World) {
    put_up(&world, "chat/1").await;
    put_up(&world, "chat/2").await;
    world.turn(DAY);
    assert_eq!(world.desk.give_up_files().await.unwrap(), 2);
    world.take(world.chatted(&with_file(&world, "browser", "chat/2"))).await;
    assert_eq!(world.desk.doomed_blobs().await.unwrap(), ["chat/1"]);
    assert_eq!(
        world.desk.doomed_blobs().await.unwrap(),
        ["chat/1"],
        "until it is gone, after a crash as well"
    );
    world.desk.blobs_are_gone(&["chat/1".to_owned()]).await.unwrap();
    assert!(world.desk.doomed_blobs().await.unwrap().is_empty());
}
