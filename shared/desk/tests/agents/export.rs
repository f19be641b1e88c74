//! Reading everything of a person: whole pages of it, and nothing that is half.

use desk::{export::Export, reply::NewReply};
use domain::TicketId;

use crate::world::{ANNA, World, code};

on_both!(
    a_person_is_read_page_by_page_up_to_the_moment_it_began,
    who_is_erased_or_merged_meanwhile_is_not_read_on,
    visits_and_decisions_are_read_too,
);

async fn texts(world: &World, export: &Export, ticket: Option<TicketId>) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (messages, last) = world.desk.exported_messages(export, ticket, after).await.unwrap();
        if last.is_none() {
            return found;
        }
        found.extend(messages.into_iter().map(|one| one.message.text));
        after = last;
    }
}

async fn a_person_is_read_page_by_page_up_to_the_moment_it_began(world: World) {
    let kim = world.owner();
    assert_eq!(world.text_somehow(ANNA, "START").await, None, "a keyword opens no ticket");
    let ticket = world.text(ANNA, "text 0").await;
    for n in 1..120 {
        world.text(ANNA, &format!("text {n}")).await;
    }
    let other = world.text("+15550007777", "somebody else").await;
    for n in 0..60 {
        world.desk.add_note(ticket, &format!("note {n}"), &kim).await.unwrap();
    }
    world.desk.add_note(other, "of somebody else", &kim).await.unwrap();
    let export = world.desk.begin_export(world.profile_of(ticket).await, &kim).await.unwrap();
    world.text(ANNA, "later").await;
    let tickets = world.desk.exported_tickets(&export, None).await.unwrap();
    assert_eq!(tickets.iter().map(|one| one.id).collect::<Vec<_>>(), [ticket]);
    assert_eq!(world.desk.exported_tickets(&export, Some(tickets[0].number)).await.unwrap(), []);
    let expected: Vec<_> = (0..120).map(|n| format!("text {n}")).collect();
    assert_eq!(texts(&world, &export, Some(ticket)).await, expected);
    let loose = texts(&world, &export, None).await;
    assert!(loose.contains(&"START".to_owned()), "{loose:?}");
    let (mut notes, mut after) = (Vec::new(), None);
    loop {
        let some = world.desk.exported_notes(&export, ticket, after).await.unwrap();
        let Some(last) = some.last() else { break };
        after = Some(last.id);
        notes.extend(some.into_iter().map(|note| note.text));
    }
    assert_eq!(notes, (0..60).map(|n| format!("note {n}")).collect::<Vec<_>>());
}

async fn who_is_erased_or_merged_meanwhile_is_not_read_on(world: World) {
    let kim = world.owner();
    let (one, two) = (world.text(ANNA, "hi").await, world.text("+15550007777", "hello").await);
    let (anna, other) = (world.profile_of(one).await, world.profile_of(two).await);
    let export = world.desk.begin_export(other, &kim).await.unwrap();
    world.desk.merge_profiles(anna, other, &kim).await.unwrap();
    assert_eq!(code(world.desk.exported_tickets(&export, None).await), "profile");
    let export = world.desk.begin_export(other, &kim).await.unwrap();
    assert_eq!((export.profile.id, export.merged[0].id), (anna, other));
    assert_eq!(world.desk.exported_tickets(&export, None).await.unwrap().len(), 2);
    world.desk.begin_erasure(anna, ANNA, &kim).await.unwrap();
    assert_eq!(code(world.desk.exported_messages(&export, Some(one), None).await), "profile");
    assert_eq!(code(world.desk.exported_notes(&export, one, None).await), "profile");
    assert_eq!(code(world.desk.exported_kept(&export, None).await), "profile");
    assert_eq!(code(world.desk.begin_export(anna, &kim).await), "profile");
}

async fn visits_and_decisions_are_read_too(world: World) {
    let kim = world.owner();
    let ticket = world.text(ANNA, "where?").await;
    world.agrees(ticket).await;
    let says = NewReply {
        text: "https://shop.example/products/blue-shoes?utm_source=support&utm_medium=text".into(),
        ..NewReply::default()
    };
    let sent = world.desk.reply(ticket, says, &kim).await.unwrap();
    let link = &sent.carried.links[0];
    let first = world.desk.visit(&link.code, "anna".into());
    world.turn(60_000);
    world.desk.count_visits(&[first, world.desk.visit(&link.code, "bert".into())]).await.unwrap();
    let export = world.desk.begin_export(world.profile_of(ticket).await, &kim).await.unwrap();
    let visits = world.desk.exported_visits(&export, None).await.unwrap();
    assert_eq!(visits.len(), 2);
    assert_eq!((&visits[0].url, visits[0].message), (&link.url, sent.id));
    assert_eq!(world.desk.exported_visits(&export, visits.first()).await.unwrap(), visits[1..]);
    assert_eq!(world.desk.exported_visits(&export, visits.last()).await.unwrap(), []);
    assert_eq!(world.desk.exported_decisions(&export, ticket).await.unwrap(), []);
    let message = &world.desk.exported_messages(&export, Some(ticket), None).await.unwrap().0[1];
    assert_eq!(
        message.original.as_deref(),
        Some("https://shop.example/products/blue-shoes?utm_source=support&utm_medium=text")
    );
}
