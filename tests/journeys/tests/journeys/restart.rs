//! Stopped with SIGTERM and started again, everything is still there, and goes on.

use std::time::Duration;

use harness::{frontdesk::Shape, visitor::Visitor};

use crate::{in_both_shapes, world::World};

async fn everything_is_still_there_after_a_stop(shape: Shape) {
    let mut world = World::start(shape).await;
    world.text("+15557770002", "JOIN", "SM1").await;
    world.text("+15557770002", "a text", "SM2").await;
    world.mail("ben@customer.example", "A mail", "a mail", &[]).await;
    let mut visitor = Visitor::arrive(&world.page()).await.expect("a socket");
    visitor.say("a chat").await.expect("an ack");
    for (query, text) in [("channel=sms", "a text"), ("channel=email", "a mail"), ("channel=chat", "a chat")]
    {
        world.ticket_with(query, text).await;
    }
    let mut kept = visitor.cut();

    world.product.stop_and_start().await;

    kept.page = world.page();
    let text = world.ticket_with("channel=sms", "a text").await;
    let mail = world.ticket_with("channel=email", "a mail").await;
    let chat = world.ticket_with("channel=chat", "a chat").await;
    world.reply(&text, "to the phone").await;
    world.reply(&mail, "to the mailbox").await;
    world.reply(&chat, "to the widget").await;
    world.twilio.message_with("to the phone", Duration::from_secs(10)).await.expect("a text leaves");
    world.relay.mail_with("to the mailbox", Duration::from_secs(10)).await.expect("a mail leaves");
    let (mut visitor, missed) = Visitor::resume(&kept).await.expect("back");
    let got = missed.iter().any(|m| m["text"] == "to the widget")
        || visitor.wait_for("message").await.expect("the answer")["text"] == "to the widget";
    assert!(got, "the answer comes back to the widget");
    world.product.stop().await;
}

in_both_shapes!(everything_is_still_there_after_a_stop);
