//! Notes that colleagues leave for each other, and answers at hand.

use bus::topic::{NOTE_ADDED, NOTE_REMOVED};
use desk::{Actor, quick_responses::QuickResponsePatch};
use domain::{NoteId, QuickResponseId, Role, TicketId, filter::BuiltIn};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    a_note_is_for_colleagues_and_names_them,
    only_its_writer_or_a_manager_takes_a_note_back,
    h5_quick_responses_are_kept_found_and_filled_in,
);

fn acting(user: &desk::accounts::User) -> Actor {
    Actor { id: user.id.0, name: user.name.clone(), role: user.role, user: Some(user.id), from: None }
}

async fn a_note_is_for_colleagues_and_names_them(world: World) {
    let ticket = world.text(ANNA, "hi").await;
    let maya = world.user("maya@acme.example", Role::Support).await;
    let before = world.ticket(ticket).await;
    let words = format!("  @{} is this ours? \0", maya.name);
    let note = world.desk.add_note(ticket, &words, &world.owner()).await.unwrap();
    assert_eq!(note.mentions, [maya.id]);
    assert_eq!(note.text, words.replace('\0', "").trim());
    assert_eq!(world.desk.notes(ticket).await.unwrap(), std::slice::from_ref(&note));
    assert_eq!(world.told(NOTE_ADDED).await.pop().unwrap().note, note);
    assert_eq!(world.ticket(ticket).await, before, "no customer and no guard notices it");
    let mentions = BuiltIn::Mentions.filter();
    assert_eq!(world.desk.count_tickets(&mentions, &acting(&maya)).await.unwrap(), 1);
    assert_eq!(world.desk.count_tickets(&mentions, &world.owner()).await.unwrap(), 0, "only who is meant");
    assert_eq!(code(world.desk.add_note(ticket, " ", &world.owner()).await), "text");
    let long = "x".repeat(10_001);
    assert_eq!(code(world.desk.add_note(ticket, &long, &world.owner()).await), "text");
    let nothing = TicketId(Uuid::nil());
    assert_eq!(code(world.desk.add_note(nothing, "x", &world.owner()).await), "ticket");
    assert_eq!(code(world.desk.notes(nothing).await), "ticket");
}

async fn only_its_writer_or_a_manager_takes_a_note_back(world: World) {
    let ticket = world.text(ANNA, "hi").await;
    let people = ["maya@acme.example", "tom@acme.example"];
    let maya = acting(&world.user(people[0], Role::Support).await);
    let tom = acting(&world.user(people[1], Role::Support).await);
    let (one, two) = (
        world.desk.add_note(ticket, "@maya one", &maya).await.unwrap(),
        world.desk.add_note(ticket, "two", &maya).await.unwrap(),
    );
    assert_eq!(code(world.desk.remove_note(one.id, &tom).await), "forbidden");
    world.desk.remove_note(one.id, &maya).await.unwrap();
    world.desk.remove_note(two.id, &world.owner()).await.unwrap();
    assert!(world.desk.notes(ticket).await.unwrap().is_empty());
    assert_eq!(world.told(NOTE_REMOVED).await.len(), 2);
    assert_eq!(code(world.desk.remove_note(NoteId(Uuid::nil()), &maya).await), "note");
}

async fn h5_quick_responses_are_kept_found_and_filled_in(world: World) {
    let desk = &world.desk;
    let hello = "Hi {{first_name|there}}, {{agent_name}} here about #{{ticket_number}}.";
    let greeting = desk.add_quick_response("Greeting", hello, &world.owner()).await.unwrap();
    desk.add_quick_response("Rückgabe", "Returns are free for 30 days.", &world.owner()).await.unwrap();
    assert_eq!(code(desk.add_quick_response(" greeting ", "x", &world.owner()).await), "title_taken");
    assert_eq!(code(desk.add_quick_response("", "x", &world.owner()).await), "title");
    assert_eq!(code(desk.add_quick_response("Empty", " ", &world.owner()).await), "text");
    assert_eq!(code(desk.add_quick_response("Odd", "{{coupon}}", &world.owner()).await), "text");
    let titles = async |query: &str| {
        let found = desk.quick_responses(query).await.unwrap();
        found.into_iter().map(|one| one.title).collect::<Vec<_>>()
    };
    assert_eq!(titles("").await, ["Greeting", "Rückgabe"]);
    assert_eq!(titles("RÜCK days").await, ["Rückgabe"]);
    assert_eq!(titles("nothing").await, [""; 0]);

    let ticket = world.text(ANNA, "hi").await;
    let number = world.ticket(ticket).await.number;
    let maya = Actor { name: "Maya".into(), ..world.owner() };
    let said = desk.fill_quick_response(greeting.id, ticket, &maya).await.unwrap();
    assert_eq!(said, format!("Hi there, Maya here about #{number}."));

    let patch = QuickResponsePatch { title: Some("rückgabe".into()), text: None };
    assert_eq!(code(desk.change_quick_response(greeting.id, patch, &world.owner()).await), "title_taken");
    let patch = QuickResponsePatch { title: Some("GREETING".into()), text: Some("Hello!".into()) };
    let changed = desk.change_quick_response(greeting.id, patch, &world.owner()).await.unwrap();
    assert_eq!((changed.title.as_str(), changed.text.as_str()), ("GREETING", "Hello!"));
    assert!(changed.updated_at > greeting.updated_at && changed.created_at == greeting.created_at);
    desk.remove_quick_response(greeting.id, &world.owner()).await.unwrap();
    let gone = QuickResponseId(Uuid::nil());
    for id in [greeting.id, gone] {
        assert_eq!(code(desk.remove_quick_response(id, &world.owner()).await), "quick response");
        assert_eq!(code(desk.fill_quick_response(id, ticket, &maya).await), "quick response");
        assert_eq!(
            code(desk.change_quick_response(id, QuickResponsePatch::default(), &world.owner()).await),
            "quick response"
        );
    }
}
