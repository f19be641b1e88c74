//! F4: the list of tags.

use bus::topic::{ROUTING_CHANGED, TICKET_CHANGED, VIEW_CHANGED};
use desk::{
    bulk::Phase,
    rules::NewRule,
    tags::TagPatch,
    tickets::{TicketFilter, TicketPatch},
    views::NewView,
};
use domain::{
    TicketId,
    event::RoutingPart,
    routing::{Action, Conditions},
    tag::TagColour,
};

use crate::world::{ANNA, World, code};

on_both!(
    f4_a_tag_typed_on_a_ticket_is_in_the_list_with_how_many_have_it,
    f4_a_renamed_tag_has_its_name_on_tickets_in_rules_and_views_at_once,
    f4_a_deleted_tag_is_gone_from_all_tickets_and_undo_brings_it_back_as_it_was,
    f4_names_are_there_once_and_a_tag_that_rules_name_stays,
);

async fn tagged(world: &World, ticket: TicketId, tags: &[&str]) {
    let tags = Some(tags.iter().map(|tag| (*tag).to_owned()).collect());
    let patch = TicketPatch { tags, ..TicketPatch::default() };
    world.desk.change_ticket(ticket, patch, &world.owner()).await.unwrap();
}

async fn listed(world: &World) -> Vec<(String, TagColour, i64)> {
    let all = world.desk.tags().await.unwrap();
    all.into_iter().map(|(tag, used)| (tag.name, tag.colour, used)).collect()
}

fn rule(tag: &str) -> NewRule {
    NewRule {
        name: "Refunds".into(),
        enabled: true,
        conditions: Conditions { tag: vec![tag.into()], ..Conditions::default() },
        actions: vec![Action::AddTags { tags: vec![tag.into(), "seen".into()] }],
        stop: false,
    }
}

async fn f4_a_tag_typed_on_a_ticket_is_in_the_list_with_how_many_have_it(world: World) {
    let (one, two) = (world.text(ANNA, "hi").await, world.text("+15550003333", "hi").await);
    tagged(&world, one, &[" VIP ", "late"]).await;
    tagged(&world, two, &["vip"]).await;
    tagged(&world, one, &["vip"]).await;
    let grey = TagColour::Grey;
    assert_eq!(listed(&world).await, [("late".into(), grey, 0), ("vip".into(), grey, 2)]);
    let (made, used) = world.desk.create_tag("  Very   Late ", TagColour::Red, &world.owner()).await.unwrap();
    assert_eq!((made.name.as_str(), made.colour, used), ("very late", TagColour::Red, 0));
    assert_eq!(world.told(ROUTING_CHANGED).await.last().unwrap().what, RoutingPart::Tags);
}

async fn f4_a_renamed_tag_has_its_name_on_tickets_in_rules_and_views_at_once(world: World) {
    let owner = world.owner();
    let (open, done) = (world.text(ANNA, "hi").await, world.text("+15550003333", "hi").await);
    tagged(&world, open, &["refund", "vip"]).await;
    tagged(&world, done, &["refund"]).await;
    let closed = TicketPatch { status: Some("closed".into()), ..TicketPatch::default() };
    world.desk.change_ticket(done, closed, &owner).await.unwrap();
    world.desk.create_rule(rule("refund"), &owner).await.unwrap();
    let filters = TicketFilter { tag: vec!["refund".into()], ..TicketFilter::default() };
    let view = NewView { name: "Refunds".into(), shared: true, filters, position: None };
    world.desk.create_view(view, &owner).await.unwrap();
    let (tickets, views) = (world.told(TICKET_CHANGED).await.len(), world.told(VIEW_CHANGED).await.len());
    let id = world.desk.tags().await.unwrap()[0].0.id;
    let patch = TagPatch { name: Some("Money Back".into()), colour: Some(TagColour::Teal) };
    let (changed, used) = world.desk.change_tag(id, patch, &owner).await.unwrap();
    assert_eq!((changed.id, changed.name.as_str(), used), (id, "money back", 2));
    assert_eq!(world.ticket(open).await.tags, ["money back", "vip"]);
    assert_eq!(world.ticket(done).await.tags, ["money back"]);
    let renamed = &world.desk.rules().await.unwrap()[0];
    assert_eq!(renamed.conditions.tag, ["money back"]);
    assert_eq!(renamed.actions, [Action::AddTags { tags: vec!["money back".into(), "seen".into()] }]);
    assert_eq!(world.desk.views(&owner).await.unwrap()[0].filters.tag, ["money back"]);
    let told = world.told(TICKET_CHANGED).await;
    assert_eq!(told.len(), tickets + 1, "the open one changes on every screen");
    assert_eq!(told.last().unwrap().ticket.tags, ["money back", "vip"]);
    assert_eq!(world.told(VIEW_CHANGED).await.len(), views + 1);
    let parts: Vec<_> = world.told(ROUTING_CHANGED).await.iter().map(|one| one.what).collect();
    assert_eq!(parts[parts.len() - 2..], [RoutingPart::Rules, RoutingPart::Tags]);
    let colour = TagPatch { colour: Some(TagColour::Pink), ..TagPatch::default() };
    assert_eq!(world.desk.change_tag(id, colour, &owner).await.unwrap().0.name, "money back");
    assert_eq!(world.told(TICKET_CHANGED).await.len(), told.len(), "a colour changes no ticket");
}

async fn f4_a_deleted_tag_is_gone_from_all_tickets_and_undo_brings_it_back_as_it_was(world: World) {
    let owner = world.owner();
    let (one, two) = (world.text(ANNA, "hi").await, world.text("+15550003333", "hi").await);
    let (made, _) = world.desk.create_tag("vip", TagColour::Purple, &owner).await.unwrap();
    tagged(&world, one, &["late", "vip"]).await;
    tagged(&world, two, &["vip"]).await;
    let job = world.desk.delete_tag(made.id, &owner).await.unwrap();
    assert_eq!(job.total, 2);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.ticket(one).await.tags, ["late"]);
    assert!(world.ticket(two).await.tags.is_empty());
    assert_eq!(listed(&world).await, [("late".into(), TagColour::Grey, 1)]);
    assert_eq!(code(world.desk.delete_tag(made.id, &owner).await), "tag");
    world.desk.undo_bulk(job.id, &owner).await.unwrap();
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.desk.bulk(job.id).await.unwrap().0.phase, Phase::Undone);
    assert_eq!(world.ticket(one).await.tags, ["late", "vip"]);
    let all = listed(&world).await;
    assert_eq!(all[1], ("vip".into(), TagColour::Purple, 2), "with its colour");
    assert_eq!(world.desk.tags().await.unwrap()[1].0.id, made.id);
}

async fn f4_names_are_there_once_and_a_tag_that_rules_name_stays(world: World) {
    let owner = world.owner();
    let (vip, _) = world.desk.create_tag("vip", TagColour::Grey, &owner).await.unwrap();
    let (late, _) = world.desk.create_tag("late", TagColour::Grey, &owner).await.unwrap();
    assert_eq!(code(world.desk.create_tag("VIP", TagColour::Red, &owner).await), "tag_name_taken");
    let to_vip = TagPatch { name: Some(" Vip".into()), ..TagPatch::default() };
    assert_eq!(code(world.desk.change_tag(late.id, to_vip.clone(), &owner).await), "tag_name_taken");
    for odd in ["", " ", &"x".repeat(41), "a\u{7}b"] {
        assert_eq!(code(world.desk.create_tag(odd, TagColour::Grey, &owner).await), "name");
    }
    world.desk.create_rule(rule("vip"), &owner).await.unwrap();
    assert_eq!(code(world.desk.delete_tag(vip.id, &owner).await), "tag_in_rules");
    world.desk.delete_tag(late.id, &owner).await.unwrap();
    let to_late = TagPatch { name: Some("late".into()), ..TagPatch::default() };
    let (renamed, _) = world.desk.change_tag(vip.id, to_late, &owner).await.unwrap();
    assert_eq!(renamed.name, "late", "the name of a deleted tag is free");
    let (again, _) = world.desk.create_tag("vip", TagColour::Blue, &owner).await.unwrap();
    assert_ne!(again.id, vip.id);
}
