//! Drafts: kept for their author, newest wins, gone when sent.

use desk::{attachments::NewAttachment, reply::NewReply, tickets::TicketPatch};
use domain::{
    AttachmentId, Role,
    draft::{Draft, DraftAddress, DraftMail},
};

use crate::world::{ANNA, World, code};

on_both!(
    a_draft_is_its_authors_and_nobody_elses_change_touches_it,
    of_two_devices_the_newer_wins_and_is_told_what_it_replaced,
    two_devices_that_begin_at_once_see_each_other,
    a_draft_goes_with_its_answer_and_a_note_stays,
    what_does_not_fit_is_refused,
);

fn written(text: &str) -> Draft {
    Draft { text: text.into(), ..Draft::default() }
}

async fn a_draft_is_its_authors_and_nobody_elses_change_touches_it(world: World) {
    let id = world.text(ANNA, "hi").await;
    let (kim, maya) = (world.owner(), world.user("maya@acme.example", Role::Support).await.actor());
    assert_eq!(world.desk.draft(id, &kim).await.unwrap().stored.version, 0);
    let address = DraftAddress { name: None, address: "half@typed".into() };
    let mail = DraftMail { cc: vec![address], subject: "Re".into(), ..DraftMail::default() };
    let full = Draft { note: "for us".into(), mail: Some(mail), ..written("Dear Anna\u{0},") };
    let saved = world.desk.save_draft(id, full.clone(), None, &kim).await.unwrap();
    assert_eq!((saved.replaced, saved.now.stored.draft.text.as_str()), (None, "Dear Anna,"));
    world.desk.save_draft(id, written("mine"), None, &maya).await.unwrap();
    world.text(ANNA, "one more thing").await;
    let close = TicketPatch { status: Some("closed".into()), ..TicketPatch::default() };
    world.desk.change_ticket(id, close, &maya).await.unwrap();
    world.desk.remove_draft(id, &maya).await.unwrap();
    let kept = world.desk.draft(id, &kim).await.unwrap().stored;
    assert_eq!(kept.draft, Draft { text: "Dear Anna,".into(), ..full });
    let marks = |all: Vec<desk::drafts::DraftMark>| all.into_iter().map(|one| one.ticket).collect::<Vec<_>>();
    assert_eq!(marks(world.desk.drafts(&kim).await.unwrap()), [id]);
    assert_eq!(marks(world.desk.drafts(&maya).await.unwrap()), []);
    let nothing = domain::TicketId(uuid::Uuid::nil());
    assert_eq!(code(world.desk.draft(nothing, &kim).await), "ticket");
    assert_eq!(code(world.desk.save_draft(nothing, written("x"), None, &kim).await), "ticket");
}

async fn of_two_devices_the_newer_wins_and_is_told_what_it_replaced(world: World) {
    let (id, kim) = (world.text(ANNA, "hi").await, world.owner());
    let first = world.desk.save_draft(id, written("at the desk"), Some(0), &kim).await.unwrap();
    let seen = first.now.stored.version;
    let phone = world.desk.save_draft(id, written("on the phone"), Some(seen), &kim).await.unwrap();
    assert_eq!(phone.replaced, None, "it was written on top of what is there");
    let desk = world.desk.save_draft(id, written("at the desk again"), Some(seen), &kim).await.unwrap();
    assert_eq!(desk.replaced, Some(phone.now), "the other device's words are not lost");
    let same = world.desk.save_draft(id, written("at the desk again"), Some(seen), &kim).await.unwrap();
    assert_eq!(same.replaced, None, "the same words replace nothing");
    world.desk.save_draft(id, Draft::default(), Some(seen), &kim).await.unwrap();
    let anew = world.desk.save_draft(id, written("anew"), Some(seen), &kim).await.unwrap();
    assert_eq!(anew.replaced, None, "what was thrown away is not missed");
    assert!(anew.now.stored.version > desk.now.stored.version);
}

async fn two_devices_that_begin_at_once_see_each_other(world: World) {
    let (id, kim) = (world.text(ANNA, "hi").await, world.owner());
    let both = futures::future::join_all((0..2).map(|n| {
        let (desk, kim) = (world.desk.clone(), kim.clone());
        async move { desk.save_draft(id, written(&format!("device {n}")), Some(0), &kim).await.unwrap() }
    }))
    .await;
    let told: Vec<_> = both.iter().filter_map(|saved| saved.replaced.as_ref()).collect();
    assert_eq!(told.len(), 1, "whoever came second is told");
    assert_ne!(told[0].stored.draft, world.desk.draft(id, &kim).await.unwrap().stored.draft);
}

async fn a_draft_goes_with_its_answer_and_a_note_stays(world: World) {
    let (id, kim) = (world.text(ANNA, "hi").await, world.owner());
    world.agrees(id).await;
    let new = NewAttachment {
        name: "a.png".into(),
        content_type: "image/png".into(),
        size: 5,
        blob: "att/a".into(),
    };
    let file = world.desk.add_attachment(new, &kim).await.unwrap();
    let draft = Draft { note: "for us".into(), attachments: vec![file.id], ..written("Yes.") };
    let saved = world.desk.save_draft(id, draft, None, &kim).await.unwrap();
    assert_eq!(saved.now.files, std::slice::from_ref(&file));
    let version = saved.now.stored.version;
    world.turn(26 * 60 * 60 * 1000);
    assert_eq!(world.desk.give_up_files().await.unwrap(), 0, "a draft keeps its files");
    let sends =
        |text: &str| NewReply { text: text.into(), draft_version: Some(version), ..NewReply::default() };
    assert_eq!(code(world.desk.reply(id, sends(" "), &kim).await), "text");
    assert_eq!(
        world.desk.draft(id, &kim).await.unwrap().stored.draft.text,
        "Yes.",
        "a refusal costs nothing"
    );
    let with_file = NewReply { attachments: vec![file.id], ..sends("Yes.") };
    world.desk.reply(id, with_file, &kim).await.unwrap();
    let left = world.desk.draft(id, &kim).await.unwrap().stored.draft;
    assert_eq!(left, Draft { note: "for us".into(), ..Draft::default() });
    world.desk.save_draft(id, written("typed since"), None, &kim).await.unwrap();
    world.desk.reply(id, sends("sent twice from elsewhere"), &kim).await.unwrap();
    assert_eq!(world.desk.draft(id, &kim).await.unwrap().stored.draft.text, "typed since");
    let old = Draft { attachments: vec![file.id], ..written("x") };
    let shown = world.desk.save_draft(id, old, None, &kim).await.unwrap().now;
    assert_eq!(shown.files, [], "a file that was sent is no draft's any more");
}

async fn what_does_not_fit_is_refused(world: World) {
    let (id, kim) = (world.text(ANNA, "hi").await, world.owner());
    assert_eq!(code(world.desk.save_draft(id, written(&"x".repeat(100_001)), None, &kim).await), "text");
    let files = (0..11).map(|n| AttachmentId(uuid::Uuid::from_u128(n))).collect();
    let many = Draft { attachments: files, ..written("x") };
    assert_eq!(code(world.desk.save_draft(id, many, None, &kim).await), "attachments");
    assert_eq!(world.desk.drafts(&kim).await.unwrap(), []);
}
