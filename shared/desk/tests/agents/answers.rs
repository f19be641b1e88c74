//! Answers kept for an `Idempotency-Key`.

use desk::idempotency::{Begun, KeptAnswer};
use uuid::Uuid;

use crate::world::{World, code};

on_both!(
    of_many_at_once_one_works_and_the_others_wait,
    a_key_given_back_or_held_too_long_is_free_again,
    a_key_of_another_request_is_refused,
);

const ME: Uuid = Uuid::from_u128(1);

async fn of_many_at_once_one_works_and_the_others_wait(world: World) {
    let begin = || world.desk.begin_answer(ME, "k", "hash");
    let begun = futures::future::join_all((0..10).map(|_| begin())).await;
    let fresh = begun.iter().filter(|begun| *begun.as_ref().unwrap() == Begun::Fresh).count();
    let waiting = begun.iter().filter(|begun| *begun.as_ref().unwrap() == Begun::InProgress).count();
    assert_eq!((fresh, waiting), (1, 9));
    world.desk.keep_answer(ME, "k", 201, "{\"a\":1}").await.unwrap();
    let kept = KeptAnswer { status: 201, body: "{\"a\":1}".into() };
    assert_eq!(begin().await.unwrap(), Begun::Kept(kept));
    let other = world.desk.begin_answer(Uuid::from_u128(2), "k", "hash").await.unwrap();
    assert_eq!(other, Begun::Fresh, "keys belong to who sends them");
}

async fn a_key_given_back_or_held_too_long_is_free_again(world: World) {
    let begin = || world.desk.begin_answer(ME, "k", "hash");
    assert_eq!(begin().await.unwrap(), Begun::Fresh);
    world.desk.drop_answer(ME, "k").await.unwrap();
    assert_eq!(begin().await.unwrap(), Begun::Fresh);
    assert_eq!(begin().await.unwrap(), Begun::InProgress);
    world.turn(61_000);
    assert_eq!(begin().await.unwrap(), Begun::Fresh, "its taker died");
    assert_eq!(begin().await.unwrap(), Begun::InProgress);
    world.desk.keep_answer(ME, "k", 200, "").await.unwrap();
    world.desk.drop_answer(ME, "k").await.unwrap();
    assert!(matches!(begin().await.unwrap(), Begun::Kept(_)), "an answer that was given stays");
}

async fn a_key_of_another_request_is_refused(world: World) {
    world.desk.begin_answer(ME, "k", "hash").await.unwrap();
    assert_eq!(code(world.desk.begin_answer(ME, "k", "other").await), "idempotency_key_reused");
    world.turn(61_000);
    assert_eq!(code(world.desk.begin_answer(ME, "k", "other").await), "idempotency_key_reused");
}
