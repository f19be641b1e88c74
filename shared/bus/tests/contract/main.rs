//! What the bus promises, checked on both transports by the same cases, and what only one of them can be put through.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod cases;
mod connecting;
mod exchange;
mod failing;
mod killed;
mod log;
mod outage;
mod rig;

/// Runs every case on both transports.
macro_rules! on_both {
    ($($module:ident: $($case:ident),+ $(,)?;)+) => {
        mod embedded {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$module::$case(crate::rig::Embedded::new()).await;
                }
            )+)+
        }
        mod jetstream {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$module::$case(crate::rig::JetStream::new()).await;
                }
            )+)+
        }
    };
}

on_both! {
    cases:
        an_event_arrives_as_it_was_published,
        the_same_id_is_kept_once,
        what_has_no_place_on_the_bus_is_refused,
        a_consumer_gets_what_was_published_before_it_existed,
        two_consumers_of_a_stream_each_get_their_subjects,
        two_consumers_of_a_work_queue_cannot_want_the_same_events,
        replicas_share_the_work,
        handlers_run_side_by_side_in_batches_within_their_limits,
        the_order_of_one_publisher_is_kept,
        a_work_queue_forgets_what_was_handled,
        stopping_waits_for_the_handlers_in_flight,
        what_was_not_answered_comes_again_after_a_crash,
        a_follower_sees_what_was_and_then_what_comes,
        a_stream_of_events_can_be_consumed_and_followed;
    failing:
        a_retried_event_comes_again_and_each_time_later,
        a_handlers_own_wait_is_kept,
        a_rejected_event_is_a_dead_letter_at_once,
        an_event_that_never_works_is_a_dead_letter_after_six_deliveries,
        a_crash_loop_ends_in_a_dead_letter,
        an_event_whose_handler_panics_takes_no_others_along,
        results_that_are_missing_are_retried,
        a_handler_that_takes_long_is_not_disturbed,
        a_dead_letter_that_cannot_be_handled_is_kept;
    exchange:
        a_question_gets_its_answer,
        a_question_that_fails_says_why,
        a_question_nobody_answers_ends_soon,
        answering_replicas_share_the_questions,
        answering_stops_after_the_answers_in_flight,
        everybody_who_listens_hears_a_signal,
        only_who_listens_for_its_key_hears_a_direct_signal,
        a_lease_is_one_holders_until_it_is_given_back;
}
