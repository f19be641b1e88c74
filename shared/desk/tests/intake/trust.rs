//! Whether the sender of a mail is who it says: asked for with the mail, shown with it, once.

use bus::topic::{MAIL_JUDGED, MESSAGE_CHANGED, OUTBOUND_TRUST};
use desk::{Desk, Outside};
use domain::{
    MessageId, TicketId,
    event::{InboundEmail, MailClient, MailJudged, MailKind},
    mail::{Trust, TrustMark},
};

use crate::world::World;

on_both!(
    a_mail_is_judged_after_it_is_a_ticket_and_its_mark_is_shown_once,
    what_could_not_be_looked_into_is_replaced_by_what_could,
    without_the_dns_only_a_mail_called_spam_is_judged,
);

const ANNA: &str = "anna@customer.example";

fn judging(world: &World) -> Desk {
    world.desk.clone().reached_at(Outside::new("https://desk.example", [7; 32]).judging_mail(true))
}

async fn taken(desk: &Desk, world: &World, mail: &InboundEmail) -> (TicketId, MessageId) {
    let ticket = desk.take_in(vec![world.mailed(mail)]).await[0].as_ref().unwrap().ticket_id.unwrap();
    (ticket, world.messages(ticket).await.last().unwrap().id)
}

fn trust(mark: TrustMark) -> Trust {
    let word = |word: &str| word.to_owned();
    Trust {
        mark,
        domain: Some("customer.example".into()),
        spf: word("fail"),
        dkim: word("pass"),
        dmarc: word("pass"),
        arc: word("none"),
        reasons: vec!["signed by customer.example (DKIM)\r\nBcc: x".into()],
    }
}

async fn judged(world: &World, message: MessageId, mark: TrustMark) {
    let event = MailJudged { message_id: message, trust: trust(mark), at: world.now() };
    world.take(world.delivered(MAIL_JUDGED, &format!("trust:{message}:{mark}"), &event)).await;
}

async fn mark(world: &World, ticket: TicketId, message: MessageId) -> Option<TrustMark> {
    world.message(ticket, message).await.mail.unwrap().trust.map(|trust| trust.mark)
}

async fn a_mail_is_judged_after_it_is_a_ticket_and_its_mark_is_shown_once(world: World) {
    let desk = judging(&world);
    let client = MailClient { address: "192.0.2.7".into(), hello: "mx.forwarder.example".into() };
    let mail = InboundEmail { client: Some(client.clone()), ..world.mail("1", ANNA, "Hello", "Hi") };
    let (ticket, id) = taken(&desk, &world, &mail).await;
    let work = world.told(OUTBOUND_TRUST).await;
    assert_eq!((work.len(), work[0].message_id, work[0].client.as_ref()), (1, id, Some(&client)));
    assert_eq!((work[0].raw.as_str(), work[0].envelope_from.as_str()), ("mail/1.eml", ANNA));
    assert_eq!(mark(&world, ticket, id).await, None, "it is there before it is judged");
    for _ in 0..3 {
        judged(&world, id, TrustMark::Good).await;
    }
    judged(&world, id, TrustMark::Doubtful).await;
    let shown = world.message(ticket, id).await;
    let kept = shown.mail.as_ref().unwrap().trust.clone().unwrap();
    assert_eq!((kept.mark, kept.domain.as_deref()), (TrustMark::Good, Some("customer.example")));
    assert!(!kept.reasons[0].contains('\n'), "{:?}", kept.reasons);
    let told = world.told(MESSAGE_CHANGED).await;
    assert_eq!(told.len(), 1, "told once, however often it came");
    assert_eq!((&told[0].message, &told[0].ticket), (&shown, &world.ticket(ticket).await));
    judged(&world, MessageId(uuid::Uuid::nil()), TrustMark::Good).await;

    let reply = InboundEmail {
        refers_to: vec!["1@customer.example".into()],
        ..world.mail("2", ANNA, "Re: Hello", "And?")
    };
    let (same, second) = taken(&desk, &world, &reply).await;
    assert_eq!((same, world.told(OUTBOUND_TRUST).await.last().unwrap().message_id), (ticket, second));
    let outside = InboundEmail { kind: MailKind::Human, ..world.mail("3", "bo@other.example", "Else", "Yo") };
    taken(&desk, &world, &outside).await;
    assert_eq!(world.told(OUTBOUND_TRUST).await.len(), 3, "every mail");
}

async fn what_could_not_be_looked_into_is_replaced_by_what_could(world: World) {
    let (ticket, id) = taken(&judging(&world), &world, &world.mail("1", ANNA, "Hello", "Hi")).await;
    judged(&world, id, TrustMark::Unknown).await;
    assert_eq!(mark(&world, ticket, id).await, Some(TrustMark::Unknown));
    judged(&world, id, TrustMark::Good).await;
    judged(&world, id, TrustMark::Unknown).await;
    assert_eq!(mark(&world, ticket, id).await, Some(TrustMark::Good));
    assert_eq!(world.told(MESSAGE_CHANGED).await.len(), 2);
}

async fn without_the_dns_only_a_mail_called_spam_is_judged(world: World) {
    taken(&world.desk, &world, &world.mail("1", ANNA, "Hello", "Hi")).await;
    assert!(world.told(OUTBOUND_TRUST).await.is_empty());
    let spam = InboundEmail {
        spam: Some("somebody said so".into()),
        ..world.mail("2", "bo@other.example", "Win", "Money")
    };
    let (_, id) = taken(&world.desk, &world, &spam).await;
    assert_eq!(world.told(OUTBOUND_TRUST).await[0].message_id, id);
}
