//! F3, G2, D2: customers, blocking, consent; and the settings.

use bus::topic::{SETTINGS_CHANGED, TICKET_CHANGED};
use desk::{PageRequest, consent::NewConsent, profiles::ProfilePatch, tickets::TicketPatch};
use domain::{
    ProfileId, SessionId,
    consent::{ConsentKind, ConsentState},
};
use serde_json::json;
use uuid::Uuid;

use crate::world::{ANNA, SUPPORT, World, code};

on_both!(
    d2_consent_is_a_history_and_composers_learn_of_it,
    g2_blocking_closes_and_unblocking_gives_back,
    f3_a_profile_says_what_is_known,
    profiles_are_listed_in_pages_and_found,
    settings_are_merged_told_once_and_checked,
);

fn consent(kind: ConsentKind, state: ConsentState) -> NewConsent {
    NewConsent { kind, state, source: "form".into(), text: "I agree".into(), number: None }
}

async fn d2_consent_is_a_history_and_composers_learn_of_it(world: World) {
    use ConsentKind::{Marketing, Transactional};
    use ConsentState::{Subscribed, Unsubscribed};
    let id = world.text(ANNA, "hi").await;
    let (profile, owner) = (world.profile_of(id).await, world.owner());
    for (kind, state, allowed) in [
        (Marketing, Subscribed, true),
        (Transactional, Unsubscribed, true),
        (Marketing, Unsubscribed, false),
        (Transactional, Subscribed, true),
    ] {
        world.desk.record_consent(profile, consent(kind, state), &owner).await.unwrap();
        let ticket = world.ticket(id).await;
        assert_eq!(ticket.can_reply.allowed, allowed);
        assert_eq!(world.told(TICKET_CHANGED).await.last().unwrap().ticket, ticket);
    }
    let history = world.desk.consents(profile).await.unwrap();
    assert_eq!(history.len(), 4);
    assert_eq!((history[0].kind, history[0].state), (Transactional, Subscribed), "newest first");
    assert_eq!(world.desk.profile(profile).await.unwrap().sms_kinds, [Transactional]);
    let nobody = ProfileId(Uuid::nil());
    assert_eq!(
        code(world.desk.record_consent(nobody, consent(Marketing, Subscribed), &owner).await),
        "profile"
    );
    assert_eq!(code(world.desk.consents(nobody).await), "profile");
    let long = NewConsent { source: String::new(), ..consent(Marketing, Subscribed) };
    assert_eq!(code(world.desk.record_consent(profile, long, &owner).await), "source");
}

async fn g2_blocking_closes_and_unblocking_gives_back(world: World) {
    let (id, owner) = (world.text(ANNA, "rude").await, world.owner());
    let profile = world.profile_of(id).await;
    let snooze = TicketPatch {
        status: Some("snoozed".into()),
        snoozed_until: Some(world.now().plus(60_000)),
        ..TicketPatch::default()
    };
    world.desk.change_ticket(id, snooze, &owner).await.unwrap();
    assert!(world.desk.block(profile, &owner).await.unwrap().blocked);
    let closed = world.ticket(id).await;
    assert_eq!((closed.status.as_str(), closed.unread), ("closed", false));
    assert_eq!(closed.can_reply.code.as_deref(), Some("profile_blocked"));
    assert_eq!(world.told(TICKET_CHANGED).await.last().unwrap().ticket, closed);
    assert_eq!(world.desk.next_timer().await.unwrap(), None);
    let version = closed.version;
    world.desk.block(profile, &owner).await.unwrap();
    assert_eq!(world.ticket(id).await.version, version, "blocked is blocked");
    world.text_somehow(ANNA, "more").await;
    assert_eq!((world.desk.badge().await.unwrap(), world.ticket(id).await.status.as_str()), (0, "closed"));
    assert!(!world.desk.unblock(profile, &owner).await.unwrap().blocked);
    assert_eq!(world.ticket(id).await.can_reply.code.as_deref(), Some("sms_no_consent"));
    assert_eq!(code(world.desk.block(ProfileId(Uuid::nil()), &owner).await), "profile");
}

async fn f3_a_profile_says_what_is_known(world: World) {
    let one = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let (id, owner) = (world.profile_of(one).await, world.owner());
    let profile = world.desk.profile(id).await.unwrap();
    assert_eq!((profile.tickets, profile.blocked, profile.sms_kinds.len()), (2, false, 0));
    assert_eq!(profile.addresses[0].address.kind(), "visitor");
    let patch = ProfilePatch {
        name: Some(Some(" Anna ".into())),
        time_zone: Some(Some("Europe/Lisbon".into())),
        location: Some(Some("Porto".into())),
    };
    let changed = world.desk.change_profile(id, patch, &owner).await.unwrap();
    assert_eq!(changed.name.as_deref(), Some("Anna"));
    assert_eq!(
        (changed.time_zone.as_deref(), changed.location.as_deref()),
        (Some("Europe/Lisbon"), Some("Porto"))
    );
    assert_eq!(world.told(TICKET_CHANGED).await.last().unwrap().ticket.profile.name.as_deref(), Some("Anna"));
    let forget = ProfilePatch { location: Some(None), ..ProfilePatch::default() };
    let changed = world.desk.change_profile(id, forget, &owner).await.unwrap();
    assert_eq!((changed.location, changed.name.as_deref()), (None, Some("Anna")));
    let odd = ProfilePatch { time_zone: Some(Some("no zone".into())), ..ProfilePatch::default() };
    assert_eq!(code(world.desk.change_profile(id, odd, &owner).await), "time_zone");
    let nobody = world.desk.change_profile(ProfileId(Uuid::nil()), ProfilePatch::default(), &owner).await;
    assert_eq!(code(nobody), "profile");
}

async fn profiles_are_listed_in_pages_and_found(world: World) {
    for n in 0..12 {
        world.text(&format!("+1555000{n:04}"), "hi").await;
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = world.desk.profiles(None, &PageRequest::new(5, cursor)).await.unwrap();
        seen.extend(page.data.into_iter().map(|profile| (profile.created_at, profile.id)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 12);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, each once");
    let found = world.desk.profiles(Some("50000007"), &PageRequest::default()).await.unwrap();
    assert_eq!(found.data.len(), 1);
    assert!(world.desk.profiles(Some("%"), &PageRequest::default()).await.unwrap().data.is_empty());
}

async fn settings_are_merged_told_once_and_checked(world: World) {
    let owner = world.owner();
    let fresh = domain::Settings::default().with_support_email(Some(&SUPPORT.parse().unwrap()));
    assert_eq!(world.desk.settings().await.unwrap(), fresh);
    let changed =
        world.desk.patch_settings(&json!({"organization": {"name": "Acme"}}), &owner).await.unwrap();
    assert_eq!(changed.organization.name, "Acme");
    world.desk.patch_settings(&json!({"organization": {"name": "Acme"}}), &owner).await.unwrap();
    assert_eq!(world.told(SETTINGS_CHANGED).await.len(), 1);
    assert_eq!(code(world.desk.patch_settings(&json!({"nonsense": 1}), &owner).await), "settings");
    let (a, b) = (json!({"badge": false}), json!({"organization": {"prefix": "ACME"}}));
    let (one, other) =
        tokio::join!(world.desk.patch_settings(&a, &owner), world.desk.patch_settings(&b, &owner));
    one.unwrap();
    other.unwrap();
    let both = world.desk.settings().await.unwrap();
    assert_eq!((both.badge.0, both.organization.prefix.as_str()), (false, "ACME"), "neither is lost");
    assert_eq!(both.organization.name, "Acme");
}
