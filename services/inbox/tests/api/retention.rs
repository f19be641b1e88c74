//! What keeping conversations for so long would take, asked by admins before they decide it.

use domain::Role;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn an_admin_sees_what_would_go_and_odd_days_are_refused_by_name() {
    let world = World::new().await;
    let none = json!({"sms": 0, "email": 0, "chat": 0});
    assert_eq!(world.owner.get("/retention").await.expect(200), none);
    assert_eq!(world.owner.get("/retention?sms_days=30&chat_days=1").await.expect(200), none);
    let odd = world.owner.get("/retention?email_days=4000").await.expect(422);
    assert!(odd["detail"].as_str().unwrap().starts_with("privacy.email_days: "), "{odd}");
    let demand = json!({"privacy": {"email_days": 30}});
    world.with_role(Role::Manager).await.patch("/settings", demand.clone()).await.expect(403);
    let kept = world.owner.patch("/settings", demand).await.expect(200);
    assert_eq!(kept["privacy"], json!({"audit_days": 730, "sms_days": 0, "email_days": 30, "chat_days": 0}));
}
