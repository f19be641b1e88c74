//! The audit log: every change leaves a line in its own transaction, without secrets and without words of customers.

use std::net::IpAddr;

use desk::{
    Actor, PageRequest,
    accounts::UserPatch,
    audit::{AuditEntry, AuditFilter},
    consent::NewConsent,
    coupons::CouponPatch,
    quick_responses::QuickResponsePatch,
    sign_in::Origin,
    tags::TagPatch,
    views::NewView,
    webhooks::{NewWebhook, WebhookPatch},
};
use domain::{
    Role,
    audit::{AuditAction, AuditBy, AuditNoun},
    consent::{ConsentKind, ConsentState},
    tag::TagColour,
    webhook::{WebhookEvent, WebhookKind},
};
use serde_json::{Value, json};

use crate::world::{ANNA, World, code};

on_both!(
    a_line_says_who_did_what_and_what_differs,
    every_kind_of_change_leaves_a_line_and_none_a_secret,
    what_was_refused_or_changed_nothing_leaves_none,
    signing_in_and_being_refused_is_written_down_with_the_address,
    the_log_is_read_by_filters_in_pages_and_forgotten_after_its_days,
);

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn log(world: &World, filter: AuditFilter) -> Vec<AuditEntry> {
    world.desk.audit(&filter, &PageRequest::new(200, None)).await.unwrap().data
}

async fn newest(world: &World) -> AuditEntry {
    log(world, AuditFilter::default()).await.remove(0)
}

fn differs(entry: &AuditEntry) -> Vec<(&str, &Value, &Value)> {
    entry.changes.iter().map(|change| (change.field.as_str(), &change.before, &change.after)).collect()
}

async fn a_line_says_who_did_what_and_what_differs(world: World) {
    let from: IpAddr = "203.0.113.9".parse().unwrap();
    let anna = world.user("anna@acme.example", Role::Manager).await;
    let actor = Actor { from: Some(from), ..anna.actor() };
    let patch = json!({"sms": {"quiet_hours": {"from": "21:00"}}});
    world.desk.patch_settings(&patch, &actor).await.unwrap();
    let line = newest(&world).await;
    assert_eq!((line.by.kind, line.by.id.as_str()), (AuditBy::User, anna.id.to_string().as_str()));
    assert_eq!((line.action, line.noun), (AuditAction::Changed, AuditNoun::Settings));
    assert_eq!(line.address.as_deref(), Some("203.0.113.9"));
    assert_eq!(differs(&line), [("sms.quiet_hours.from", &json!("20:00"), &json!("21:00"))]);
    let promote = UserPatch { role: Some(Role::Admin), ..UserPatch::default() };
    world.desk.change_user(anna.id, promote, &world.owner()).await.unwrap();
    let line = newest(&world).await;
    assert_eq!((line.by.kind, line.by.name.as_str(), line.address), (AuditBy::ApiKey, "Kim", None));
    assert_eq!((line.noun, line.object_id), (AuditNoun::User, anna.id.to_string()));
    assert_eq!(line.changes[0].field, "role");
    assert_eq!((&line.changes[0].before, &line.changes[0].after), (&json!("manager"), &json!("admin")));
}

async fn every_kind_of_change_leaves_a_line_and_none_a_secret(world: World) {
    let (desk, owner) = (&world.desk, &world.owner());
    let ticket = world.text(ANNA, "a very private matter").await;
    let (profile, other) = (world.profile_of(ticket).await, world.text("+15550004444", "it is me too").await);
    let other = world.profile_of(other).await;
    let anna = world.user("anna@acme.example", Role::Support).await;
    let key = desk.create_key("crm", Role::Support, None, owner).await.unwrap();
    desk.revoke_key(&key.id, owner).await.unwrap();
    let team = desk.create_team("Night", vec![anna.id], owner).await.unwrap();
    desk.delete_team(team.id, owner).await.unwrap();
    let (tag, _) = desk.create_tag("refund", TagColour::Red, owner).await.unwrap();
    let blue = TagPatch { colour: Some(TagColour::Blue), name: None };
    desk.change_tag(tag.id, blue, owner).await.unwrap();
    desk.delete_tag(tag.id, owner).await.unwrap();
    let hello = desk.add_quick_response("Hello", "Hi there", owner).await.unwrap();
    let longer = QuickResponsePatch { text: Some("Hello there".into()), title: None };
    desk.change_quick_response(hello.id, longer, owner).await.unwrap();
    desk.remove_quick_response(hello.id, owner).await.unwrap();
    let coupon = desk.add_coupon("Spring", None, None, owner).await.unwrap();
    desk.add_coupon_codes(coupon.id, "C0DE-1\nC0DE-2", owner).await.unwrap();
    desk.add_coupon_codes(coupon.id, "C0DE-1", owner).await.unwrap();
    desk.remove_coupon(coupon.id, owner).await.unwrap();
    let coupon = desk.add_coupon("All", Some("S3CRET"), None, owner).await.unwrap();
    let code = CouponPatch { shared_code: Some("S3CRET-2".into()), ..CouponPatch::default() };
    desk.change_coupon(coupon.id, code, owner).await.unwrap();
    let view = |shared| NewView { name: "Late".into(), shared, filters: Default::default(), position: None };
    let own = desk.create_view(view(false), owner).await.unwrap();
    let shared = desk.create_view(view(true), owner).await.unwrap();
    desk.delete_view(own.id, owner).await.unwrap();
    desk.delete_view(shared.id, owner).await.unwrap();
    let new = NewWebhook {
        name: "CRM".into(),
        kind: WebhookKind::Signed,
        url: "https://hooks.example.com/t0k3n?k=hidden".into(),
        events: vec![WebhookEvent::TicketCreated],
    };
    let webhook = desk.create_webhook(new, owner).await.unwrap();
    let off = WebhookPatch { active: Some(false), ..WebhookPatch::default() };
    desk.change_webhook(webhook.id, off, owner).await.unwrap();
    let second = desk.change_webhook_secret(webhook.id, owner).await.unwrap();
    desk.delete_webhook(webhook.id, owner).await.unwrap();
    let (kind, state) = (ConsentKind::Marketing, ConsentState::Subscribed);
    let (source, text) = ("console".into(), "said so on the telephone".into());
    let yes = NewConsent { kind, state, source, text, number: None };
    desk.record_consent(profile, yes, owner).await.unwrap();
    desk.block(profile, owner).await.unwrap();
    desk.unblock(profile, owner).await.unwrap();
    let merge = desk.merge_profiles(profile, other, owner).await.unwrap();
    desk.unmerge(profile, merge.id, owner).await.unwrap();
    let token = desk.create_sign_in_link(anna.id, owner).await.unwrap();
    let password = UserPatch { password: Some("a better secret".into()), ..UserPatch::default() };
    desk.change_user(anna.id, password, owner).await.unwrap();

    let lines = log(&world, AuditFilter::default()).await;
    let mut said: Vec<String> = lines.iter().map(|line| format!("{} {}", line.noun, line.action)).collect();
    said.reverse();
    let expected = "user added, api_key added, api_key removed, team added, team removed, tag added, tag changed, \
        tag removed, quick_response added, quick_response changed, quick_response removed, coupon added, coupon codes_added, coupon removed, \
        coupon added, coupon secret_changed, view added, \
        view removed, webhook added, webhook changed, webhook secret_changed, webhook removed, \
        profile consent_recorded, profile blocked, profile unblocked, profile merged, profile unmerged, \
        user sign_in_link_made, user password_changed";
    assert_eq!(said.join(", "), expected);
    let whole = format!("{lines:?}");
    for secret in [
        key.key.as_str(),
        "correct horse",
        "a better secret",
        "argon2",
        "C0DE",
        "S3CRET",
        "t0k3n",
        "hidden",
        webhook.secret.as_str(),
        second.secret.as_str(),
        token.as_str(),
        "private matter",
        "on the telephone",
        ANNA,
    ] {
        assert!(!whole.contains(secret), "{secret} is in the log");
    }
}

async fn what_was_refused_or_changed_nothing_leaves_none(world: World) {
    let (desk, owner) = (&world.desk, &world.owner());
    desk.create_tag("refund", TagColour::Red, owner).await.unwrap();
    let before = log(&world, AuditFilter::default()).await.len();
    assert_eq!(code(desk.create_tag("refund", TagColour::Red, owner).await), "tag_name_taken");
    desk.patch_settings(&json!({"badge": true}), owner).await.unwrap();
    let anna = world.user("anna@acme.example", Role::Support).await;
    desk.change_user(anna.id, UserPatch::default(), owner).await.unwrap();
    assert_eq!(
        code(
            desk.change_user(anna.id, UserPatch { name: Some(" ".into()), ..UserPatch::default() }, owner)
                .await
        ),
        "name"
    );
    let profile = world.profile_of(world.text(ANNA, "hi").await).await;
    desk.unblock(profile, owner).await.unwrap();
    assert_eq!(log(&world, AuditFilter::default()).await.len(), before + 1, "only that Anna was added");
}

async fn signing_in_and_being_refused_is_written_down_with_the_address(world: World) {
    let desk = &world.desk;
    let anna = world.user("anna@acme.example", Role::Support).await;
    let origin = Origin::new("2001:db8::7".parse().unwrap(), "Test/1");
    assert!(desk.sign_in("anna@acme.example", "wrong password", &origin).await.unwrap().is_none());
    assert!(desk.sign_in("nobody@acme.example", "wrong password", &origin).await.unwrap().is_none());
    assert!(desk.sign_in("my own password", "wrong password", &origin).await.unwrap().is_none());
    assert!(desk.sign_in_with_link("no link", &origin).await.unwrap().is_none());
    let new = desk
        .sign_in("anna@acme.example", "correct horse", &origin)
        .await
        .unwrap()
        .unwrap()
        .session()
        .unwrap();
    desk.sign_out(&new.token, &new.user.actor()).await.unwrap();
    let lines = log(&world, AuditFilter::default()).await;
    let said: Vec<_> = lines.iter().rev().skip(1).collect();
    assert!(said.iter().take(5).all(|line| line.address.as_deref() == Some("2001:db8::7")));
    let names: Vec<_> =
        said.iter().map(|line| (line.by.kind, line.action, line.object_name.as_deref())).collect();
    let (refused, nobody) = (AuditAction::SignInFailed, AuditBy::Nobody);
    let expected = [
        (nobody, refused, Some("anna")),
        (nobody, refused, Some("nobody@acme.example")),
        (nobody, refused, None),
        (nobody, refused, None),
        (AuditBy::User, AuditAction::SignedIn, Some("anna")),
        (AuditBy::User, AuditAction::SignedOut, Some("anna")),
    ];
    assert_eq!(names, expected);
    assert!(!format!("{lines:?}").contains("my own password"), "what is no address may be a password");
    assert_eq!(said[0].object_id, anna.id.to_string());
    for _ in 0..30 {
        let neighbour = Origin::new("2001:db8::8".parse().unwrap(), "Test/1");
        assert!(desk.sign_in("nobody@acme.example", "wrong password", &neighbour).await.unwrap().is_none());
        desk.forgot_password("nobody@acme.example", &neighbour).await.unwrap();
    }
    let count = async |action| {
        log(&world, AuditFilter { action: Some(action), ..AuditFilter::default() }).await.len()
    };
    assert_eq!(count(refused).await, 10, "one network does not fill the log");
    assert_eq!(count(AuditAction::PasswordForgotten).await, 10);
    let elsewhere = Origin::new("2001:db8:0:1::8".parse().unwrap(), "Test/1");
    assert!(desk.sign_in("nobody@acme.example", "wrong password", &elsewhere).await.unwrap().is_none());
    assert_eq!(count(refused).await, 11);
}

async fn the_log_is_read_by_filters_in_pages_and_forgotten_after_its_days(world: World) {
    let (desk, owner) = (&world.desk, &world.owner());
    for n in 0..5 {
        desk.create_tag(&format!("tag {n}"), TagColour::Grey, owner).await.unwrap();
    }
    world.turn(40 * DAY);
    let middle = world.now();
    let anna = world.user("anna@acme.example", Role::Admin).await;
    desk.patch_settings(&json!({"privacy": {"audit_days": 30}}), &anna.actor()).await.unwrap();
    let by_anna = AuditFilter { by: Some(anna.id.to_string()), ..AuditFilter::default() };
    assert_eq!(log(&world, by_anna).await.len(), 1);
    let tags = AuditFilter { noun: Some(AuditNoun::Tag), ..AuditFilter::default() };
    assert_eq!(log(&world, tags.clone()).await.len(), 5);
    let object = AuditFilter { object: Some(anna.id.to_string()), ..AuditFilter::default() };
    assert_eq!(log(&world, object).await.len(), 1);
    let added =
        AuditFilter { action: Some(AuditAction::Added), from: Some(middle), ..AuditFilter::default() };
    assert_eq!(log(&world, added).await.len(), 1);
    let early = AuditFilter { to: Some(middle), ..AuditFilter::default() };
    assert_eq!(log(&world, early).await.len(), 5);
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let page = desk.audit(&AuditFilter::default(), &PageRequest::new(2, cursor)).await.unwrap();
        seen.extend(page.data.into_iter().map(|line| line.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let whole: Vec<_> = log(&world, AuditFilter::default()).await.into_iter().map(|line| line.id).collect();
    assert_eq!((seen.len(), seen), (7, whole));
    desk.forget_expired().await.unwrap();
    assert_eq!(log(&world, tags).await, []);
    assert_eq!(log(&world, AuditFilter::default()).await.len(), 2);
}
