//! Both sides of a chat read it in one order.

use domain::event::ChatHistoryQuery;

use crate::world::{World, session};

on_both!(a_text_that_was_long_on_its_way_stands_after_what_was_said_before_it_arrived);

async fn a_text_that_was_long_on_its_way_stands_after_what_was_said_before_it_arrived(world: World) {
    let first = world.chat(session(1), "browser", "hi");
    let late = world.chat(session(1), "browser", "are you there?");
    let id = world.take(world.chatted(&first)).await.ticket_id.unwrap();
    world.turn(1_000);
    world.reply(id, "hello").await;
    world.take(world.chatted(&late)).await;
    let agents: Vec<_> = world.messages(id).await.into_iter().map(|message| message.text).collect();
    let all = ChatHistoryQuery { session: session(1), after_seq: 0, limit: 200 };
    let visitors = world.desk.chat_history(&all).await.unwrap();
    let visitors: Vec<_> = visitors.messages.into_iter().map(|message| message.text).collect();
    assert_eq!(agents, ["hi", "hello", "are you there?"]);
    assert_eq!(visitors, agents);
}
