//! Which node hears of what, and what becomes of a push that got lost.

use std::time::Duration;

use bus::{Bus, jetstream, topic::CHAT_PUSH};
use domain::event::ChatPush;
use harness::{nats, visitor::Visitor};
use tokio_util::sync::CancellationToken;

use crate::{
    support::{Desk, WebChat, bus, clock, node},
    texts,
};

async fn nats_bus(server: &nats::Server) -> Bus {
    jetstream::connect(&server.url(), clock()).await.unwrap()
}

async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

fn heard(chat: &WebChat) -> (i64, u64) {
    (chat.node.numbers.sessions.get(), chat.node.numbers.pushes.get())
}

/// `[held, other]` are nodes on connections of their own, where the transport has such.
async fn only_the_node_that_holds_a_session_hears_of_it(desk_bus: Bus, buses: [Bus; 2]) {
    let stop = CancellationToken::new();
    let desk = Desk::open(&desk_bus, &stop).await;
    let [held, other] = [node(&buses[0]).await, node(&buses[1]).await];
    let mut anna = Visitor::arrive(&held.page).await.unwrap();
    let ben = Visitor::arrive(&other.page).await.unwrap();
    anna.say("hello").await.unwrap();
    for n in 0..20 {
        desk.reply(&anna.session, &n.to_string()).await;
    }
    anna.wait_until(|frame| frame["text"] == "19").await.unwrap();
    assert_eq!(heard(&held), (1, 21));
    assert_eq!(heard(&other), (0, 0), "it holds another session, which has nothing to hear yet");

    // the same session in a tab that is on the other node
    let kept = harness::visitor::Kept { page: other.page.clone(), token: anna.token.clone(), last_seq: 21 };
    let (tab, missed) = Visitor::resume(&kept).await.unwrap();
    assert!(missed.is_empty(), "{missed:?}");
    desk.reply(&anna.session, "to both").await;
    anna.wait_until(|frame| frame["text"] == "to both").await.unwrap();
    eventually("the other node hears it as well", || heard(&other) == (1, 1)).await;

    // and nothing more once its last socket is gone
    for visitor in [tab, ben] {
        visitor.cut();
    }
    eventually("the other node holds nothing", || heard(&other).0 == 0).await;
    desk.reply(&anna.session, "to one").await;
    anna.wait_until(|frame| frame["text"] == "to one").await.unwrap();
    assert_eq!((heard(&held), heard(&other)), ((1, 23), (0, 1)));
}

/// Nobody listens for sessions without messages, and the first one may come from a tab that another node holds.
async fn the_first_message_of_one_tab_is_shown_in_the_other(desk_bus: Bus, buses: [Bus; 2]) {
    let stop = CancellationToken::new();
    let desk = Desk::open(&desk_bus, &stop).await;
    let [one, two] = [node(&buses[0]).await, node(&buses[1]).await];
    for n in 0..10 {
        let mut anna = Visitor::arrive(&one.page).await.unwrap();
        let kept = harness::visitor::Kept { page: two.page.clone(), token: anna.token.clone(), last_seq: 0 };
        let (mut tab, _) = Visitor::resume(&kept).await.unwrap();
        eventually("nobody listens", || heard(&one).0 + heard(&two).0 == 0).await;
        let (writes, reads) = if n % 2 == 0 { (&mut anna, &mut tab) } else { (&mut tab, &mut anna) };
        writes.say("hello").await.unwrap();
        assert_eq!(reads.wait_for("message").await.unwrap()["text"], "hello");
        desk.reply(&writes.session, "hi").await;
        for tab in [writes, reads] {
            assert_eq!(tab.wait_for("message").await.unwrap()["text"], "hi");
        }
        anna.cut();
        tab.cut();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_the_first_message_of_one_tab_is_shown_in_the_other() {
    let bus = bus().await;
    the_first_message_of_one_tab_is_shown_in_the_other(bus.clone(), [bus.clone(), bus]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jetstream_the_first_message_of_one_tab_is_shown_in_the_other() {
    let server = nats::Server::start();
    let buses = [nats_bus(&server).await, nats_bus(&server).await];
    the_first_message_of_one_tab_is_shown_in_the_other(nats_bus(&server).await, buses).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_only_the_node_that_holds_a_session_hears_of_it() {
    let bus = bus().await;
    only_the_node_that_holds_a_session_hears_of_it(bus.clone(), [bus.clone(), bus]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jetstream_only_the_node_that_holds_a_session_hears_of_it() {
    let server = nats::Server::start();
    let buses = [nats_bus(&server).await, nats_bus(&server).await];
    only_the_node_that_holds_a_session_hears_of_it(nats_bus(&server).await, buses).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_push_is_noticed_by_the_next_one() {
    let bus = bus().await;
    let chat = node(&bus).await;
    let desk = Desk::open(&bus, &chat.stop).await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    for text in ["one", "two"] {
        desk.reply_unheard(&anna.session, text);
    }
    desk.reply(&anna.session, "three").await;
    let frames = anna.listen_for(Duration::from_millis(400)).await;
    assert_eq!(texts(&frames), ["one", "two", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_that_overtake_each_other_or_come_twice_are_shown_once_in_order() {
    let bus = bus().await;
    let chat = node(&bus).await;
    let desk = Desk::open(&bus, &chat.stop).await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    let pushes: Vec<ChatPush> =
        ["one", "two", "three"].map(|text| desk.reply_unheard(&anna.session, text)).into();
    for push in [&pushes[1], &pushes[2], &pushes[0], &pushes[2]] {
        bus.signal_to(CHAT_PUSH, anna.session.parse().unwrap(), push).await;
    }
    let frames = anna.listen_for(Duration::from_millis(400)).await;
    assert_eq!(texts(&frames), ["one", "two", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_push_told_is_found_by_asking_how_far_the_chat_is() {
    let bus = bus().await;
    let chat = node(&bus).await;
    let desk = Desk::open(&bus, &chat.stop).await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    let mut idle = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    anna.wait_for("status").await.unwrap();
    desk.reply_unheard(&anna.session, "are you there?");
    web_chat::upkeep::compare_all(&chat.node).await.unwrap();
    assert_eq!(anna.wait_for("message").await.unwrap()["text"], "are you there?");
    desk.close_unheard(&anna.session);
    web_chat::upkeep::compare_all(&chat.node).await.unwrap();
    assert_eq!(anna.wait_for("status").await.unwrap()["ticket"], "closed");
    assert_eq!(chat.node.numbers.repairs.get(), 1, "a closed ticket needs no history");
    assert!(idle.listen_for(Duration::from_millis(50)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pushed_while_the_broker_was_away_comes_with_the_connection() {
    let mut server = nats::Server::start();
    let bus = nats_bus(&server).await;
    let chat = node(&bus).await;
    tokio::spawn(web_chat::upkeep::run(chat.node.clone()));
    let desk = Desk::open(&bus, &chat.stop).await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    server.kill();
    desk.reply_unheard(&anna.session, "are you there?");
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.restart();
    assert_eq!(anna.wait_for("message").await.unwrap()["text"], "are you there?");
    desk.reply(&anna.session, "and live again").await;
    assert_eq!(anna.wait_for("message").await.unwrap()["text"], "and live again");
}
