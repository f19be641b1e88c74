//! A2: two profiles turn out to be one person, and two again.

use bus::topic::{PROFILE_MERGED, TICKET_CHANGED};
use desk::{PageRequest, consent::NewConsent, profiles::ProfilePatch, tickets::TicketFilter};
use domain::{
    Address, Channel, MergeId, ProfileId, SessionId, TicketId,
    consent::{ConsentKind, ConsentState},
};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    a2_a_merge_brings_everything_together_and_its_undo_puts_back_exactly_that,
    a2_what_is_written_after_a_merge_lands_at_the_one_that_stays,
    d2_of_two_words_on_consent_the_stricter_wins_and_undo_gives_each_their_own,
    d2_who_refused_after_a_merge_has_refused_as_both,
    d2_a_stop_that_was_late_counts_for_both_and_a_yes_of_the_other_for_nobody,
    a2_merges_that_make_no_sense_are_refused_and_chains_are_undone_in_order,
    a2_what_was_written_by_whoever_did_not_see_the_merge_follows,
    a2_what_follows_a_merge_goes_on_to_where_that_was_merged,
    g2_a_block_since_a_merge_is_of_both,
    a2_two_at_once_merge_once,
);

const OTHER: &str = "+15550004444";

async fn addresses(world: &World, id: ProfileId) -> Vec<String> {
    let view = world.desk.profile(id).await.unwrap();
    let mut all: Vec<_> = view.addresses.iter().map(|known| known.address.value().to_owned()).collect();
    all.sort();
    all
}

async fn tickets(world: &World, id: ProfileId) -> Vec<TicketId> {
    let filter = TicketFilter { profile: Some(id), ..TicketFilter::default() };
    let page = world.desk.tickets(&filter, &world.owner(), &PageRequest::default()).await.unwrap();
    let mut all: Vec<_> = page.data.iter().map(|ticket| ticket.id).collect();
    all.sort();
    all
}

async fn says(world: &World, id: ProfileId, kind: ConsentKind, state: ConsentState) {
    let new = NewConsent { kind, state, source: "test".into(), text: "word".into(), number: None };
    world.desk.record_consent(id, new, &world.owner()).await.unwrap();
}

async fn words_in(world: &World, ticket: TicketId) -> Vec<String> {
    let page = world.desk.messages(ticket, 50, None).await.unwrap();
    page.data.into_iter().map(|message| message.text).collect()
}

async fn two(world: &World) -> ((TicketId, ProfileId), (TicketId, ProfileId)) {
    let (one, other) = (world.text(ANNA, "hi").await, world.text(OTHER, "hello").await);
    ((one, world.profile_of(one).await), (other, world.profile_of(other).await))
}

async fn a2_a_merge_brings_everything_together_and_its_undo_puts_back_exactly_that(world: World) {
    let owner = world.owner();
    let ((text, anna), (other, ana)) = two(&world).await;
    let mail = world.mailed("anna@kunde.example", "Order", "where is it?").await;
    let by_mail = world.profile_of(mail).await;
    let place = ProfilePatch { location: Some(Some("Bern".into())), ..ProfilePatch::default() };
    world.desk.change_profile(by_mail, place, &owner).await.unwrap();
    world.text(OTHER, "JOIN").await;
    let plan = world.desk.merge_plan(anna, by_mail).await.unwrap();
    assert_eq!((plan.gone.tickets, plan.messages), (1, 1));
    assert_eq!(
        (plan.taken.name.as_deref(), plan.taken.location.as_deref()),
        (Some("Anna Lee"), Some("Bern"))
    );
    let (told, before) = (world.told(TICKET_CHANGED).await.len(), addresses(&world, ana).await);

    let first = world.desk.merge_profiles(anna, by_mail, &owner).await.unwrap();
    world.desk.merge_profiles(anna, ana, &owner).await.unwrap();
    let whole = world.desk.profile(anna).await.unwrap();
    assert_eq!(
        (whole.name.as_deref(), whole.location.as_deref(), whole.tickets),
        (Some("Anna Lee"), Some("Bern"), 3)
    );
    assert_eq!(addresses(&world, anna).await, [ANNA, OTHER, "anna@kunde.example"]);
    let mut all = vec![text, other, mail];
    all.sort();
    assert_eq!(tickets(&world, anna).await, all);
    assert_eq!(world.desk.profile(ana).await.unwrap().id, anna, "the other's id leads here");
    assert_eq!(world.desk.profiles(None, &PageRequest::default()).await.unwrap().data.len(), 1);
    assert_eq!(world.desk.consents(anna).await.unwrap().len(), 2, "JOIN is in the history");
    let news = world.told(TICKET_CHANGED).await;
    let last = news[told..].iter().rev().find(|one| one.ticket.id == other).unwrap();
    assert_eq!(last.ticket.profile.id, anna, "screens learn whose the ticket is");
    assert!(last.ticket.can_reply.allowed);

    let merges = world.desk.merges(anna).await.unwrap();
    assert_eq!(merges.len(), 2);
    let second = merges[0].0.id;
    world.desk.unmerge(anna, second, &owner).await.unwrap();
    assert_eq!(addresses(&world, ana).await, before);
    assert_eq!(tickets(&world, ana).await, [other]);
    assert_eq!(world.desk.consents(ana).await.unwrap().len(), 2);
    assert!(world.desk.consents(anna).await.unwrap().is_empty());
    assert_eq!(words_in(&world, other).await[..2], ["hello", "JOIN"], "texts without a ticket too");
    world.desk.unmerge(anna, first.id, &owner).await.unwrap();
    let alone = world.desk.profile(anna).await.unwrap();
    assert_eq!((alone.name, alone.location, alone.tickets), (None, None, 1));
    let back = world.desk.profile(by_mail).await.unwrap();
    assert_eq!((back.id, back.name.as_deref(), back.tickets), (by_mail, Some("Anna Lee"), 1));
    let undone: Vec<_> =
        world.told(PROFILE_MERGED).await.iter().map(|one| (one.other_id, one.undone)).collect();
    assert_eq!(undone, [(by_mail, false), (ana, false), (ana, true), (by_mail, true)]);
    assert_eq!(code(world.desk.unmerge(anna, first.id, &owner).await), "merge_undone");
}

async fn a2_what_is_written_after_a_merge_lands_at_the_one_that_stays(world: World) {
    let owner = world.owner();
    let ((one, anna), (other, ana)) = two(&world).await;
    let merge = world.desk.merge_profiles(anna, ana, &owner).await.unwrap();
    assert_eq!(world.text(OTHER, "more").await, other, "the thread goes on in its ticket");
    assert_eq!(world.ticket(other).await.profile.id, anna);
    assert_eq!(words_in(&world, one).await, ["hi", "hello", "more"], "one conversation on the channel");
    let named = ProfilePatch { name: Some(Some("Anna".into())), ..ProfilePatch::default() };
    assert_eq!(world.desk.change_profile(ana, named, &owner).await.unwrap().id, anna);
    let mail = world.mailed("anna@kunde.example", "Order", "by mail").await;
    let by_mail = world.profile_of(mail).await;
    world.desk.merge_profiles(anna, by_mail, &owner).await.unwrap();

    world.desk.unmerge(anna, merge.id, &owner).await.unwrap();
    assert_eq!(
        words_in(&world, other).await,
        ["hello", "more"],
        "what was written in its ticket goes with it"
    );
    assert_eq!(words_in(&world, one).await, ["hi"]);
    let stays = world.desk.profile(anna).await.unwrap();
    assert_eq!(stays.name.as_deref(), Some("Anna"), "what came since stays");
    assert_eq!(addresses(&world, anna).await, [ANNA, "anna@kunde.example"]);
    let found: Vec<_> = world.desk.profile(ana).await.unwrap().addresses;
    assert!(matches!(found[0].address, Address::Phone(_)));
}

async fn d2_of_two_words_on_consent_the_stricter_wins_and_undo_gives_each_their_own(world: World) {
    use ConsentKind::{Marketing, Transactional};
    use ConsentState::{Subscribed, Unsubscribed};
    let owner = world.owner();
    let ((one, anna), (_, ana)) = two(&world).await;
    says(&world, ana, Marketing, Unsubscribed).await;
    says(&world, anna, Marketing, Subscribed).await;
    says(&world, ana, Transactional, Subscribed).await;
    let plan = world.desk.merge_plan(anna, ana).await.unwrap();
    assert_eq!((plan.refused, plan.sms_kinds), (vec![Marketing], vec![Transactional]));
    let merge = world.desk.merge_profiles(anna, ana, &owner).await.unwrap();
    assert_eq!(world.desk.profile(anna).await.unwrap().sms_kinds, [Transactional]);
    assert!(world.ticket(one).await.can_reply.allowed);
    world.desk.unmerge(anna, merge.id, &owner).await.unwrap();
    assert_eq!(world.desk.profile(anna).await.unwrap().sms_kinds, [Marketing]);
    assert_eq!(world.desk.profile(ana).await.unwrap().sms_kinds, [Transactional]);
    assert_eq!(world.desk.consents(anna).await.unwrap().len(), 1);
    assert_eq!(world.desk.consents(ana).await.unwrap().len(), 2);
}

async fn d2_who_refused_after_a_merge_has_refused_as_both(world: World) {
    use ConsentState::Subscribed;
    let owner = world.owner();
    let ((one, anna), (other, ana)) = two(&world).await;
    for id in [anna, ana] {
        says(&world, id, ConsentKind::Transactional, Subscribed).await;
    }
    let merge = world.desk.merge_profiles(anna, ana, &owner).await.unwrap();
    world.text_somehow(OTHER, "STOP").await;
    assert!(!world.ticket(one).await.can_reply.allowed);
    world.desk.unmerge(anna, merge.id, &owner).await.unwrap();
    for ticket in [one, other] {
        let can = world.ticket(ticket).await.can_reply;
        assert_eq!((can.allowed, can.code.as_deref()), (false, Some("sms_no_consent")));
    }
}

async fn d2_a_stop_that_was_late_counts_for_both_and_a_yes_of_the_other_for_nobody(world: World) {
    use ConsentKind::{Marketing, Transactional};
    use ConsentState::{Subscribed, Unsubscribed};
    let owner = world.owner();
    let ((_, anna), (_, ana)) = two(&world).await;
    for id in [anna, ana] {
        says(&world, id, Marketing, Subscribed).await;
    }
    says(&world, anna, Transactional, Unsubscribed).await;
    let merge = world.desk.merge_profiles(anna, ana, &owner).await.unwrap();
    says(&world, anna, Transactional, Subscribed).await;
    let late = NewConsent {
        kind: Marketing,
        state: Unsubscribed,
        source: "import".into(),
        text: "STOP".into(),
        number: Some(OTHER.into()),
    };
    world.turn(-5_000);
    world.desk.record_consent(anna, late, &owner).await.unwrap();
    world.turn(6_000);
    world.desk.unmerge(anna, merge.id, &owner).await.unwrap();
    assert!(!world.desk.profile(anna).await.unwrap().sms_kinds.contains(&Transactional), "hers was a no");
    let theirs = world.desk.consents(ana).await.unwrap();
    assert!(theirs.iter().any(|line| line.source == "import" && line.state == Unsubscribed), "{theirs:?}");
}

async fn a2_merges_that_make_no_sense_are_refused_and_chains_are_undone_in_order(world: World) {
    let owner = world.owner();
    let ((_, anna), (_, ana)) = two(&world).await;
    let third = world.profile_of(world.chat(SessionId(Uuid::new_v4()), "hey").await).await;
    assert_eq!(code(world.desk.merge_profiles(anna, anna, &owner).await), "same_profile");
    assert_eq!(code(world.desk.merge_profiles(anna, ProfileId(Uuid::nil()), &owner).await), "profile");
    world.desk.block(ana, &owner).await.unwrap();
    assert_eq!(code(world.desk.merge_profiles(anna, ana, &owner).await), "blocked_differs");
    world.desk.unblock(ana, &owner).await.unwrap();
    let inner = world.desk.merge_profiles(anna, ana, &owner).await.unwrap();
    assert_eq!(code(world.desk.merge_profiles(ana, anna, &owner).await), "same_profile");
    let outer = world.desk.merge_profiles(third, ana, &owner).await.unwrap();
    assert_eq!(outer.gone, anna, "who is part of another goes with it");
    assert_eq!(world.desk.profile(ana).await.unwrap().id, third);
    assert_eq!(code(world.desk.unmerge(anna, inner.id, &owner).await), "merged_since");
    assert_eq!(code(world.desk.unmerge(anna, outer.id, &owner).await), "merge");
    assert_eq!(code(world.desk.unmerge(third, MergeId(Uuid::nil()), &owner).await), "merge");
    world.desk.unmerge(third, outer.id, &owner).await.unwrap();
    assert_eq!(world.desk.profile(ana).await.unwrap().id, anna);
    world.desk.unmerge(anna, inner.id, &owner).await.unwrap();
    for id in [anna, ana, third] {
        assert_eq!(world.desk.profile(id).await.unwrap().tickets, 1);
    }
}

async fn a2_what_was_written_by_whoever_did_not_see_the_merge_follows(world: World) {
    let ((_, anna), (other, ana)) = two(&world).await;
    let merge = world.desk.merge_profiles(anna, ana, &world.owner()).await.unwrap();
    // as a transaction leaves it that had looked up the number before the merge
    world.sql(&format!("UPDATE tickets SET profile_id = '{ana}' WHERE id = '{other}'")).await;
    world.turn(60_000);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.ticket(other).await.profile.id, anna);
    assert_eq!(world.ticket(other).await.channel, Channel::Sms);
    world.desk.unmerge(anna, merge.id, &world.owner()).await.unwrap();
    assert_eq!(world.ticket(other).await.profile.id, ana);
}

async fn a2_what_follows_a_merge_goes_on_to_where_that_was_merged(world: World) {
    let ((_, anna), (other, ana)) = two(&world).await;
    let third = world.text("+15550005555", "hey").await;
    let anne = world.profile_of(third).await;
    let inner = world.desk.merge_profiles(anna, ana, &world.owner()).await.unwrap();
    let outer = world.desk.merge_profiles(anne, anna, &world.owner()).await.unwrap();
    world.sql(&format!("UPDATE tickets SET profile_id = '{ana}' WHERE id = '{other}'")).await;
    world.sql(&format!("UPDATE timers SET due_at = due_at + 90000 WHERE key = 'merge:{}'", outer.id)).await;
    world.turn(60_000);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.ticket(other).await.profile.id, anne);
    assert_eq!(world.desk.profile(ana).await.unwrap().id, anne, "an old address leads to where it all is");
    world.desk.unmerge(anne, outer.id, &world.owner()).await.unwrap();
    assert_eq!(world.ticket(other).await.profile.id, anna);
    world.desk.unmerge(anna, inner.id, &world.owner()).await.unwrap();
    assert_eq!(world.ticket(other).await.profile.id, ana);
}

async fn g2_a_block_since_a_merge_is_of_both(world: World) {
    let ((_, anna), (_, ana)) = two(&world).await;
    let owner = world.owner();
    let merge = world.desk.merge_profiles(anna, ana, &owner).await.unwrap();
    world.desk.block(anna, &owner).await.unwrap();
    world.desk.unmerge(anna, merge.id, &owner).await.unwrap();
    for id in [anna, ana] {
        assert!(world.desk.profile(id).await.unwrap().blocked);
    }
    let merge = world.desk.merge_profiles(anna, ana, &owner).await.unwrap();
    world.desk.unblock(anna, &owner).await.unwrap();
    world.desk.unmerge(anna, merge.id, &owner).await.unwrap();
    assert!(!world.desk.profile(ana).await.unwrap().blocked);
}

async fn a2_two_at_once_merge_once(world: World) {
    let ((_, anna), (_, ana)) = two(&world).await;
    let owner = world.owner();
    let (one, other) = tokio::join!(
        world.desk.merge_profiles(anna, ana, &owner),
        world.desk.merge_profiles(ana, anna, &owner)
    );
    assert_eq!([&one, &other].iter().filter(|done| done.is_ok()).count(), 1, "{one:?} {other:?}");
    assert_eq!(world.desk.profile(anna).await.unwrap().tickets, 2);
}
