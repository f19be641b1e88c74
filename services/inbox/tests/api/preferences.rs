//! How somebody wants their console: theirs alone, on every device.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn preferences_are_kept_for_whoever_set_them() {
    let world = World::new().await;
    let mine = world.owner.get("/preferences").await.expect(200);
    assert_eq!(
        mine,
        json!({
            "keys": {}, "single_keys": true, "density": "comfortable", "notify": false, "sound": false,
            "language": "browser", "signature": null
        })
    );
    world.owner.patch("/preferences", json!({"density": "dense", "keys": {"close": "c"}})).await.expect(200);
    world.owner.patch("/preferences", json!({"notify": true})).await.expect(200);
    world.owner.patch("/preferences", json!({"language": "de"})).await.expect(200);
    let unknown = world.owner.patch("/preferences", json!({"language": "tlh"})).await;
    assert!(unknown.status == 400 || unknown.status == 422, "{}", unknown.status);
    let mine = world.owner.patch("/preferences", json!({"signature": "Kim"})).await.expect(200);
    assert_eq!(mine["signature"], "Kim");
    let odd = world.owner.patch("/preferences", json!({"signature": "{{colour}}"})).await.expect(422);
    assert!(odd["detail"].as_str().unwrap().contains("there is no {{colour}}"), "{odd}");
    let mine = world.owner.patch("/preferences", json!({"notify": true})).await.expect(200);
    assert_eq!(mine["signature"], "Kim", "what is not named stays");
    let mine = world.owner.patch("/preferences", json!({"signature": null})).await.expect(200);
    assert_eq!(mine["signature"], json!(null));
    let mine = world.owner.get("/preferences").await.expect(200);
    assert_eq!(
        (&mine["density"], &mine["keys"], &mine["notify"], &mine["language"]),
        (&json!("dense"), &json!({"close": "c"}), &json!(true), &json!("de"))
    );
    let twice = world.owner.patch("/preferences", json!({"keys": {"close": "c", "reply": "c"}})).await;
    assert_eq!((twice.status, twice.code()), (422, "invalid"));
    assert_eq!(world.owner.get("/preferences").await.expect(200), mine, "a refusal changes nothing");
}
