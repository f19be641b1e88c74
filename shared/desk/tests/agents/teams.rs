//! J2: teams, and who of them can be given tickets.

use bus::topic::{ROUTING_CHANGED, TICKET_CHANGED};
use desk::{
    availability::AvailabilityPatch,
    teams::TeamPatch,
    tickets::{TeamFilter, TicketFilter, TicketPatch},
};
use domain::{Role, UserId, event::RoutingPart, routing::share::State};

use crate::world::{ANNA, World, code};

on_both!(
    j2_a_team_has_a_name_and_members_who_are_there,
    j2_deleting_a_team_leaves_its_tickets_and_tells_of_them,
    j2_away_lasts_and_who_is_not_seen_is_not_there,
);

async fn j2_a_team_has_a_name_and_members_who_are_there(world: World) {
    let (owner, kim) = (world.owner(), world.user("kim@acme.example", Role::Support).await);
    let team = world.desk.create_team("  Late   orders ", vec![kim.id, kim.id], &owner).await.unwrap();
    assert_eq!((team.name.as_str(), team.members.as_slice()), ("Late orders", [kim.id].as_slice()));
    assert_eq!(code(world.desk.create_team("late ORDERS", vec![], &owner).await), "team_name_taken");
    for odd in ["", " \n ", &"x".repeat(61)] {
        assert_eq!(code(world.desk.create_team(odd, vec![], &owner).await), "name");
    }
    let nobody = UserId(uuid::Uuid::nil());
    assert_eq!(code(world.desk.create_team("Nobody's", vec![nobody], &owner).await), "members");
    let rename = TeamPatch { name: Some("Returns".into()), ..TeamPatch::default() };
    let renamed = world.desk.change_team(team.id, rename, &owner).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.members.len()), ("Returns", 1), "what is not named stays");
    let empty = TeamPatch { members: Some(vec![]), ..TeamPatch::default() };
    assert!(world.desk.change_team(team.id, empty, &owner).await.unwrap().members.is_empty());
    assert_eq!(world.desk.teams().await.unwrap().len(), 1);
    assert_eq!(world.told(ROUTING_CHANGED).await.len(), 3);
}

async fn j2_deleting_a_team_leaves_its_tickets_and_tells_of_them(world: World) {
    let owner = world.owner();
    let team = world.desk.create_team("Returns", vec![], &owner).await.unwrap();
    let (open, done) = (world.text(ANNA, "hi").await, world.text("+15550003333", "hi").await);
    let into = |status: &str| TicketPatch {
        team_id: Some(Some(team.id.to_string())),
        status: Some(status.into()),
        ..TicketPatch::default()
    };
    world.desk.change_ticket(open, into("open"), &owner).await.unwrap();
    world.desk.change_ticket(done, into("closed"), &owner).await.unwrap();
    let filter = TicketFilter { team: Some(TeamFilter::Team(team.id)), ..TicketFilter::default() };
    let of_team = || async {
        world.desk.tickets(&filter, &owner, &desk::PageRequest::default()).await.unwrap().data.len()
    };
    assert_eq!(of_team().await, 2);
    let told = world.told(TICKET_CHANGED).await.len();
    world.desk.delete_team(team.id, &owner).await.unwrap();
    assert_eq!(of_team().await, 0);
    for id in [open, done] {
        assert_eq!(world.ticket(id).await.team, None);
    }
    let news = world.told(TICKET_CHANGED).await;
    assert_eq!(news.len(), told + 1, "the open one changes on every screen");
    assert_eq!((news[told].ticket.id, &news[told].ticket.team), (open, &None));
    assert_eq!(world.told(ROUTING_CHANGED).await.last().unwrap().what, RoutingPart::Teams);
    assert_eq!(code(world.desk.delete_team(team.id, &owner).await), "team");
}

async fn j2_away_lasts_and_who_is_not_seen_is_not_there(world: World) {
    let kim = world.user("kim@acme.example", Role::Support).await;
    let state = || async {
        let all = world.desk.availabilities().await.unwrap();
        all.into_iter().find(|one| one.user == kim.id).unwrap().state
    };
    let says = |away| AvailabilityPatch { away: Some(away), ..AvailabilityPatch::default() };
    assert_eq!(state().await, State::Offline, "their console was never open");
    world.desk.was_seen(kim.id).await.unwrap();
    assert_eq!(state().await, State::Available);
    world.desk.change_availability(kim.id, says(true), &kim.actor()).await.unwrap();
    world.turn(60_001);
    world.desk.was_seen(kim.id).await.unwrap();
    assert_eq!(state().await, State::Away, "a console that is open does not end it");
    world.desk.change_availability(kim.id, says(false), &kim.actor()).await.unwrap();
    assert_eq!(state().await, State::Available);
    world.turn(4 * 60_000);
    assert_eq!(state().await, State::Available);
    world.turn(60_001);
    assert_eq!(state().await, State::Offline);
    let other = world.user("lee@acme.example", Role::Support).await;
    assert_eq!(code(world.desk.change_availability(kim.id, says(true), &other.actor()).await), "forbidden");
    let much = AvailabilityPatch { capacity: Some(Some(3)), ..AvailabilityPatch::default() };
    assert_eq!(code(world.desk.change_availability(kim.id, much.clone(), &kim.actor()).await), "forbidden");
    let changed = world.desk.change_availability(kim.id, much, &world.owner()).await.unwrap();
    assert_eq!(
        (changed.capacity, changed.state),
        (Some(3), State::Offline),
        "a manager does not bring them back"
    );
}
