//! A2 through the door: two profiles turn out to be one person.

use domain::Role;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a2_profiles_are_merged_after_a_look_and_taken_apart_again() {
    let world = World::new().await;
    let anna = world.signed_in("anna@acme.example", Role::Support).await;
    let (one, other) = (world.text("+15550002222", "hi").await, world.text("+15550004444", "hello").await);
    let profile = |ticket: String| {
        let reader = &anna;
        async move {
            let ticket = reader.get(&format!("/tickets/{ticket}")).await.expect(200);
            ticket["profile"]["id"].as_str().unwrap().to_owned()
        }
    };
    let (kept, gone) = (profile(one.to_string()).await, profile(other.to_string()).await);
    let consent =
        json!({"channel": "sms", "kind": "marketing", "state": "subscribed", "source": "api", "text": "y"});
    anna.post(&format!("/profiles/{kept}/consent"), consent).await.expect(201);
    let plan = anna.get(&format!("/profiles/{kept}/merge?with={gone}")).await.expect(200);
    assert_eq!((&plan["profile"]["id"], &plan["other"]["id"]), (&json!(kept), &json!(gone)));
    assert_eq!((&plan["other"]["tickets"], &plan["messages"]), (&json!(1), &json!(1)));
    assert_eq!((&plan["refused"], &plan["sms_kinds"]), (&json!([]), &json!(["marketing"])));
    assert_eq!(
        anna.get(&format!("/profiles/{gone}")).await.expect(200)["id"],
        json!(gone),
        "a look does nothing"
    );

    let merge = anna.post(&format!("/profiles/{kept}/merge"), json!({"profile_id": gone})).await.expect(200);
    assert_eq!((&merge["profile_id"], &merge["other_id"]), (&json!(kept), &json!(gone)));
    assert_eq!(profile(other.to_string()).await, kept);
    let whole = anna.get(&format!("/profiles/{gone}")).await.expect(200);
    assert_eq!((&whole["id"], &whole["tickets"]), (&json!(kept), &json!(2)), "the old id leads there");
    let same = anna.post(&format!("/profiles/{kept}/merge"), json!({"profile_id": gone})).await.expect(409);
    assert_eq!(same["code"], "same_profile");
    anna.get(&format!("/profiles/{kept}/merge")).await.expect(400);

    let merges = anna.get(&format!("/profiles/{kept}/merges")).await.expect(200);
    assert_eq!((&merges["data"][0]["id"], &merges["data"][0]["undone_at"]), (&merge["id"], &json!(null)));
    let back =
        anna.post(&format!("/profiles/{kept}/unmerge"), json!({"merge_id": merge["id"]})).await.expect(200);
    assert_eq!((&back["id"], &back["tickets"]), (&json!(gone), &json!(1)));
    assert_eq!(profile(other.to_string()).await, gone);
    let again =
        anna.post(&format!("/profiles/{kept}/unmerge"), json!({"merge_id": merge["id"]})).await.expect(409);
    assert_eq!(again["code"], "merge_undone");
}
