//! Answers by mail: to whom they go, what comes back where, what stands under them.

use bus::topic::OUTBOUND_EMAIL;
use desk::{mail_tag::MailTag, recipients::MailWishes, reply::NewReply};
use domain::{EmailAddress, Role, event::OutboundEmail, preferences::PreferencesPatch};
use serde_json::json;

use crate::world::{ANNA, SALES, SUPPORT, World, code, tags};

const WRITER: &str = "anna@kunde.example";

on_both!(
    an_answer_goes_to_whom_the_agent_chose,
    nobody_writes_to_ourselves_or_to_everybody,
    what_comes_back_names_where_it_belongs,
    a_bounce_to_the_signed_address_needs_no_id,
    a_person_signs_and_a_program_does_not,
    ones_own_signature_counts_first_and_can_be_left_out,
    an_answer_quotes_what_it_answers,
    reply_all_is_proposed,
);

fn addresses(list: &[&str]) -> Vec<EmailAddress> {
    list.iter().map(|one| one.parse().unwrap()).collect()
}

fn wishes(to: &[&str], cc: &[&str], bcc: &[&str], subject: Option<&str>) -> MailWishes {
    let subject = subject.map(str::to_owned);
    MailWishes { to: addresses(to), cc: addresses(cc), bcc: addresses(bcc), subject, ..MailWishes::default() }
}

fn answer(mail: MailWishes) -> NewReply {
    NewReply { text: "It left today.".into(), mail, ..NewReply::default() }
}

impl World {
    async fn last_mail(&self) -> OutboundEmail {
        self.told(OUTBOUND_EMAIL).await.pop().unwrap()
    }
}

async fn an_answer_goes_to_whom_the_agent_chose(world: World) {
    let id = world.mailed(WRITER, "My order", "Where is it?").await;
    let owner = world.owner();
    world.desk.reply(id, answer(MailWishes::default()), &owner).await.unwrap();
    let plain = world.last_mail().await;
    assert_eq!((plain.to.as_str(), plain.to_name.as_deref()), (WRITER, Some("Anna Lee")));
    assert!(plain.more_to.is_empty() && plain.cc.is_empty() && plain.bcc.is_empty());

    let both = [WRITER, "ben@kunde.example"];
    let chosen =
        wishes(&both, &["Carla@Kunde.example", WRITER], &["boss@acme.example"], Some(" Order\r\n4711 "));
    world.desk.reply(id, answer(chosen), &owner).await.unwrap();
    let mail = world.last_mail().await;
    assert_eq!((mail.to.as_str(), mail.to_name.as_deref()), (WRITER, Some("Anna Lee")));
    assert_eq!(mail.more_to[0].address.as_str(), "ben@kunde.example");
    let cc: Vec<_> = mail.cc.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(cc, ["carla@kunde.example"], "who is in To is not in Cc as well");
    assert_eq!(mail.bcc[0].as_str(), "boss@acme.example");
    assert_eq!(mail.subject, "Order  4711");

    world.desk.reply(id, answer(wishes(&[], &["ben@kunde.example"], &[], None)), &owner).await.unwrap();
    let mail = world.last_mail().await;
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        (WRITER, "Re: My order"),
        "the customer stays in To"
    );
}

async fn nobody_writes_to_ourselves_or_to_everybody(world: World) {
    let id = world.mailed(WRITER, "My order", "Where is it?").await;
    let owner = world.owner();
    for (chosen, field) in [
        (wishes(&[SUPPORT], &[], &[], None), "to"),
        (wishes(&[], &[SALES], &[], None), "cc"),
        (wishes(&[], &[], &["sales+x@in.acme.example"], None), "bcc"),
        (wishes(&[], &[], &[], Some(&"x".repeat(300))), "subject"),
    ] {
        assert_eq!(code(world.desk.reply(id, answer(chosen), &owner).await), field);
    }
    let many: Vec<String> = (0..51).map(|n| format!("a{n}@kunde.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(code(world.desk.reply(id, answer(wishes(&[], &many, &[], None)), &owner).await), "to");
    let text = world.text(ANNA, "hi").await;
    world.agrees(text).await;
    assert_eq!(code(world.desk.reply(text, answer(wishes(&[WRITER], &[], &[], None)), &owner).await), "to");
    assert!(world.told(OUTBOUND_EMAIL).await.is_empty());
}

async fn what_comes_back_names_where_it_belongs(world: World) {
    let id = world.mailed(WRITER, "My order", "Where is it?").await;
    let message = world.desk.reply(id, answer(MailWishes::default()), &world.owner()).await.unwrap();
    let (mail, support) = (world.last_mail().await, SUPPORT.parse().unwrap());
    let reply_to = mail.reply_to.unwrap();
    assert!(reply_to.as_str().starts_with("support+") && reply_to.domain() == "in.acme.example");
    assert_eq!(tags().of_address(&reply_to, &support), Some(MailTag::Ticket(id)));
    assert_eq!(tags().of_address(&mail.bounces_to.unwrap(), &support), Some(MailTag::Bounce(message.id)));
    let (tag, _) = mail.mail_id.split_once('@').unwrap();
    assert_eq!(tags().read(tag, &support), Some(MailTag::MailId(message.id)));
    assert!(mail.mail_id.ends_with("@acme.example") && mail.mail_id.len() <= 100);
}

async fn a_bounce_to_the_signed_address_needs_no_id(world: World) {
    let id = world.mailed(WRITER, "My order", "Where is it?").await;
    let ours = world.desk.reply(id, answer(MailWishes::default()), &world.owner()).await.unwrap();
    let bounces_to = world.last_mail().await.bounces_to.unwrap();
    let forged = bounces_to.as_str().replace("+b", "+bb");
    for (recipient, status) in [(forged.as_str(), "queued"), (bounces_to.as_str(), "failed")] {
        let different = json!({"recipient": recipient, "kind": "bounce", "envelope_from": ""});
        let daemon = "mailer-daemon@kunde.example";
        world.mailed_with(daemon, "Undeliverable", "550 no such user", different).await;
        let page = world.desk.messages(id, 50, None).await.unwrap().data;
        let message = page.into_iter().find(|message| message.id == ours.id).unwrap();
        assert_eq!(message.status.as_str(), status, "{recipient}");
    }
}

async fn a_person_signs_and_a_program_does_not(world: World) {
    let id = world.mailed(WRITER, "My order", "Where is it?").await;
    let kim = world.user("kim@acme.example", Role::Support).await.actor();
    world.desk.reply(id, answer(MailWishes::default()), &kim).await.unwrap();
    let signed = world.last_mail().await.signature.unwrap();
    assert!(signed.ends_with("\nFrontdesk") && signed.lines().count() == 2, "{signed}");
    world.desk.reply(id, answer(MailWishes::default()), &world.owner()).await.unwrap();
    assert_eq!(world.last_mail().await.signature.as_deref(), Some("Frontdesk"));
    let own = json!({"email": {"mailboxes": {SUPPORT: {"name": "Acme Support", "signature": "Bye"}}}});
    world.desk.patch_settings(&own, &kim).await.unwrap();
    world.desk.reply(id, answer(MailWishes::default()), &kim).await.unwrap();
    let mail = world.last_mail().await;
    assert_eq!(mail.signature.as_deref(), Some("Bye"));
    assert_eq!(mail.from_name.as_deref(), Some("Acme Support"));
    let odd = json!({"email": {"signature": "{{agent}}"}});
    assert_eq!(code(world.desk.patch_settings(&odd, &kim).await), "settings");
    world.desk.patch_settings(&json!({"email": {"mailboxes": null, "signature": ""}}), &kim).await.unwrap();
    world.desk.reply(id, answer(MailWishes::default()), &kim).await.unwrap();
    assert_eq!(world.last_mail().await.signature, None);
}

async fn ones_own_signature_counts_first_and_can_be_left_out(world: World) {
    let id = world.mailed(WRITER, "My order", "Where is it?").await;
    let kim = world.user("kim@acme.example", Role::Support).await.actor();
    let signs = async |own: Option<&str>, without_signature: bool| {
        let patch =
            PreferencesPatch { signature: Some(own.map(str::to_owned)), ..PreferencesPatch::default() };
        world.desk.change_preferences(patch, &kim).await.unwrap();
        let offered = world.desk.reply_recipients(id, &kim).await.unwrap().signature;
        let mail = MailWishes { without_signature, ..MailWishes::default() };
        world.desk.reply(id, answer(mail), &kim).await.unwrap();
        let signed = world.last_mail().await.signature;
        if !without_signature {
            assert_eq!(signed, offered, "what is shown before is what stands there");
        }
        signed
    };
    let both = json!({"email": {"signature": "All", "mailboxes": {SUPPORT: {"signature": "Support"}}}});
    world.desk.patch_settings(&both, &kim).await.unwrap();
    assert_eq!(signs(None, false).await.as_deref(), Some("Support"));
    assert_eq!(signs(None, true).await, None);
    assert_eq!(signs(Some("Mine\n{{mailbox_signature}}"), false).await.as_deref(), Some("Mine\nSupport"));
    assert_eq!(signs(Some(""), false).await, None, "nothing at all");
    world.desk.patch_settings(&json!({"email": {"own_signatures": false}}), &kim).await.unwrap();
    assert_eq!(signs(Some("Mine"), false).await.as_deref(), Some("Support"));
    let odd = PreferencesPatch { signature: Some(Some("{{colour}}".into())), ..PreferencesPatch::default() };
    assert_eq!(code(world.desk.change_preferences(odd, &kim).await), "signature");
    let later = NewReply {
        undo_seconds: 10,
        ..answer(MailWishes { without_signature: true, ..MailWishes::default() })
    };
    let message = world.desk.reply(id, later, &kim).await.unwrap();
    let draft = world.desk.undo_message(id, message.id, &kim).await.unwrap().stored.draft;
    assert!(draft.mail.unwrap().without_signature, "taken back, it is as it was chosen");
}

async fn an_answer_quotes_what_it_answers(world: World) {
    let id = world.mailed(WRITER, "My order", "Where is it?").await;
    let owner = world.owner();
    world.desk.reply(id, answer(MailWishes::default()), &owner).await.unwrap();
    let quote = world.last_mail().await.quote.unwrap();
    assert_eq!((quote.by.as_str(), quote.text.as_str()), ("Anna Lee <anna@kunde.example>", "Where is it?"));
    world.desk.patch_settings(&json!({"email": {"quote": false}}), &owner).await.unwrap();
    world.desk.reply(id, answer(MailWishes::default()), &owner).await.unwrap();
    assert_eq!(world.last_mail().await.quote, None);
}

async fn reply_all_is_proposed(world: World) {
    let id = world.mailed(WRITER, "RE: My order", "Where is it?").await;
    let all = world.desk.reply_recipients(id, &world.owner()).await.unwrap().recipients;
    assert_eq!((all.to[0].address.as_str(), all.to[0].name.as_deref()), (WRITER, Some("Anna Lee")));
    assert_eq!((all.cc.len(), all.subject.as_deref()), (0, Some("Re: My order")));
    let others = json!({"to": [{"address": SUPPORT}, {"address": "ben@kunde.example", "name": "Ben"}],
        "cc": [{"address": "support+tabc@in.acme.example"}, {"address": "carla@kunde.example"}],
        "reply_to": [{"address": "orders@kunde.example"}]});
    let id = world.mailed_with(WRITER, "Sizes", "Do they run small?", others).await;
    let all = world.desk.reply_recipients(id, &world.owner()).await.unwrap().recipients;
    let addresses = |list: &[domain::NamedAddress]| -> Vec<String> {
        list.iter().map(|one| one.address.to_string()).collect()
    };
    assert_eq!(addresses(&all.to), ["orders@kunde.example"]);
    assert_eq!(addresses(&all.cc), ["ben@kunde.example", "carla@kunde.example"]);
    let chosen = wishes(&["orders@kunde.example"], &["ben@kunde.example"], &["boss@acme.example"], None);
    let message = world.desk.reply(id, answer(chosen), &world.owner()).await.unwrap();
    let shown = message.mail.unwrap();
    assert_eq!(addresses(&shown.to), ["orders@kunde.example"]);
    assert_eq!((shown.cc[0].name.as_deref(), shown.subject.as_str()), (Some("Ben"), "Re: Sizes"));
    let text = world.text(ANNA, "hi").await;
    assert_eq!(code(world.desk.reply_recipients(text, &world.owner()).await), "mail in this ticket");
}
