mod support;
use support::*;
#[tokio::test(flavor = "multi_thread")]
async fn serve() {
    let bus = bus().await;
    let site = host::config::Site { id: "main".into(), allowed_origins: vec![std::env::var("SHOP").unwrap()], identity_secret: None };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let own = base.parse().unwrap();
    let sites = web_chat::site::Sites::read(&[site], &[&own]).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let node = std::sync::Arc::new(web_chat::Node::new(bus.clone(), clock(), sites, [7; 32], stop.clone()));
    tokio::spawn(node.clone().follow());
    tokio::spawn(node.clone().hear_typing());
    tokio::spawn(node.clone().learn_settings());
    let service = web_chat::door::router(node.clone()).into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let desk = Desk::open(&bus, &stop).await;
    std::fs::write("/tmp/wc/base", &base).unwrap();
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        for session in desk.sessions() {
            let texts = desk.texts(&session);
            if texts.last().is_some_and(|t| t.starts_with("ask")) { desk.reply(&session, "answer").await; }
            if texts.last().is_some_and(|t| t.starts_with("close")) { desk.close(&session).await; }
        }
        if std::path::Path::new("/tmp/wc/stop").exists() { stop.cancel(); }
    }
}
