//! Campaign and flow messages, and what is attributed to them (F1, I1–I3).

use bus::topic::{MESSAGE_CHANGED, MESSAGE_QUEUED, MESSAGE_RECEIVED, OUTBOUND_SMS};
use desk::{
    DeskError, PageRequest,
    campaign::{CampaignMessage, NewCampaignMessage, Recipient, Source, Way},
    tickets::TicketFilter,
};
use domain::{
    Address, AuthorKind, EmailAddress, Message, MessageStatus, PhoneNumber, ProfileId, TicketId, Timestamp,
};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    f1_a_recorded_message_shows_in_the_thread_and_moves_nothing,
    i_the_first_text_after_a_campaign_is_attributed_to_it_and_the_second_is_not,
    i3_a_campaign_that_becomes_known_later_changes_only_what_it_must,
    i_whatever_becomes_known_first_the_result_is_the_same,
    i_a_text_and_its_campaign_at_the_same_moment_find_each_other,
    i_a_keyword_is_a_text_and_what_failed_was_never_received,
    d2_what_we_send_needs_consent_and_leaves_once,
    customers_are_found_by_whatever_names_them,
);

const HOUR: i64 = 3_600_000;

fn to(phone: &str) -> Recipient {
    Recipient::Address(Address::Phone(PhoneNumber::parse(phone).unwrap()))
}

fn message(phone: &str, id: &str, way: Way) -> NewCampaignMessage {
    NewCampaignMessage {
        to: to(phone),
        from: None,
        source: Source { kind: AuthorKind::Campaign, id: id.into(), name: format!("The {id} sale") },
        text: format!("Everything must go: {id}"),
        way,
        key: None,
    }
}

async fn record(world: &World, phone: &str, id: &str, at: Timestamp) -> CampaignMessage {
    let new = message(phone, id, Way::SentOutside(Some(at)));
    world.desk.add_campaign_message(new, &world.owner()).await.unwrap()
}

async fn thread(world: &World, ticket: TicketId) -> Vec<Message> {
    world.desk.messages(ticket, 200, None).await.unwrap().data
}

/// The customer's texts with the campaign each is attributed to.
async fn attributed(world: &World, ticket: TicketId) -> Vec<(String, Option<String>)> {
    let texts = thread(world, ticket).await.into_iter().filter(|m| m.author.kind == AuthorKind::Customer);
    texts.map(|m| (m.text, m.carried.attribution.map(|a| a.id))).collect()
}

fn pairs(all: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
    all.iter().map(|(text, to)| ((*text).to_owned(), to.map(str::to_owned))).collect()
}

async fn with_campaign(world: &World, id: &str) -> Vec<TicketId> {
    let filter = TicketFilter { campaign: Some(id.into()), ..TicketFilter::default() };
    let page = PageRequest::new(50, None);
    let found = world.desk.tickets(&filter, &world.owner(), &page).await.unwrap();
    found.data.into_iter().map(|ticket| ticket.id).collect()
}

async fn f1_a_recorded_message_shows_in_the_thread_and_moves_nothing(world: World) {
    let before = record(&world, ANNA, "spring", world.now()).await;
    assert_eq!(before.ticket(), None, "it opens no ticket");
    let all = world.desk.tickets(&TicketFilter::default(), &world.owner(), &PageRequest::new(50, None)).await;
    assert!(all.unwrap().data.is_empty());
    let id = world.text(ANNA, "hi").await;
    assert_eq!(world.profile_of(id).await, before.profile, "the number is known from then on");
    let read = desk::tickets::TicketPatch { unread: Some(false), ..Default::default() };
    let was = world.desk.change_ticket(id, read, &world.owner()).await.unwrap();
    world.turn(HOUR);
    let after = record(&world, ANNA, "summer", world.now()).await;
    assert_eq!(after.ticket(), Some(id));
    let is = world.ticket(id).await;
    assert!(!is.unread && is.preview == was.preview && is.last_message_at == was.last_message_at);
    let told = world.told(MESSAGE_QUEUED).await;
    assert_eq!((told.len(), &told[0].ticket, told[0].message.id), (1, &is, after.message.id));
    let shown: Vec<_> = thread(&world, id).await.into_iter().map(|m| (m.author.kind, m.status)).collect();
    let sent = (AuthorKind::Campaign, MessageStatus::Sent);
    assert_eq!(shown, [sent, (AuthorKind::Customer, MessageStatus::Received), sent]);
    assert_eq!(after.message.author.name.as_deref(), Some("The summer sale"));
    assert!(world.told(OUTBOUND_SMS).await.is_empty(), "it is not sent again");
    let early = message(ANNA, "x", Way::SentOutside(Some(world.now().plus(HOUR))));
    assert_eq!(code(world.desk.add_campaign_message(early, &world.owner()).await), "sent_at");
}

async fn i_the_first_text_after_a_campaign_is_attributed_to_it_and_the_second_is_not(world: World) {
    let spring = record(&world, ANNA, "spring", world.now()).await;
    let id = world.text(ANNA, "one").await;
    world.text(ANNA, "two").await;
    assert_eq!(attributed(&world, id).await, pairs(&[("one", Some("spring")), ("two", None)]));
    let view = world.ticket(id).await;
    let credited = view.attribution.clone().unwrap();
    assert_eq!((credited.message_id, credited.name.as_str()), (spring.message.id, "The spring sale"));
    let told = world.told(MESSAGE_RECEIVED).await;
    assert_eq!(told[0].message.carried.attribution, Some(credited), "the event says so at once");
    assert_eq!(told[1].ticket, view);
    assert_eq!(
        (with_campaign(&world, "spring").await, with_campaign(&world, "summer").await),
        (vec![id], vec![])
    );
    record(&world, ANNA, "summer", world.now()).await;
    world.turn(24 * HOUR + 1_000);
    world.text(ANNA, "three").await;
    assert_eq!(attributed(&world, id).await[2], ("three".into(), None), "I1: after the window");
    let longer = serde_json::json!({"sms": {"attribution_window_hours": 48}});
    world.desk.patch_settings(&longer, &world.owner()).await.unwrap();
    record(&world, ANNA, "autumn", world.now()).await;
    world.turn(47 * HOUR);
    world.text(ANNA, "four").await;
    assert_eq!(attributed(&world, id).await[3], ("four".into(), Some("autumn".into())));
    assert_eq!(world.ticket(id).await.attribution.unwrap().id, "autumn", "the newest one counts");
    assert_eq!(with_campaign(&world, "spring").await, [id], "and the older one can still be found");
}

async fn i3_a_campaign_that_becomes_known_later_changes_only_what_it_must(world: World) {
    let start = world.now();
    let at = |minutes: i64| start.plus(minutes * 60_000);
    world.turn(3 * HOUR);
    record(&world, ANNA, "spring", at(0)).await;
    let id = world.text_at(ANNA, "one", at(60)).await.unwrap();
    world.text_at(ANNA, "two", at(120)).await;
    record(&world, ANNA, "flow", at(30)).await;
    assert_eq!(attributed(&world, id).await, pairs(&[("one", Some("flow")), ("two", None)]));
    record(&world, ANNA, "late", at(90)).await;
    assert_eq!(attributed(&world, id).await, pairs(&[("one", Some("flow")), ("two", Some("late"))]));
    assert_eq!(world.ticket(id).await.attribution.unwrap().id, "late");
    let told = world.told(MESSAGE_CHANGED).await;
    let said: Vec<_> = told.iter().map(|e| (e.message.text.as_str(), e.ticket.attribution.clone())).collect();
    assert_eq!(said.iter().map(|(text, _)| *text).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(told[1].ticket, world.ticket(id).await);
    // a text that was held up on its way was the first after all
    world.text_at(ANNA, "half", at(45)).await;
    assert_eq!(
        attributed(&world, id).await,
        pairs(&[("half", Some("flow")), ("one", None), ("two", Some("late"))])
    );
    assert_eq!(world.told(MESSAGE_CHANGED).await.last().unwrap().message.text, "one");
}

async fn i_whatever_becomes_known_first_the_result_is_the_same(world: World) {
    let start = world.now();
    world.turn(HOUR);
    let story = [("SPRING", 1), ("one", 2), ("FLOW", 3), ("two", 4), ("three", 5)];
    for (n, order) in permutations(story.len()).into_iter().enumerate() {
        let phone = format!("+1555100{n:04}");
        let mut ticket = None;
        for step in &order {
            let (name, second) = story[*step];
            let at = start.plus(second * 1_000);
            if name.starts_with(char::is_uppercase) {
                record(&world, &phone, name, at).await;
            } else {
                ticket = world.text_at(&phone, name, at).await;
            }
        }
        let found = attributed(&world, ticket.unwrap()).await;
        let expected = pairs(&[("one", Some("SPRING")), ("two", Some("FLOW")), ("three", None)]);
        assert_eq!(found, expected, "{order:?}");
    }
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    let Some(last) = n.checked_sub(1) else { return vec![Vec::new()] };
    let with = |shorter: Vec<usize>| {
        (0..n).map(move |at| {
            let mut longer = shorter.clone();
            longer.insert(at, last);
            longer
        })
    };
    permutations(last).into_iter().flat_map(with).collect()
}

async fn i_a_text_and_its_campaign_at_the_same_moment_find_each_other(world: World) {
    let start = world.now();
    world.turn(HOUR);
    for n in 0..12 {
        // known, but without a ticket whose lock would keep the two apart
        let phone = format!("+1555200{n:04}");
        world.text_at(&phone, "JOIN", start).await;
        let (recorded, ticket) = futures::join!(
            record(&world, &phone, "spring", start.plus(1)),
            world.text_at(&phone, "one", start.plus(2))
        );
        let found = attributed(&world, ticket.unwrap()).await;
        assert_eq!(found, pairs(&[("one", Some("spring"))]), "{n} {:?}", recorded.ticket());
    }
}

async fn i_a_keyword_is_a_text_and_what_failed_was_never_received(world: World) {
    record(&world, ANNA, "spring", world.now()).await;
    assert_eq!(world.text_somehow(ANNA, "JOIN").await, None);
    let id = world.text(ANNA, "hello").await;
    assert_eq!(attributed(&world, id).await, pairs(&[("hello", None)]), "JOIN was the first");
    let join = thread(&world, id).await.into_iter().find(|m| m.text == "JOIN").unwrap();
    assert_eq!(join.carried.attribution.unwrap().id, "spring");
    let sent =
        world.desk.add_campaign_message(message(ANNA, "summer", Way::Send), &world.owner()).await.unwrap();
    world.desk.block(world.profile_of(id).await, &world.owner()).await.unwrap();
    let claim = domain::event::ClaimSend { message_id: sent.message.id, claim: Uuid::new_v4() };
    world.desk.claim_send(&claim).await.unwrap();
    world.desk.unblock(world.profile_of(id).await, &world.owner()).await.unwrap();
    world.text(ANNA, "still there?").await;
    assert_eq!(attributed(&world, id).await[1], ("still there?".into(), None));
}

async fn d2_what_we_send_needs_consent_and_leaves_once(world: World) {
    let owner = world.owner();
    let send = |key: &str| NewCampaignMessage { key: Some(key.into()), ..message(ANNA, "spring", Way::Send) };
    assert_eq!(code(world.desk.add_campaign_message(send("a"), &owner).await), "sms_no_consent");
    world.text_somehow(ANNA, "JOIN").await;
    let asked = world.told(OUTBOUND_SMS).await.len();
    let sent = world.desk.add_campaign_message(send("a"), &owner).await.unwrap();
    let again = world.desk.add_campaign_message(send("a"), &owner).await.unwrap();
    assert_eq!((sent.message.id, sent.message.status), (again.message.id, MessageStatus::Queued));
    let work = world.told(OUTBOUND_SMS).await.split_off(asked);
    assert_eq!((work.len(), work[0].message_id, work[0].to.as_str()), (1, sent.message.id, ANNA));
    let other = NewCampaignMessage { text: "else".into(), ..send("a") };
    assert_eq!(code(world.desk.add_campaign_message(other, &owner).await), "idempotency_key_reused");
    let id = world.text(ANNA, "interesting").await;
    assert_eq!(world.ticket(id).await.attribution.unwrap().message_id, sent.message.id);
    let second = world.desk.add_campaign_message(send("b"), &owner).await.unwrap();
    assert_eq!((second.ticket(), world.ticket(id).await.preview.as_str()), (Some(id), "interesting"));
    world.desk.block(world.profile_of(id).await, &owner).await.unwrap();
    assert_eq!(code(world.desk.add_campaign_message(send("c"), &owner).await), "profile_blocked");
}

async fn customers_are_found_by_whatever_names_them(world: World) {
    let owner = world.owner();
    let id = world.text(ANNA, "hi").await;
    let profile = world.profile_of(id).await;
    let to = |to: Recipient| NewCampaignMessage { to, ..message(ANNA, "spring", Way::SentOutside(None)) };
    let add = async |new| world.desk.add_campaign_message(new, &owner).await;
    assert_eq!(add(to(Recipient::Profile(profile))).await.unwrap().ticket(), Some(id));
    assert_eq!(code(add(to(Recipient::Profile(ProfileId(Uuid::nil())))).await), "profile");
    let nobody = Address::Email(EmailAddress::parse("nobody@example.com").unwrap());
    assert_eq!(code(add(to(Recipient::Address(nobody))).await), "profile");
    let from = PhoneNumber::parse("+15559990000").unwrap();
    let foreign = NewCampaignMessage { from: Some(from), ..to(Recipient::Profile(profile)) };
    assert_eq!(code(add(foreign).await), "from");
    let mut odd = to(Recipient::Profile(profile));
    odd.source.kind = AuthorKind::Agent;
    assert_eq!(code(add(odd).await), "source");
    let empty = NewCampaignMessage { text: " ".into(), ..to(Recipient::Profile(profile)) };
    assert!(matches!(add(empty).await, Err(DeskError::Invalid { field: "text", .. })));
}
