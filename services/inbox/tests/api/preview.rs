use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn d5_a_draft_says_what_it_costs_and_which_character_makes_it_dear() {
    let world = World::new().await;
    let answer = world.owner.post("/sms/preview", json!({"text": "it’s ready"})).await.expect(200);
    assert_eq!(
        answer,
        json!({
            "encoding": "UCS-2", "units": 10, "segments": 1, "single": 70, "per_segment": 67, "left": 60,
            "odd": [{"character": "’", "substitute": "'", "count": 1}], "plain": "it's ready"
        })
    );
    let answer = world.owner.post("/sms/preview", json!({"text": "a".repeat(161)})).await.expect(200);
    assert_eq!((&answer["encoding"], &answer["segments"]), (&json!("GSM-7"), &json!(2)));
    assert_eq!((&answer["left"], &answer["plain"]), (&json!(145), &json!(null)));
    let long = world.owner.post("/sms/preview", json!({"text": "a".repeat(10_001)})).await;
    assert_eq!((long.status, long.code()), (422, "invalid"));
}
