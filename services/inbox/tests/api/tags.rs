//! F4 through the door: the list of tags.

use domain::Role;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn f4_tags_are_listed_made_renamed_and_deleted_with_undo() {
    let world = World::new().await;
    let anna = world.signed_in("anna@acme.example", Role::Support).await;
    let ticket = format!("/tickets/{}", world.text("+15550002222", "where is my order?").await);
    anna.patch(&ticket, json!({"tags": ["Late"]})).await.expect(200);
    let listed = anna.get("/tags").await.expect(200);
    let late = &listed["data"][0];
    assert_eq!(
        (&late["name"], &late["colour"], &late["tickets"]),
        (&json!("late"), &json!("grey"), &json!(1))
    );
    let made = world.owner.post("/tags", json!({"name": "VIP", "colour": "purple"})).await.expect(201);
    assert_eq!(
        (&made["name"], &made["colour"], &made["tickets"]),
        (&json!("vip"), &json!("purple"), &json!(0))
    );
    let taken = world.owner.post("/tags", json!({"name": "vip"})).await.expect(409);
    assert_eq!(taken["code"], "tag_name_taken");
    world.owner.post("/tags", json!({"name": "x", "colour": "ultraviolet"})).await.expect(422);
    let address = format!("/tags/{}", late["id"].as_str().unwrap());
    anna.patch(&address, json!({"name": "too late"})).await.expect(403);
    let renamed = world.owner.patch(&address, json!({"name": "Too late", "colour": "red"})).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["tickets"]), (&json!("too late"), &json!(1)));
    assert_eq!(anna.get(&ticket).await.expect(200)["tags"], json!(["too late"]));

    let job = world.owner.delete(&address).await.expect(202);
    assert_eq!((&job["action"], &job["total"]), (&json!("untag"), &json!(1)));
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(anna.get(&ticket).await.expect(200)["tags"], json!([]));
    world.owner.delete(&address).await.expect(404);
    let token = job["undo"]["token"].as_str().unwrap_or_else(|| job["id"].as_str().unwrap());
    world.owner.post(&format!("/undo/{token}"), json!({})).await.expect(202);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(anna.get(&ticket).await.expect(200)["tags"], json!(["too late"]));
    let back = anna.get("/tags").await.expect(200);
    assert_eq!((&back["data"][0]["name"], &back["data"][0]["colour"]), (&json!("too late"), &json!("red")));
}
