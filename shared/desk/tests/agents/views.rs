//! E4: saved views, one's own and shared.

use bus::topic::VIEW_CHANGED;
use desk::{
    Actor, PageRequest,
    tickets::{AssigneeFilter, TicketFilter, TicketPatch},
    views::{NewView, View, ViewPatch},
};
use domain::{
    Channel, Role, ViewId,
    filter::{BuiltIn, ViewName},
};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    e4_a_view_keeps_its_filters_and_everybody_sees_what_is_theirs,
    e4_shared_views_are_made_and_changed_by_managers,
    e4_a_name_is_there_once_for_each,
    e4_views_count_their_open_tickets,
);

fn of(name: &str, shared: bool, filters: TicketFilter) -> NewView {
    NewView { name: name.into(), shared, filters, position: None }
}

fn texts() -> TicketFilter {
    TicketFilter { channel: vec![Channel::Sms], ..TicketFilter::default() }
}

async fn actor(world: &World, email: &str, role: Role) -> Actor {
    world.user(email, role).await.actor()
}

async fn names(world: &World, actor: &Actor) -> Vec<String> {
    world.desk.views(actor).await.unwrap().into_iter().map(|view| view.name).collect()
}

async fn e4_a_view_keeps_its_filters_and_everybody_sees_what_is_theirs(world: World) {
    let (kim, lee) = (
        actor(&world, "kim@acme.example", Role::Manager).await,
        actor(&world, "lee@acme.example", Role::Support).await,
    );
    let filters = TicketFilter {
        status: vec!["open".into(), "snoozed".into()],
        assignee: Some(AssigneeFilter::Me),
        tag: vec!["vip".into()],
        q: Some("refund".into()),
        created_from: Some(world.now()),
        ..texts()
    };
    let shared = world.desk.create_view(of("  Late   orders ", true, filters.clone()), &kim).await.unwrap();
    assert_eq!((shared.name.as_str(), &shared.filters), ("Late orders", &filters));
    let own = world.desk.create_view(of("Mine alone", false, texts()), &lee).await.unwrap();
    world.desk.create_view(of("Also mine", false, texts()), &lee).await.unwrap();
    assert_eq!(names(&world, &kim).await, ["Late orders"]);
    assert_eq!(names(&world, &lee).await, ["Late orders", "Mine alone", "Also mine"], "shared ones first");
    assert_eq!(world.desk.views(&lee).await.unwrap()[0], shared);
    let patch = ViewPatch { position: Some(9), ..ViewPatch::default() };
    let moved: View = world.desk.change_view(own.id, patch, &lee).await.unwrap();
    assert_eq!(moved.filters, texts(), "what a patch does not name stays");
    assert_eq!(names(&world, &lee).await, ["Late orders", "Also mine", "Mine alone"]);
    let list = |id: ViewId| ViewName::Saved(id.0);
    assert_eq!(world.desk.filter_of_view(list(own.id), &lee).await.unwrap(), texts());
    assert_eq!(code(world.desk.filter_of_view(list(own.id), &kim).await), "view", "somebody else's");
    assert_eq!(code(world.desk.change_view(own.id, ViewPatch::default(), &kim).await), "view");
    assert_eq!(code(world.desk.delete_view(own.id, &kim).await), "view");
    world.desk.delete_view(own.id, &lee).await.unwrap();
    assert_eq!(code(world.desk.filter_of_view(list(own.id), &lee).await), "view");
    let told = world.told(VIEW_CHANGED).await;
    assert_eq!(told.len(), 5, "everything that happened to views is told");
    assert!(told[0].shared && !told[0].deleted && !told[1].shared && told[4].deleted);
}

async fn e4_shared_views_are_made_and_changed_by_managers(world: World) {
    let lee = actor(&world, "lee@acme.example", Role::Support).await;
    assert_eq!(code(world.desk.create_view(of("Ours", true, texts()), &lee).await), "forbidden");
    let shared = world.desk.create_view(of("Ours", true, texts()), &world.owner()).await.unwrap();
    let rename = || ViewPatch { name: Some("Theirs".into()), ..ViewPatch::default() };
    assert_eq!(code(world.desk.change_view(shared.id, rename(), &lee).await), "forbidden");
    assert_eq!(code(world.desk.delete_view(shared.id, &lee).await), "forbidden");
    let own = world.desk.create_view(of("Mine", false, texts()), &lee).await.unwrap();
    let share = || ViewPatch { shared: Some(true), ..ViewPatch::default() };
    assert_eq!(code(world.desk.change_view(own.id, share(), &lee).await), "forbidden");
    let other = actor(&world, "kim@acme.example", Role::Manager).await;
    world.desk.change_view(shared.id, rename(), &other).await.unwrap();
    let alone = ViewPatch { shared: Some(false), ..ViewPatch::default() };
    world.desk.change_view(shared.id, alone, &other).await.unwrap();
    assert!(names(&world, &other).await.is_empty(), "it is its maker's again");
    assert_eq!(names(&world, &world.owner()).await, ["Theirs"]);
    assert!(
        world.told(VIEW_CHANGED).await.last().unwrap().shared,
        "those who saw it are told that it is gone"
    );
}

async fn e4_a_name_is_there_once_for_each(world: World) {
    let lee = actor(&world, "lee@acme.example", Role::Support).await;
    world.desk.create_view(of("Late", false, texts()), &lee).await.unwrap();
    world.desk.create_view(of("Late", false, texts()), &world.owner()).await.unwrap();
    world.desk.create_view(of("Late", true, texts()), &world.owner()).await.unwrap();
    assert_eq!(code(world.desk.create_view(of(" lATE", false, texts()), &lee).await), "view_name_taken");
    let other = world.desk.create_view(of("Early", false, texts()), &lee).await.unwrap();
    let rename = |name: &str| ViewPatch { name: Some(name.into()), ..ViewPatch::default() };
    assert_eq!(code(world.desk.change_view(other.id, rename("late"), &lee).await), "view_name_taken");
    world.desk.change_view(other.id, rename("EARLY"), &lee).await.unwrap();
    for odd in ["", " \n ", &"x".repeat(61)] {
        assert_eq!(code(world.desk.create_view(of(odd, false, texts()), &lee).await), "name");
    }
    let nonsense = TicketFilter { status: vec!["done".into()], ..texts() };
    assert_eq!(code(world.desk.create_view(of("Odd", false, nonsense), &lee).await), "status");
    let nobody = ViewId(Uuid::nil());
    assert_eq!(code(world.desk.delete_view(nobody, &lee).await), "view");
}

async fn e4_views_count_their_open_tickets(world: World) {
    let kim = world.user("kim@acme.example", Role::Support).await;
    let [first, second, third] = [ANNA, "+15550003333", "+15550004444"];
    let (first, second) = (world.text(first, "hi").await, world.text(second, "hi").await);
    world.text(third, "hi").await;
    let closed = TicketPatch { status: Some("closed".into()), ..TicketPatch::default() };
    world.desk.change_ticket(first, closed, &kim.actor()).await.unwrap();
    let assigned = TicketPatch { assignee_id: Some(Some(kim.id)), ..TicketPatch::default() };
    world.desk.change_ticket(second, assigned, &kim.actor()).await.unwrap();
    let kim = kim.actor();
    let open = world.desk.create_view(of("Texts", false, texts()), &kim).await.unwrap();
    let closed = TicketFilter { status: vec!["closed".into()], ..texts() };
    let closed = world.desk.create_view(of("Done", false, closed), &kim).await.unwrap();
    let counts = world.desk.view_counts(&kim).await.unwrap();
    assert_eq!(counts.built_in, [(BuiltIn::Mine, 1), (BuiltIn::Unassigned, 1), (BuiltIn::Snoozed, 0)]);
    assert_eq!(counts.saved, [(open.id, 2), (closed.id, 1)]);
    let shown = open.filters.over(BuiltIn::Mine.filter());
    let page = world.desk.tickets(&shown, &kim, &PageRequest::default()).await.unwrap();
    assert_eq!(page.data.len(), 1, "a view within a view");
}
