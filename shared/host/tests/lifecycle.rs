//! A process from its start to its exit code. The stop is caused by a task that fails: signals would reach every test
//! of this program (the executable's own tests send them).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use host::{Configuration, Host, Launch, LogFormat};
use serde_json::Value;

fn launch(folder: &Path) -> Launch {
    let text = format!(
        "data_dir = {:?}\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\nsmtp.listen = \"127.0.0.1:0\"",
        folder.display().to_string()
    );
    let config = Configuration::parse(&text).unwrap();
    let log_format = LogFormat::Text;
    Launch { role: "test", config, log_format, is_public: true, is_whole: true, needs_bus: true }
}

/// Status and body of a GET; plain sockets, as a stranger would.
fn fetch(address: &str, path: &str) -> (u16, String) {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn listening(folder: &Path, name: &str) -> String {
    let text = std::fs::read(folder.join("listening.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()[name].as_str().unwrap().to_owned()
}

/// A task that fails when it is told to.
fn fail_when_told(host: &mut Host) -> tokio::sync::oneshot::Sender<()> {
    let (tell, told) = tokio::sync::oneshot::channel();
    host.spawn("told to fail", async {
        let _ = told.await;
        anyhow::bail!("as told")
    });
    tell
}

#[test]
fn a_task_that_fails_or_panics_and_a_service_that_cannot_start_end_the_process_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let failing = launch(folder.path()).run(async |host| {
        host.spawn("failing", async { anyhow::bail!("no luck") });
        Ok(())
    });
    assert_eq!(failing, ExitCode::FAILURE);
    let panicking = launch(folder.path()).run(async |host| {
        host.spawn("panicking", async { panic!("of it") });
        Ok(())
    });
    assert_eq!(panicking, ExitCode::FAILURE);
    let starting = launch(folder.path())
        .run(async |host| host.start("x", async |_: &mut Host| anyhow::bail!("no")).await);
    assert_eq!(starting, ExitCode::FAILURE);
    let twice = launch(folder.path()).run(async |host| {
        host.mount(Router::new().route("/twice", get(async || "")));
        host.mount(Router::new().route("/twice", get(async || "")));
        Ok(())
    });
    assert_eq!(twice, ExitCode::FAILURE, "a start that panics");
}

#[test]
fn a_service_alone_without_a_broker_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let alone = Launch { is_whole: false, ..launch(folder.path()) };
    assert_eq!(alone.run(async |_| Ok(())), ExitCode::from(host::WRONG_USAGE));
}

#[test]
fn ready_follows_the_checks_and_numbers_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (path, well) = (folder.path().to_owned(), Arc::new(Mutex::new(Ok(()))));
    let (tell_ready, ready) = mpsc::channel();
    let checked = well.clone();
    let process = std::thread::spawn(move || {
        launch(&path).run(async |host| {
            let (checked, tell_ready) = (checked.clone(), tell_ready.clone());
            host.ready_check(
                "database",
                Box::new(move || {
                    let state = checked.lock().unwrap().clone();
                    Box::pin(async move { state })
                }),
            );
            host.mount(Router::new().route("/hello/{name}", get(async || "hello")));
            host.metrics().counter("frontdesk_tests_total", &[("kind", "unit")]).increment();
            host.announce("smtp", "127.0.0.1:2525".parse()?);
            let tell = fail_when_told(host);
            host.on_ready(move || tell_ready.send(tell).unwrap());
            Ok(())
        })
    });
    let tell = ready.recv_timeout(Duration::from_secs(20)).unwrap();
    let (public, admin) = (listening(folder.path(), "listen"), listening(folder.path(), "admin_listen"));
    assert_eq!(listening(folder.path(), "smtp"), "127.0.0.1:2525");
    assert_eq!(fetch(&public, "/hello/anna"), (200, "hello".to_owned()));
    assert_eq!(fetch(&public, "/healthz").0, 404, "health is for the admin listener");
    assert_eq!(fetch(&admin, "/healthz").0, 200);
    assert_eq!(fetch(&admin, "/readyz").0, 200);
    *well.lock().unwrap() = Err("the database is away".to_owned());
    let (status, body) = fetch(&admin, "/readyz");
    assert_eq!(status, 503);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["failing"]["database"], "the database is away");
    let (_, numbers) = fetch(&admin, "/metrics");
    for line in [
        "frontdesk_tests_total{kind=\"unit\"} 1",
        "frontdesk_http_requests_total{route=\"/hello/{name}\",method=\"GET\",status=\"200\"} 1",
        "frontdesk_http_requests_total{route=\"other\",method=\"GET\",status=\"404\"} 1",
        "frontdesk_bus_backlog{stream=\"INBOUND\"} 0",
        "frontdesk_build_info{version=\"0.1.0\",role=\"test\"} 1",
    ] {
        assert!(numbers.lines().any(|written| written == line), "{line}\n{numbers}");
    }
    assert!(numbers.contains("process_resident_memory_bytes "), "{numbers}");
    tell.send(()).unwrap();
    assert_eq!(process.join().unwrap(), ExitCode::FAILURE);
}

#[test]
fn services_start_anew_with_the_channels_of_the_console_and_the_listeners_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (path, runs) = (folder.path().to_owned(), Arc::new(Mutex::new(Vec::new())));
    let (tell_ready, ready) = mpsc::channel();
    let counted = runs.clone();
    let process = std::thread::spawn(move || {
        launch(&path).run(async |host| {
            let names: Vec<String> =
                host.config().sms.numbers.iter().map(|number| number.number.to_string()).collect();
            assert!(host.parts().given().sms.numbers.is_empty());
            counted.lock().unwrap().push(names);
            host.mount(Router::new().route("/hello", get(async || "hello")));
            let (channels, tell_ready, is_first) =
                (host.channels().clone(), tell_ready.clone(), host.is_first());
            host.spawn("a change", async move {
                if !is_first {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    anyhow::bail!("the end of the test");
                }
                let number = serde_json::json!({"number": "+15550001111", "provider": "sandbox"});
                let kind = host::config::ChannelKind::Number;
                let sealed = channels.seal(kind, "+15550001111", &number)?;
                assert!(!format!("{sealed:?}").contains("sandbox"), "it is sealed");
                let other_key = host::SealedChannel { name: "+15550002222".into(), ..sealed.clone() };
                channels.publish(&[sealed, other_key]).await?;
                Ok(())
            });
            host.on_ready(move || tell_ready.send(()).unwrap());
            Ok(())
        })
    });
    ready.recv_timeout(Duration::from_secs(20)).unwrap();
    let public = listening(folder.path(), "listen");
    while !process.is_finished() {
        if runs.lock().unwrap().len() == 1 {
            assert_eq!(fetch(&public, "/hello"), (200, "hello".to_owned()), "who connects meanwhile waits");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(process.join().unwrap(), ExitCode::FAILURE);
    assert_eq!(*runs.lock().unwrap(), [vec![], vec!["+15550001111".to_owned()]]);
    assert!(ready.try_recv().is_err(), "it was told once that it is ready");
}

#[test]
fn the_stop_answers_what_is_in_flight_then_flushes_in_reverse() {
    let folder = tempfile::tempdir().unwrap();
    let (path, order) = (folder.path().to_owned(), Arc::new(Mutex::new(Vec::new())));
    let (tell_ready, ready) = mpsc::channel();
    let written = order.clone();
    let process = std::thread::spawn(move || {
        launch(&path).run(async |host| {
            for service in ["first", "second"] {
                let (task, flush) = (written.clone(), written.clone());
                host.start(service, async |host: &mut Host| {
                    let stopping = host.stopping();
                    host.spawn(service, async move {
                        stopping.cancelled().await;
                        task.lock().unwrap().push(format!("{service} finished"));
                        Ok(())
                    });
                    host.on_drained(service, async move {
                        flush.lock().unwrap().push(format!("{service} flushed"));
                    });
                    Ok(())
                })
                .await?;
            }
            let (answered, tell_ready) = (written.clone(), tell_ready.clone());
            let slow = async move || {
                tokio::time::sleep(Duration::from_millis(600)).await;
                answered.lock().unwrap().push("answered".to_owned());
                "slow but there"
            };
            host.mount(Router::new().route("/slow", get(slow)));
            let tell = fail_when_told(host);
            host.on_ready(move || tell_ready.send(tell).unwrap());
            Ok(())
        })
    });
    let tell = ready.recv_timeout(Duration::from_secs(20)).unwrap();
    let public = listening(folder.path(), "listen");
    let asking = std::thread::spawn({
        let public = public.clone();
        move || fetch(&public, "/slow")
    });
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    tell.send(()).unwrap();
    assert_eq!(asking.join().unwrap(), (200, "slow but there".to_owned()));
    assert_eq!(process.join().unwrap(), ExitCode::FAILURE);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let order = order.lock().unwrap().clone();
    let expected = ["second finished", "first finished", "answered", "second flushed", "first flushed"];
    assert_eq!(order, expected);
    assert!(TcpStream::connect(&public).is_err(), "the listener is gone");
}
