//! The private PostgreSQL can be killed and comes back with its databases.

use harness::postgres::Postgres;

#[tokio::test]
async fn a_killed_server_comes_back() {
    let mut server = Postgres::start().await;
    let first = server.create_database().await;
    server.kill().await;
    server.restart().await;
    assert_ne!(server.create_database().await, first);
}
