use domain::Role;
use serde_json::{Value, json};

use crate::world::World;

const ANNA: &str = "+15550002222";

fn spring(profile: &Value, more: &Value) -> Value {
    let mut body = json!({
        "profile": profile, "channel": "sms", "text": "Spring sale: everything must go",
        "source": {"kind": "campaign", "id": "c-17", "name": "Spring sale"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn i_a_recorded_campaign_is_credited_with_the_first_text_after_it() {
    let world = World::new().await;
    let mut live = world.owner.live(None).await;
    let outside = json!({"send": false, "sent_at": world.now().plus(-60_000).to_string()});
    let recorded = world.owner.post("/messages", spring(&json!({"phone": ANNA}), &outside)).await.expect(201);
    assert_eq!((&recorded["ticket_id"], &recorded["status"]), (&Value::Null, &json!("sent")));
    assert_eq!(recorded["author"], json!({"kind": "campaign", "id": null, "name": "Spring sale"}));
    let ticket = world.text(ANNA, "is the blue one left?").await;
    world.text(ANNA, "hello?").await;
    let attribution =
        json!({"kind": "campaign", "id": "c-17", "name": "Spring sale", "message_id": recorded["id"]});
    assert_eq!(world.owner.ticket(&ticket).await["attribution"], attribution);
    let all = world.owner.messages(&ticket).await;
    let told: Vec<_> = all.iter().map(|m| (&m["author"]["kind"], &m["attribution"])).collect();
    let (campaign, customer) = (json!("campaign"), json!("customer"));
    assert_eq!(told, [(&campaign, &Value::Null), (&customer, &attribution), (&customer, &Value::Null)]);
    assert_eq!((&all[0]["clicks"], &all[0]["links"]), (&json!(0), &json!([])));
    assert_eq!(world.owner.tickets("campaign=c-17").await.len(), 1);
    assert_eq!(world.owner.tickets("campaign=c-18").await.len(), 0);
    // a flow message between the two becomes known only now
    let flow = json!({"sent_at": all[1]["sent_at"], "source": {"kind": "flow", "id": "f-1"}});
    let flow = spring(&json!({"id": recorded["profile_id"]}), &flow);
    assert_eq!(world.owner.post("/messages", flow).await.expect(201)["ticket_id"], json!(ticket));
    let changed = live.next_named("message.changed").await;
    assert_eq!(changed.data["message"]["text"], "hello?");
    assert_eq!(changed.data["ticket"]["attribution"]["name"], "f-1", "without a name its id is shown");
}

#[tokio::test]
async fn d2_a_campaign_is_sent_only_to_who_agreed_and_what_makes_no_sense_is_named() {
    let world = World::new().await;
    let ticket = world.text(ANNA, "hi").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].clone();
    let send = || spring(&json!({"id": profile}), &json!({"send": true}));
    let refused = world.owner.post("/messages", send()).await;
    assert_eq!((refused.status, refused.code()), (409, "sms_no_consent"));
    world.owner.consent(profile.as_str().unwrap(), "marketing", "subscribed").await;
    let support = world.with_role(Role::Support).await;
    assert_eq!(support.post("/messages", send()).await.expect(201)["status"], "queued");
    let anna = || json!({"phone": ANNA});
    for (profile, more, status) in [
        (json!({}), json!({}), 422),
        (json!({"id": profile, "phone": ANNA}), json!({}), 422),
        (json!({"phone": "ACME"}), json!({}), 422),
        (json!({"external_id": "nobody"}), json!({}), 404),
        (anna(), json!({"from": "+15559999999"}), 422),
        (anna(), json!({"from": "x"}), 422),
        (anna(), json!({"channel": "email"}), 422),
        (anna(), json!({"sent_at": "2199-01-01T00:00:00Z"}), 422),
        (anna(), json!({"source": {"kind": "agent", "id": "x"}}), 422),
        (anna(), json!({"source": {"kind": "campaign", "id": ""}}), 422),
        (anna(), json!({"text": "x".repeat(1601)}), 422),
    ] {
        let answer = world.owner.post("/messages", spring(&profile, &more)).await;
        assert_eq!(answer.status, status, "{more} {}", answer.body);
    }
}
