//! Short links in texts, and who followed them (H3).

use bus::topic::{LINK_CLICKED, OUTBOUND_SMS};
use desk::reply::NewReply;
use domain::{SessionId, links};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    h3_links_of_a_text_are_shortened_before_it_is_counted_and_lead_where_they_did,
    h3_a_visit_is_counted_once_however_often_it_is_told,
    h3_the_setting_turns_it_off_and_chats_keep_their_links,
);

const SHOES: &str =
    "https://shop.example/products/blue-shoes?utm_source=support&utm_medium=text&utm_campaign=none";

fn reply(text: &str) -> NewReply {
    NewReply { text: text.into(), ..NewReply::default() }
}

async fn h3_links_of_a_text_are_shortened_before_it_is_counted_and_lead_where_they_did(world: World) {
    let id = world.text(ANNA, "where?").await;
    world.agrees(id).await;
    let text = format!("Here: {SHOES}. {}", "a".repeat(100));
    let keyed = NewReply { key: Some("k".into()), ..reply(&text) };
    let sent = world.desk.reply(id, keyed.clone(), &world.owner()).await.unwrap();
    let link = &sent.carried.links[0];
    assert!(links::is_code(&link.code) && link.url == SHOES);
    assert_eq!(sent.text, format!("Here: https://d.example/l/{}. {}", link.code, "a".repeat(100)));
    assert_eq!(sent.segments, Some(1), "written out it would be two");
    assert_eq!(world.told(OUTBOUND_SMS).await[0].text, sent.text, "what the carrier gets");
    let shown = world.desk.messages(id, 50, None).await.unwrap().data.pop().unwrap();
    assert_eq!((&shown.carried, &shown.text), (&sent.carried, &sent.text));
    assert_eq!(world.desk.short_link(&link.code).await.unwrap().as_deref(), Some(SHOES));
    assert_eq!(world.desk.short_link("0123456789A").await.unwrap(), None);
    assert_eq!(world.desk.short_link("'; DROP TABLE links").await.unwrap(), None);
    let again = world.desk.reply(id, keyed, &world.owner()).await.unwrap();
    assert_eq!(again.id, sent.id, "the same answer again is the same message, whatever its links are now");
    let other = NewReply { key: Some("k".into()), ..reply("else") };
    assert_eq!(code(world.desk.reply(id, other, &world.owner()).await), "idempotency_key_reused");
    let quoted = world.desk.reply(id, reply(&sent.text), &world.owner()).await.unwrap();
    assert_eq!((quoted.text, quoted.carried.links), (sent.text, vec![]), "a short link stays the same");
}

async fn h3_a_visit_is_counted_once_however_often_it_is_told(world: World) {
    let id = world.text(ANNA, "where?").await;
    world.agrees(id).await;
    let sent =
        world.desk.reply(id, reply(&format!("{SHOES} or {SHOES}&size=42")), &world.owner()).await.unwrap();
    let [one, two] = [&sent.carried.links[0].code, &sent.carried.links[1].code];
    let visit = |code: &str, who: &str| world.desk.visit(code, who.into());
    let first = visit(one, "anna");
    world.turn(60_000);
    let all = [
        first.clone(),
        visit(one, "anna"),
        visit(two, "anna"),
        visit(one, "bert"),
        visit("0123456789A", "anna"),
    ];
    assert_eq!(world.desk.count_visits(&all).await.unwrap(), 3);
    assert_eq!(world.desk.count_visits(&all).await.unwrap(), 0, "told again after a lost answer");
    let side_by_side = (0..8).map(|_| {
        let (desk, visits) = (world.desk.clone(), [visit(two, "carl"), visit(one, "carl")]);
        tokio::spawn(async move { desk.count_visits(&visits).await.unwrap() })
    });
    let counted: usize = futures::future::join_all(side_by_side).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(counted, 2);
    world.turn(30 * 60_000);
    assert_eq!(world.desk.count_visits(&[visit(one, "anna")]).await.unwrap(), 1, "half an hour later");
    let shown = world.desk.messages(id, 50, None).await.unwrap().data.pop().unwrap();
    let clicks: Vec<_> = shown.carried.links.iter().map(|link| link.clicks).collect();
    assert_eq!((clicks, shown.carried.clicks()), (vec![4, 2], 6));
    let told = world.told(LINK_CLICKED).await;
    assert_eq!((told.len(), told[5].clicks, told[5].message_clicks), (6, 4, 6));
    let (last, profile) = (&told[5], world.profile_of(id).await);
    assert_eq!((last.ticket_id, last.message_id, last.profile_id), (Some(id), sent.id, profile));
}

async fn h3_the_setting_turns_it_off_and_chats_keep_their_links(world: World) {
    let chat = world.chat(SessionId(Uuid::new_v4()), "where?").await;
    let sent = world.desk.reply(chat, reply(SHOES), &world.owner()).await.unwrap();
    assert_eq!((sent.text.as_str(), sent.carried.links.len()), (SHOES, 0));
    let off = serde_json::json!({"sms": {"shorten_links": false}});
    world.desk.patch_settings(&off, &world.owner()).await.unwrap();
    let id = world.text(ANNA, "where?").await;
    world.agrees(id).await;
    let sent = world.desk.reply(id, reply(SHOES), &world.owner()).await.unwrap();
    assert_eq!((sent.text.as_str(), sent.carried.links.len()), (SHOES, 0));
}
