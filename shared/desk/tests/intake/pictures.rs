//! Pictures that came with a text (MMS): the text is there at once, the files follow, once.

use bus::topic::{MEDIA_FETCHED, MESSAGE_CHANGED, MESSAGE_RECEIVED, OUTBOUND_MEDIA};
use desk::intake::Arrival;
use domain::{
    AttachmentId, MessageId, TicketId,
    event::{CarrierMedia, InboundSms, LostMedia, MediaFetched},
    message::Attachment,
};

use crate::world::{ANNA, World};

on_both!(
    d5_a_text_with_pictures_is_there_at_once_and_they_follow_once,
    d5_a_picture_that_cannot_be_had_is_named_in_the_text,
    d5_a_preview_is_not_changed_by_pictures_of_an_older_text,
    d5_a_keyword_with_a_picture_keeps_it,
);

fn pictures(world: &World, id: &str, text: &str, number: usize) -> Arrival {
    let media = (1..=number)
        .map(|n| CarrierMedia {
            url: format!("https://c.example/{id}/{n}"),
            content_type: "image/png".into(),
        })
        .collect();
    let sms = InboundSms { media, ..world.sms(id, ANNA, text) };
    world.delivered(bus::topic::INBOUND_SMS, &format!("sms:sandbox:main:{id}"), &sms)
}

fn file(message: MessageId, n: usize) -> Attachment {
    let id = AttachmentId::named(message.0, &format!("media:{n}"));
    Attachment {
        id,
        name: format!("file-{n}.png"),
        content_type: "image/png".into(),
        size: 5,
        url: format!("/api/v1/attachments/{id}"),
        blob: Some(format!("media/{id}")),
    }
}

async fn fetched(world: &World, message: MessageId, files: Vec<Attachment>, lost: Vec<LostMedia>) {
    let event = MediaFetched { message_id: message, files, lost, at: world.now() };
    world.take(world.delivered(MEDIA_FETCHED, &format!("media:{message}"), &event)).await;
}

async fn arrived(world: &World, id: &str, text: &str, number: usize) -> (TicketId, MessageId) {
    let ticket = world.take(pictures(world, id, text, number)).await.ticket_id.unwrap();
    (ticket, world.messages(ticket).await.last().unwrap().id)
}

async fn d5_a_text_with_pictures_is_there_at_once_and_they_follow_once(world: World) {
    let (ticket, id) = arrived(&world, "1", "", 2).await;
    let waiting = world.message(ticket, id).await;
    assert_eq!((waiting.text.as_str(), waiting.carried.files_pending, waiting.attachments.len()), ("", 2, 0));
    assert_eq!(world.ticket(ticket).await.preview, "2 files");
    assert_eq!(world.told(MESSAGE_RECEIVED).await[0].message, waiting);
    let work = world.told(OUTBOUND_MEDIA).await;
    assert_eq!((work.len(), work[0].message_id, work[0].provider.as_str()), (1, id, "sandbox"));
    let asked: Vec<_> = work[0].media.iter().map(|file| file.url.as_str()).collect();
    assert_eq!(asked, ["https://c.example/1/1", "https://c.example/1/2"]);
    for _ in 0..3 {
        fetched(&world, id, vec![file(id, 0), file(id, 1)], vec![]).await;
    }
    let shown = world.message(ticket, id).await;
    assert_eq!((shown.carried.files_pending, shown.text.as_str()), (0, ""));
    assert_eq!(shown.attachments, [file(id, 0), file(id, 1)]);
    let told = world.told(MESSAGE_CHANGED).await;
    assert_eq!(told.len(), 1, "told once, however often it came");
    assert_eq!((&told[0].message, &told[0].ticket), (&shown, &world.ticket(ticket).await));
    fetched(&world, MessageId(uuid::Uuid::nil()), vec![], vec![]).await;
}

async fn d5_a_picture_that_cannot_be_had_is_named_in_the_text(world: World) {
    let (ticket, id) = arrived(&world, "1", "look", 2).await;
    let lost = LostMedia { url: "https://c.example/1/2".into(), reason: "the answer was 410 Gone".into() };
    for _ in 0..2 {
        fetched(&world, id, vec![file(id, 0)], vec![lost.clone()]).await;
    }
    let shown = world.message(ticket, id).await;
    let said = "look\n[a file could not be fetched: the answer was 410 Gone] https://c.example/1/2";
    assert_eq!((shown.text.as_str(), shown.attachments.len()), (said, 1));
    let preview = world.ticket(ticket).await.preview;
    assert!(preview.starts_with("look [a file could not be fetched"), "{preview}");
}

async fn d5_a_preview_is_not_changed_by_pictures_of_an_older_text(world: World) {
    let (ticket, id) = arrived(&world, "1", "", 1).await;
    world.anna_writes("2", "did you get it?").await;
    fetched(&world, id, vec![], vec![LostMedia { url: "https://c.example/1".into(), reason: "gone".into() }])
        .await;
    assert_eq!(world.ticket(ticket).await.preview, "did you get it?");
}

async fn d5_a_keyword_with_a_picture_keeps_it(world: World) {
    let media = vec![CarrierMedia { url: "https://c.example/1".into(), content_type: "image/png".into() }];
    let by_carrier = Some(domain::keyword::KeywordFamily::Help);
    let sms = InboundSms { media, carrier_keyword: by_carrier, ..world.sms("1", ANNA, "HELP") };
    world.take(world.delivered(bus::topic::INBOUND_SMS, "sms:sandbox:main:1", &sms)).await;
    let work = world.told(OUTBOUND_MEDIA).await.pop().unwrap();
    fetched(&world, work.message_id, vec![file(work.message_id, 0)], vec![]).await;
    let ticket = world.anna_writes("2", "hi").await;
    assert_eq!(world.message(ticket, work.message_id).await.attachments.len(), 1);
}
