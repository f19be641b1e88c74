//! Coupons: handed out with an answer, once per customer, never twice.

use desk::{coupons::CouponPatch, reply::NewReply};
use domain::TicketId;
use uuid::Uuid;

use crate::world::{World, code};

on_both!(
    d5_a_code_goes_with_the_answer_and_a_customer_gets_the_same_again,
    d5_many_answers_at_once_hand_out_each_code_once,
    d5_a_refused_answer_costs_no_code,
    d5_a_repeat_of_the_request_is_one_message_and_one_code,
    a_list_of_codes_is_taken_in_once,
    d5_a_merged_customer_keeps_the_code_they_have,
);

/// A ticket of somebody new.
async fn ticket(world: &World) -> TicketId {
    world.mailed(&format!("{}@customer.example", Uuid::new_v4().simple()), "Late", "hi").await
}

fn says(text: &str) -> NewReply {
    NewReply { text: text.into(), ..NewReply::default() }
}

async fn d5_a_code_goes_with_the_answer_and_a_customer_gets_the_same_again(world: World) {
    let (kim, one, other) = (world.owner(), ticket(&world).await, ticket(&world).await);
    world.desk.add_coupon("All", Some("SAVE10"), None, &kim).await.unwrap();
    assert_eq!(code(world.desk.add_coupon("Past", None, Some(world.now()), &kim).await), "expires_at");
    let own = world.desk.add_coupon("Own", None, None, &kim).await.unwrap();
    world.desk.add_coupon_codes(own.id, "A-1\nA-2", &kim).await.unwrap();
    let text = async |ticket, text: &str| world.desk.reply(ticket, says(text), &kim).await.unwrap().text;
    assert_eq!(text(one, "{{coupon:own}} or {{ coupon:ALL }}").await, "A-1 or SAVE10");
    assert_eq!(text(one, "again: {{coupon:Own}}").await, "again: A-1");
    assert_eq!(text(other, "{{coupon:Own}}").await, "A-2");
    let third = ticket(&world).await;
    assert_eq!(code(world.desk.reply(third, says("{{coupon:Own}}"), &kim).await), "coupon_used_up");
    assert_eq!(code(world.desk.reply(third, says("{{coupon:Gone}}"), &kim).await), "coupon_unknown");
    let given = world.desk.coupon_given(own.id).await.unwrap();
    let who: Vec<_> =
        given.iter().map(|given| (given.code.as_str(), given.ticket, &*given.given_by)).collect();
    assert_eq!(who, [("A-2", other, "Kim"), ("A-1", one, "Kim")]);
    let listed = world.desk.coupons().await.unwrap();
    let counts: Vec<_> = listed.iter().map(|one| (one.name.as_str(), one.remaining, one.given)).collect();
    assert_eq!(counts, [("All", None, 1), ("Own", Some(0), 2)]);
    let ended = CouponPatch { expires_at: Some(Some(world.now())), ..CouponPatch::default() };
    world.desk.change_coupon(own.id, ended, &kim).await.unwrap();
    assert_eq!(code(world.desk.reply(one, says("{{coupon:Own}}"), &kim).await), "coupon_expired");
}

async fn d5_a_merged_customer_keeps_the_code_they_have(world: World) {
    let (kim, one, other) = (world.owner(), ticket(&world).await, ticket(&world).await);
    let own = world.desk.add_coupon("Own", None, None, &kim).await.unwrap();
    world.desk.add_coupon_codes(own.id, "A-1\nA-2", &kim).await.unwrap();
    assert_eq!(world.desk.reply(other, says("{{coupon:Own}}"), &kim).await.unwrap().text, "A-1");
    let (kept, gone) = (world.profile_of(one).await, world.profile_of(other).await);
    world.desk.merge_profiles(kept, gone, &kim).await.unwrap();
    assert_eq!(world.desk.reply(one, says("{{coupon:Own}}"), &kim).await.unwrap().text, "A-1");
}

async fn d5_many_answers_at_once_hand_out_each_code_once(world: World) {
    let kim = world.owner();
    let own = world.desk.add_coupon("Own", None, None, &kim).await.unwrap();
    world
        .desk
        .add_coupon_codes(own.id, &(0..6).map(|n| format!("C-{n}\n")).collect::<String>(), &kim)
        .await
        .unwrap();
    let mut tickets = Vec::new();
    for _ in 0..8 {
        tickets.push(ticket(&world).await);
    }
    let answers = futures::future::join_all(
        tickets.iter().map(|ticket| world.desk.reply(*ticket, says("{{coupon:own}}"), &kim)),
    )
    .await;
    let codes: std::collections::BTreeSet<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().ok())
        .map(|message| message.text.clone())
        .collect();
    assert_eq!(codes.len(), 6, "each code once: {codes:?}");
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 2);
}

async fn d5_a_refused_answer_costs_no_code(world: World) {
    let (kim, ticket) = (world.owner(), ticket(&world).await);
    let own = world.desk.add_coupon("Own", None, None, &kim).await.unwrap();
    world.desk.add_coupon_codes(own.id, "A-1", &kim).await.unwrap();
    let with_file =
        NewReply { attachments: vec![domain::AttachmentId(Uuid::nil())], ..says("{{coupon:Own}}") };
    assert_eq!(code(world.desk.reply(ticket, with_file, &kim).await), "attachments");
    let both = "{{coupon:Own}} and {{coupon:Nothing}}";
    assert_eq!(code(world.desk.reply(ticket, says(both), &kim).await), "coupon_unknown");
    let left = world.desk.coupons().await.unwrap().remove(0);
    assert_eq!((left.remaining, left.given), (Some(1), 0));
}

async fn d5_a_repeat_of_the_request_is_one_message_and_one_code(world: World) {
    let (kim, ticket) = (world.owner(), ticket(&world).await);
    let own = world.desk.add_coupon("Own", None, None, &kim).await.unwrap();
    world.desk.add_coupon_codes(own.id, "A-1\nA-2", &kim).await.unwrap();
    let keyed = || NewReply { key: Some("k".into()), ..says("Yours: {{coupon:Own}}") };
    let first = world.desk.reply(ticket, keyed(), &kim).await.unwrap();
    let again = world.desk.reply(ticket, keyed(), &kim).await.unwrap();
    assert_eq!((again.id, again.text.as_str()), (first.id, "Yours: A-1"));
    assert_eq!(world.desk.coupons().await.unwrap()[0].remaining, Some(1));
}

async fn a_list_of_codes_is_taken_in_once(world: World) {
    let kim = world.owner();
    let own = world.desk.add_coupon("Own", None, None, &kim).await.unwrap();
    let many: String = (0..1_200).map(|n| format!("K-{n},x\n")).collect();
    let added = world.desk.add_coupon_codes(own.id, &many, &kim).await.unwrap();
    assert_eq!((added.added, added.known, added.odd), (1_200, 0, 0));
    let again = world.desk.add_coupon_codes(own.id, "K-0\nK-new\n,\n", &kim).await.unwrap();
    assert_eq!((again.added, again.known, again.odd), (1, 1, 1));
    assert_eq!(code(world.desk.add_coupon("OWN", Some("x"), None, &kim).await), "name_taken");
    assert_eq!(code(world.desk.add_coupon("a b", None, None, &kim).await), "name");
    let shared = world.desk.add_coupon("All", Some("x"), None, &kim).await.unwrap();
    assert_eq!(code(world.desk.add_coupon_codes(shared.id, "y", &kim).await), "codes");
    world.desk.remove_coupon(own.id, &kim).await.unwrap();
    assert_eq!(code(world.desk.remove_coupon(own.id, &kim).await), "coupon");
}
