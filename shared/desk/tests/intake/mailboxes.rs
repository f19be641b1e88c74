//! Mails that are about a mailbox: what providers ask, and trial mails. None of them is a ticket.

use bus::topic::{INBOUND_HELD, MAIL_JUDGED, MAILBOX_CHANGED, OUTBOUND_EMAIL, OUTBOUND_TRUST};
use desk::{
    Desk, DeskError, Outside,
    ledger::LedgerState,
    mailboxes::{MailboxHealth, Trial},
};
use domain::{
    Channel, EmailAddress, MessageId, MessageStatus,
    event::{
        DeliveryOutcome, ForwardingConfirmation, InboundEmail, InboundHeld, MailJudged, MailKind,
        OutboundEmail, RefreshTokenGiven, RefreshTokenQuery, Undelivered,
    },
    mail::{Trust, TrustMark},
    message::DeliveryError,
};

use crate::world::{MAILBOX, World, sent};

on_both!(
    a_confirmation_is_kept_with_its_mailbox_and_is_no_ticket,
    a_trial_mail_goes_out_and_comes_back_once,
    a_trial_mail_that_bounces_or_is_refused_says_why,
    a_mailbox_knows_its_last_mails,
    the_last_refresh_token_of_a_grant_is_kept,
);

async fn the_last_refresh_token_of_a_grant_is_kept(world: World) {
    let grant = "a".repeat(64);
    let last =
        async |desk: &Desk| desk.refresh_token(&RefreshTokenQuery { grant: grant.clone() }).await.unwrap();
    let give = async |grant: &str, sealed: &str| {
        let given = RefreshTokenGiven { grant: grant.into(), sealed: sealed.into() };
        world.desk.refresh_token_given(&given).await
    };
    assert_eq!(last(&world.desk).await, None);
    give(&grant, "first").await.unwrap();
    give(&grant, "second").await.unwrap();
    give(&"b".repeat(64), "of another").await.unwrap();
    assert_eq!(last(&world.desk).await.as_deref(), Some("second"));
    give("no hash", "x").await.unwrap_err();
    give(&grant, &"x".repeat(40_000)).await.unwrap_err();
    assert_eq!(last(&world.desk).await.as_deref(), Some("second"));
}

fn connected(world: &World) -> Desk {
    let mailbox = (EmailAddress::parse(MAILBOX).unwrap(), "support@in.acme.example".parse().unwrap());
    let outside = Outside::new("https://desk.example", [7; 32]).with_mailboxes([mailbox], true);
    world.desk.clone().reached_at(outside.judging_mail(true))
}

async fn health(desk: &Desk) -> MailboxHealth {
    desk.mailboxes().await.unwrap().remove(0)
}

async fn became(desk: &Desk, world: &World, mail: &InboundEmail) -> Option<LedgerState> {
    desk.take_in(vec![world.mailed(mail)]).await[0].as_ref().unwrap().state
}

/// Seven strangers ask after it.
async fn crowded(desk: &Desk, world: &World, real: &InboundEmail) {
    for name in ["f1", "f2", "f3", "f4", "f5", "f6", "f7"] {
        world.turn(1000);
        let forged = InboundEmail {
            confirmation: real.confirmation.clone(),
            ..world.mail(name, "eve@evil.example", "Gmail", name)
        };
        became(desk, world, &forged).await;
        let work = world.told(OUTBOUND_TRUST).await.pop().unwrap();
        judged(world, work.message_id, TrustMark::Doubtful).await;
    }
}

fn judgement(world: &World, message: MessageId, mark: TrustMark) -> MailJudged {
    let none = || "none".to_owned();
    let trust =
        Trust { mark, domain: None, spf: none(), dkim: none(), dmarc: none(), arc: none(), reasons: vec![] };
    MailJudged { message_id: message, trust, at: world.now() }
}

async fn judged(world: &World, message: MessageId, mark: TrustMark) {
    let event = judgement(world, message, mark);
    world.take(world.delivered(MAIL_JUDGED, &format!("trust:{message}:{mark}"), &event)).await;
}

async fn a_confirmation_is_kept_with_its_mailbox_and_is_no_ticket(world: World) {
    let desk = connected(&world);
    let asked = ForwardingConfirmation {
        code: Some("567890123".into()),
        link: Some("https://mail-settings.google.com/mail/vf-abc".into()),
        requested_by: Some("owner@acme.example".parse().unwrap()),
    };
    let google = "forwarding-noreply@google.com";
    let mail = InboundEmail {
        confirmation: Some(asked.clone()),
        ..world.mail("1", google, "Gmail Forwarding Confirmation", "code")
    };
    assert_eq!(became(&desk, &world, &mail).await, Some(LedgerState::Robot));
    assert!(world.tickets().await.is_empty());
    let kept = health(&desk).await.confirmations;
    assert_eq!((kept.len(), kept[0].code.as_deref()), (1, Some("567890123")));
    assert_eq!((&kept[0].link, &kept[0].requested_by), (&asked.link, &asked.requested_by));
    assert!(kept[0].trust.is_none() && kept[0].received_at == world.now());
    let work = world.told(OUTBOUND_TRUST).await;
    assert_eq!(work[0].message_id, kept[0].id);
    judged(&world, kept[0].id, TrustMark::Unknown).await;
    assert_eq!(health(&desk).await.confirmations[0].trust.as_ref().unwrap().mark, TrustMark::Unknown);
    judged(&world, kept[0].id, TrustMark::Good).await;
    world
        .take(world.delivered(MAIL_JUDGED, "late", &judgement(&world, kept[0].id, TrustMark::Unknown)))
        .await;
    assert_eq!(
        health(&desk).await.confirmations[0].trust.as_ref().unwrap().mark,
        TrustMark::Good,
        "known stays known"
    );
    judged(&world, kept[0].id, TrustMark::Good).await;
    crowded(&desk, &world, &mail).await;
    assert_eq!(health(&desk).await.confirmations[0].code.as_deref(), Some("567890123"));
    judged(&world, kept[0].id, TrustMark::Doubtful).await;
    let forged = health(&desk).await.confirmations.remove(0);
    assert_eq!((forged.code, forged.link), (None, None), "nobody follows the link of a stranger");
    assert_eq!(world.told(MAILBOX_CHANGED).await[0].address.as_str(), MAILBOX);
}

async fn tried(desk: &Desk, world: &World) -> (Trial, OutboundEmail) {
    let trial = desk.try_mailbox(&MAILBOX.parse().unwrap(), &desk::Actor::system()).await.unwrap();
    let mail = world.told(OUTBOUND_EMAIL).await.pop().unwrap();
    assert_eq!((mail.message_id, mail.from.as_str(), mail.to.as_str()), (trial.id, MAILBOX, MAILBOX));
    (trial, mail)
}

/// The trial mail as a forward brings it.
fn back(world: &World, name: &str, mail: &OutboundEmail, message_id: &str) -> InboundEmail {
    InboundEmail {
        message_id: Some(message_id.to_owned()),
        ..world.mail(name, MAILBOX, &format!("[EXTERNAL] {}", mail.subject), &mail.text)
    }
}

async fn a_trial_mail_goes_out_and_comes_back_once(world: World) {
    let desk = connected(&world);
    let (trial, mail) = tried(&desk, &world).await;
    let soon = desk.try_mailbox(&MAILBOX.parse().unwrap(), &desk::Actor::system()).await.unwrap_err();
    assert!(matches!(soon, DeskError::Conflict { code: "trial_running", .. }), "{soon:?}");
    world.take(world.reported(trial.id, sent("<x@relay>"))).await;
    assert_eq!(health(&desk).await.trial.unwrap().status, MessageStatus::Sent);

    let stranger =
        InboundEmail { mailbox: "other@acme.example".parse().unwrap(), ..back(&world, "1", &mail, "x") };
    assert_eq!(became(&desk, &world, &stranger).await, Some(LedgerState::Ticket), "of another mailbox");
    for (name, id) in [("2", mail.mail_id.as_str()), ("3", "changed@by.forwarder")] {
        assert_eq!(became(&desk, &world, &back(&world, name, &mail, id)).await, Some(LedgerState::Robot));
        world.turn(1);
    }
    let came = health(&desk).await.trial.unwrap();
    assert!(came.threaded && came.arrived_at.unwrap() < world.now(), "the first one counts");
    judged(&world, trial.id, TrustMark::Good).await;
    assert_eq!(health(&desk).await.trial.unwrap().trust.unwrap().mark, TrustMark::Good);

    world.turn(60_000);
    let (_, second) = tried(&desk, &world).await;
    became(&desk, &world, &back(&world, "4", &second, "changed@by.forwarder")).await;
    let came = health(&desk).await.trial.unwrap();
    assert!(came.arrived_at.is_some() && !came.threaded, "the forward wrote an id of its own");
    assert_eq!(world.tickets().await.len(), 1);
}

async fn a_trial_mail_that_bounces_or_is_refused_says_why(world: World) {
    let desk = connected(&world);
    let (trial, mail) = tried(&desk, &world).await;
    world.take(world.reported(trial.id, sent("<x@relay>"))).await;
    let blocked = Undelivered {
        recipient: "support@in.acme.example".into(),
        status: "5.7.520".into(),
        hard: true,
        delayed: false,
        reason: "Your organization does not allow external forwarding".into(),
    };
    let late = InboundEmail {
        recipient: mail.bounces_to.clone().unwrap().to_string(),
        kind: MailKind::Bounce,
        undelivered: vec![Undelivered {
            delayed: true,
            hard: false,
            status: "4.4.1".into(),
            ..blocked.clone()
        }],
        ..world.mail("0", "postmaster@acme.example", "Delayed", "it is tried again")
    };
    assert_eq!(became(&desk, &world, &late).await, Some(LedgerState::Robot));
    assert_eq!(health(&desk).await.trial.unwrap().status, MessageStatus::Sent, "late is not lost");
    let bounce = InboundEmail {
        recipient: mail.bounces_to.clone().unwrap().to_string(),
        kind: MailKind::Bounce,
        undelivered: vec![blocked],
        ..world.mail("1", "postmaster@acme.example", "Undeliverable", "550 5.7.520")
    };
    assert_eq!(became(&desk, &world, &bounce).await, Some(LedgerState::Robot));
    let failed = health(&desk).await.trial.unwrap();
    assert_eq!(failed.status, MessageStatus::Failed);
    assert!(failed.error.unwrap().contains("external forwarding"), "it says why");

    world.turn(60_000);
    let (trial, _) = tried(&desk, &world).await;
    let error = DeliveryError { code: "550".into(), reason: "relaying denied".into() };
    world.take(world.reported(trial.id, DeliveryOutcome::Failed { error, opted_out: false })).await;
    let refused = health(&desk).await.trial.unwrap();
    assert_eq!((refused.status, refused.error.as_deref()), (MessageStatus::Failed, Some("relaying denied")));
    assert!(world.tickets().await.is_empty());
}

async fn a_mailbox_knows_its_last_mails(world: World) {
    let desk = connected(&world);
    let new = health(&desk).await;
    assert!(new.last_in.is_none() && new.last_out.is_none() && new.last_failure.is_none());
    let mail = world.mail("1", "anna@customer.example", "Hello", "Hi");
    let ticket = desk.take_in(vec![world.mailed(&mail)]).await[0].as_ref().unwrap().ticket_id.unwrap();
    let came = world.now();
    world.turn(1000);
    let ours = world.reply(ticket, "Hello").await;
    let first = health(&desk).await.waiting.unwrap();
    assert_eq!((first.mails, first.since), (1, world.now()));
    let error = DeliveryError { code: "5.1.1".into(), reason: "no such user".into() };
    world.take(world.reported(ours.id, DeliveryOutcome::Failed { error, opted_out: false })).await;
    let known = health(&desk).await;
    assert_eq!(known.waiting, None, "it failed, so it waits for nothing");
    assert_eq!((known.last_in, known.last_out), (Some(came), Some(world.now())));
    let failure = known.last_failure.unwrap();
    assert_eq!((failure.ticket_id, failure.reason.as_str()), (Some(ticket), "no such user"));

    assert!(desk.last_held_mail().await.unwrap().is_none());
    let held = InboundHeld {
        channel: Channel::Email,
        source: "email".into(),
        external_id: "x".into(),
        reason: "a mail came with a wrong key".into(),
        raw: String::new(),
        received_at: world.now(),
    };
    world.take(world.delivered(INBOUND_HELD, "held:email:x", &held)).await;
    assert_eq!(desk.last_held_mail().await.unwrap().unwrap().reason, held.reason);
}
