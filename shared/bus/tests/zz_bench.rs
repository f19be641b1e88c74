#![allow(clippy::all, clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]
use std::{sync::Arc, time::{Duration, Instant}};
use bus::*; use futures::future::join_all;
struct C; impl domain::Clock for C { fn now(&self)->domain::Timestamp { domain::Timestamp::from_millis(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64)} }
const T: Topic<String> = Topic::new("inbound.x");
struct H(tokio::sync::mpsc::UnboundedSender<(usize,u32)>);
impl Handler for H { fn handle<'a>(&'a self, b:&'a [Delivery])->BoxFuture<'a, Vec<Result<(),Failure>>> { let _=self.0.send((b.len(), b[0].attempt)); Box::pin(async move { b.iter().map(|_|Ok(())).collect() }) } }
async fn run(name:&str, bus: Bus) {
  let body="x".repeat(400);
  let t=Instant::now(); for i in 0..300 { bus.publish(T,&format!("a{i}"),&body).await.unwrap(); } println!("{name} seq 300: {:?} per", t.elapsed()/300);
  for conc in [8usize,64,256] {
  let t=Instant::now(); let n=4000/conc;
  join_all((0..conc).map(|c|{ let (bus,body)=(bus.clone(),body.clone()); tokio::spawn(async move { for i in 0..n { bus.publish(T,&format!("b{conc}-{c}-{i}"),&body).await.unwrap(); } }) })).await;
  println!("{name} conc {conc}: {:.0}/s", (n*conc) as f64/t.elapsed().as_secs_f64()); }
  let total=bus.backlog(Stream::Inbound).await.unwrap();
  let (tx,mut rx)=tokio::sync::mpsc::unbounded_channel();
  let stop=tokio_util::sync::CancellationToken::new();
  let t=Instant::now();
  let task=tokio::spawn({let (bus,stop)=(bus.clone(),stop.clone()); async move { bus.consume(Subscription{name:"c",stream:Stream::Inbound,subjects:&["inbound.>"],batch:200,concurrency:4}, Arc::new(H(tx)), stop).await}});
  let mut got=0; let mut calls=0; while got<total { let (k,_)=rx.recv().await.unwrap(); got+=k as u64; calls+=1; }
  println!("{name} consumed {got} in {calls} calls: {:.0}/s", got as f64/t.elapsed().as_secs_f64());
  tokio::time::sleep(Duration::from_millis(300)).await;
  let mut lat=vec![]; for i in 0..200 { let t=Instant::now(); bus.publish(T,&format!("l{i}"),&body).await.unwrap(); rx.recv().await.unwrap(); lat.push(t.elapsed()); tokio::time::sleep(Duration::from_millis(2)).await; }
  lat.sort(); println!("{name} latency publish+handle p50 {:?} p99 {:?}", lat[100], lat[197]);
  // trickle at 1000/s for 2s
  let t=Instant::now(); let mut n=0; let mut h=vec![]; while t.elapsed()<Duration::from_secs(2){ let (bus,body)=(bus.clone(),body.clone()); let id=format!("m{n}"); h.push(tokio::spawn(async move{bus.publish(T,&id,&body).await.unwrap();})); n+=1; tokio::time::sleep(Duration::from_millis(1)).await; }
  for x in h {x.await.unwrap();} let mut g=0; let mut calls=0; while g<n { let (k,a)=rx.recv().await.unwrap(); g+=k; calls+=1; if a>1 {println!("redelivery!")} } println!("{name} trickle {n} in {calls} calls, {:?}", t.elapsed());
  stop.cancel(); let t=Instant::now(); task.await.unwrap().unwrap(); println!("{name} stop {:?}", t.elapsed());
  bus.close().await;
}
#[tokio::test(flavor="multi_thread")] async fn bench() {
  let d=tempfile::TempDir::new().unwrap();
  run("embedded", embedded::open(Some(&d.path().join("b.db")), Arc::new(C)).await.unwrap()).await;
  for sync in [false,true] { let s=harness::nats::Server::start_with(harness::nats::Options{sync_always:sync,..Default::default()});
  run(&format!("nats sync={sync}"), jetstream::connect(&s.url(), Arc::new(C)).await.unwrap()).await; }
}
