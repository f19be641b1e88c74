//! A1: people, keys, sessions, and the first owner.

use desk::{
    accounts::UserPatch,
    sign_in::{Origin, second_step::Proof},
};
use domain::{EmailAddress, Role};

use crate::world::{World, code};

on_both!(
    the_first_owner_is_made_once_however_many_start,
    an_owner_without_a_password_gets_a_link_at_each_start,
    a_given_key_is_the_owners_and_a_revoked_one_stays_revoked,
    a_session_lasts_while_it_is_used,
    a_link_works_once_and_for_a_day,
    a_new_password_ends_the_other_sessions,
    who_came_in_by_a_link_chooses_a_password_without_the_one_before_for_an_hour,
    two_owners_cannot_both_leave,
    an_address_is_one_person,
    what_has_had_its_time_is_forgotten,
);

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn the_first_owner_is_made_once_however_many_start(world: World) {
    let email = EmailAddress::parse("owner@acme.example").unwrap();
    let start = || world.desk.ensure_owner(Some(&email), Some("a good password"), Some("fd_given_key"));
    let starts = futures::future::join_all([start(), start(), start(), start()]).await;
    let created = starts.iter().filter(|setup| setup.as_ref().unwrap().created).count();
    assert_eq!(created, 1);
    assert_eq!(world.desk.users().await.unwrap().len(), 1);
    assert_eq!(world.desk.keys().await.unwrap().len(), 1);
    let again = world.desk.ensure_owner(Some(&email), Some("another password"), None).await.unwrap();
    assert!(!again.created && again.sign_in_token.is_none());
    assert!(
        world
            .desk
            .sign_in("Owner@Acme.example", "a good password", &Origin::default())
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        world
            .desk
            .sign_in("owner@acme.example", "another password", &Origin::default())
            .await
            .unwrap()
            .is_none()
    );
    let stranger = EmailAddress::parse("stranger@acme.example").unwrap();
    let other = world.desk.ensure_owner(Some(&stranger), Some("a good password"), None).await.unwrap();
    assert!(other.user.is_none(), "only the first start makes an owner");
}

async fn an_owner_without_a_password_gets_a_link_at_each_start(world: World) {
    let first = world.desk.ensure_owner(None, None, None).await.unwrap();
    let user = first.user.unwrap();
    assert_eq!((user.email.as_str(), user.role), ("owner@localhost", Role::Owner));
    let again = world.desk.ensure_owner(None, None, None).await.unwrap();
    for token in [first.sign_in_token.unwrap(), again.sign_in_token.unwrap()] {
        assert!(world.desk.sign_in_with_link(&token, &Origin::default()).await.unwrap().is_some());
    }
    assert!(
        world.desk.sign_in("owner@localhost", "", &Origin::default()).await.unwrap().is_none(),
        "no password is no password"
    );
    let patch = UserPatch { password: Some("a good password".into()), ..UserPatch::default() };
    world.desk.change_user(user.id, patch, &world.owner()).await.unwrap();
    assert!(world.desk.ensure_owner(None, None, None).await.unwrap().sign_in_token.is_none());
}

async fn a_given_key_is_the_owners_and_a_revoked_one_stays_revoked(world: World) {
    let setup = world.desk.ensure_owner(None, None, Some("fd_given_key")).await.unwrap();
    assert!(setup.user.is_some(), "somebody can come in as well");
    let actor = world.desk.actor_of_key("fd_given_key").await.unwrap().unwrap();
    assert_eq!((actor.role, actor.user), (Role::Owner, None));
    assert!(world.desk.actor_of_key("fd_given_kez").await.unwrap().is_none());
    world.desk.revoke_key(&actor.id.to_string(), &actor).await.unwrap();
    world.desk.ensure_owner(None, None, Some("fd_given_key")).await.unwrap();
    assert!(world.desk.actor_of_key("fd_given_key").await.unwrap().is_none());
    assert_eq!(code(world.desk.revoke_key("nothing", &actor).await), "API key");
    assert_eq!(
        code(world.desk.create_key("x", Role::Support, Some("short"), &world.owner()).await),
        "api_key"
    );
}

async fn a_session_lasts_while_it_is_used(world: World) {
    world.user("anna@acme.example", Role::Support).await;
    let new = world.let_in("anna@acme.example", "correct horse").await;
    for _ in 0..5 {
        world.turn(10 * DAY);
        let session = world.desk.session(&new.token).await.unwrap().expect("used within 14 days");
        assert_eq!(session.csrf, new.csrf);
    }
    world.turn(14 * DAY + 1000);
    assert!(world.desk.session(&new.token).await.unwrap().is_none());
    let new = world.let_in("anna@acme.example", "correct horse").await;
    world.desk.sign_out(&new.token, &world.owner()).await.unwrap();
    assert!(world.desk.session(&new.token).await.unwrap().is_none());
    assert!(world.desk.session("").await.unwrap().is_none());
}

async fn a_link_works_once_and_for_a_day(world: World) {
    let anna = world.user("anna@acme.example", Role::Support).await;
    let (used, late) = (
        world.desk.create_sign_in_link(anna.id, &world.owner()).await.unwrap(),
        world.desk.create_sign_in_link(anna.id, &world.owner()).await.unwrap(),
    );
    let nowhere = Origin::default();
    let uses = [world.desk.sign_in_with_link(&used, &nowhere), world.desk.sign_in_with_link(&used, &nowhere)];
    let let_in =
        futures::future::join_all(uses).await.into_iter().filter(|used| used.as_ref().unwrap().is_some());
    assert_eq!(let_in.count(), 1);
    world.turn(DAY + 1000);
    assert!(world.desk.sign_in_with_link(&late, &Origin::default()).await.unwrap().is_none());
}

async fn a_new_password_ends_the_other_sessions(world: World) {
    let anna = world.user("anna@acme.example", Role::Support).await;
    let actor = anna.actor();
    let mine = world.let_in("anna@acme.example", "correct horse").await;
    let thiefs = world.let_in("anna@acme.example", "correct horse").await;
    let given = |password| Proof { password, session: &mine.token };
    let choose = |proof| world.desk.choose_password(anna.id, proof, "a new password".into(), &actor);
    assert_eq!(code(choose(given(None)).await), "wrong_password");
    assert_eq!(code(choose(given(Some("wrong password"))).await), "wrong_password");
    assert!(world.desk.session(&thiefs.token).await.unwrap().is_some(), "nothing happened yet");
    let around = UserPatch { password: Some("a new password".into()), ..UserPatch::default() };
    assert_eq!(code(world.desk.change_user(anna.id, around, &actor).await), "own_password");
    choose(given(Some("correct horse"))).await.unwrap();
    assert!(world.desk.session(&mine.token).await.unwrap().is_some());
    assert!(world.desk.session(&thiefs.token).await.unwrap().is_none());
    let out = UserPatch { disabled: Some(true), ..UserPatch::default() };
    world.desk.change_user(anna.id, out, &world.owner()).await.unwrap();
    assert!(world.desk.session(&mine.token).await.unwrap().is_none());
    assert!(
        world
            .desk
            .sign_in("anna@acme.example", "a new password", &Origin::default())
            .await
            .unwrap()
            .is_none()
    );
    let back = UserPatch { disabled: Some(false), ..UserPatch::default() };
    assert!(!world.desk.change_user(anna.id, back, &world.owner()).await.unwrap().disabled);
    assert!(
        world
            .desk
            .sign_in("anna@acme.example", "a new password", &Origin::default())
            .await
            .unwrap()
            .is_some()
    );
}

async fn who_came_in_by_a_link_chooses_a_password_without_the_one_before_for_an_hour(world: World) {
    let (desk, anna) = (&world.desk, world.user("anna@acme.example", Role::Support).await);
    let link = desk.create_sign_in_link(anna.id, &world.owner()).await.unwrap();
    let session =
        desk.sign_in_with_link(&link, &Origin::default()).await.unwrap().unwrap().session().unwrap();
    let (proof, actor) = (Proof { password: None, session: &session.token }, anna.actor());
    let choose = |password: &str| desk.choose_password(anna.id, proof, password.into(), &actor);
    choose("a new password").await.unwrap();
    world.turn(DAY / 24);
    assert_eq!(code(choose("another password").await), "wrong_password");
    let bert = world.user("bert@acme.example", Role::Support).await;
    let foreign = desk.choose_password(bert.id, proof, "another password".into(), &bert.actor()).await;
    assert_eq!(code(foreign), "wrong_password", "somebody else's link says nothing");
}

async fn two_owners_cannot_both_leave(world: World) {
    let (one, other) = (
        world.user("one@acme.example", Role::Owner).await,
        world.user("other@acme.example", Role::Owner).await,
    );
    let leave = || UserPatch { role: Some(Role::Admin), ..UserPatch::default() };
    let owner = world.owner();
    let (a, b) = tokio::join!(
        world.desk.change_user(one.id, leave(), &owner),
        world.desk.change_user(other.id, leave(), &owner)
    );
    let refused = [a, b].into_iter().filter(Result::is_err).map(code).collect::<Vec<_>>();
    assert_eq!(refused, ["last_owner"]);
    let admin = world.user("admin@acme.example", Role::Admin).await;
    let rename = UserPatch { name: Some("Mine".into()), ..UserPatch::default() };
    let owners = world.desk.users().await.unwrap().into_iter().filter(|user| user.role == Role::Owner);
    for owner in owners {
        assert_eq!(code(world.desk.change_user(owner.id, rename.clone(), &admin.actor()).await), "forbidden");
    }
}

async fn an_address_is_one_person(world: World) {
    world.user("anna@acme.example", Role::Support).await;
    let again = desk::accounts::NewUser {
        email: EmailAddress::parse("ANNA@acme.example").unwrap(),
        name: None,
        role: Role::Support,
        password: None,
    };
    assert_eq!(code(world.desk.create_user(again, &world.owner()).await), "email_taken");
    let short = desk::accounts::NewUser {
        email: EmailAddress::parse("bert@acme.example").unwrap(),
        name: Some(" ".into()),
        role: Role::Support,
        password: None,
    };
    assert_eq!(code(world.desk.create_user(short, &world.owner()).await), "name");
}

async fn what_has_had_its_time_is_forgotten(world: World) {
    let anna = world.user("anna@acme.example", Role::Support).await;
    let kept = world.let_in("anna@acme.example", "correct horse").await;
    world.desk.begin_answer(anna.id.0, "k", "hash").await.unwrap();
    world.desk.keep_answer(anna.id.0, "k", 201, "{}").await.unwrap();
    world.desk.forget_expired().await.unwrap();
    assert!(world.desk.session(&kept.token).await.unwrap().is_some());
    assert!(matches!(
        world.desk.begin_answer(anna.id.0, "k", "hash").await.unwrap(),
        desk::idempotency::Begun::Kept(_)
    ));
    world.turn(3 * DAY);
    world.desk.forget_expired().await.unwrap();
    assert_eq!(
        world.desk.begin_answer(anna.id.0, "k", "hash").await.unwrap(),
        desk::idempotency::Begun::Fresh
    );
}
