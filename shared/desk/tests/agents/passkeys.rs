//! A1: signing in by a passkey, and what belongs to it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bus::topic::OUTBOUND_EMAIL;
use desk::{
    Desk, DeskError, PageRequest,
    accounts::User,
    audit::{AuditEntry, AuditFilter},
    sign_in::{
        Entrance, Needs, NewSession, Origin,
        passkeys::{MadePasskey, Passkey, PasskeyProof},
        second_step::{Code, Proof},
    },
};
use domain::{Role, event::OutboundEmail};
use harness::authenticator::Authenticator;
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::world::{World, code};

on_both!(
    a_passkey_signs_in_for_both_steps,
    what_is_not_proved_lets_nobody_in,
    a_challenge_is_good_once_for_five_minutes_and_on_any_replica,
    of_two_answers_at_once_one_lets_somebody_in,
    a_counter_that_goes_backwards_is_refused_and_written_down,
    an_authenticator_that_does_not_count_signs_in_again_and_again,
    adding_one_asks_for_what_it_replaces,
    a_passkey_is_made_for_the_session_that_asked_and_nobody_elses,
    adding_and_removing_end_other_sessions_and_are_told,
    names_are_changed_by_their_owner_alone,
);

const MINUTE: i64 = 60 * 1000;
const PASSWORD: &str = "correct horse";
pub const EMAIL: &str = "anna@acme.example";

/// Somebody with a passkey.
pub struct Holder {
    pub user: User,
    pub session: NewSession,
    pub passkey: Passkey,
    pub authenticator: Authenticator,
}

pub fn origin() -> Origin {
    Origin::new("203.0.113.9".parse().unwrap(), "Mozilla/5.0 Firefox/142.0")
}

pub fn authenticator() -> Authenticator {
    Authenticator::new("https://d.example", "d.example")
}

pub fn proof(session: &NewSession) -> Proof<'_> {
    Proof { password: Some(PASSWORD), session: &session.token }
}

pub async fn add(
    desk: &Desk,
    session: &NewSession,
    authenticator: &mut Authenticator,
    given: Option<Code<'_>>,
) -> Result<Passkey, DeskError> {
    let request = desk.request_passkey(session.user.id, proof(session), given).await?;
    let handle = URL_SAFE_NO_PAD.encode(request.user.0.as_bytes());
    let made = made(authenticator, &request.challenge, &handle);
    desk.add_passkey(session.user.id, "My phone", &made, &session.token, &session.user.actor()).await
}

fn made(authenticator: &mut Authenticator, challenge: &str, handle: &str) -> MadePasskey {
    let made = authenticator.make(challenge, handle);
    MadePasskey { client_data: made.client_data, attestation: made.attestation }
}

pub async fn holder(world: &World, email: &str, role: Role) -> Holder {
    world.user(email, role).await;
    let session = world.let_in(email, PASSWORD).await;
    let mut authenticator = authenticator();
    let passkey = add(&world.desk, &session, &mut authenticator, None).await.unwrap();
    Holder { user: world.desk.user(session.user.id).await.unwrap(), session, passkey, authenticator }
}

fn answer(authenticator: &mut Authenticator, challenge: &str) -> PasskeyProof {
    let used = authenticator.sign(challenge);
    PasskeyProof {
        credential: authenticator.credential.clone(),
        client_data: used.client_data,
        authenticator_data: used.authenticator_data,
        signature: used.signature,
        user_handle: authenticator.user_handle.clone(),
    }
}

pub async fn signed_in(desk: &Desk, authenticator: &mut Authenticator) -> Option<NewSession> {
    let question = desk.ask_for_passkey().unwrap();
    let proof = answer(authenticator, &question.challenge);
    desk.sign_in_by_passkey(&proof, &origin()).await.unwrap()
}

pub async fn log(world: &World) -> Vec<AuditEntry> {
    world.desk.audit(&AuditFilter::default(), &PageRequest::default()).await.unwrap().data
}

fn says(entry: &AuditEntry, field: &str, value: &str) -> bool {
    entry.changes.iter().any(|fact| fact.field == field && fact.after == value)
}

pub async fn mail(world: &World) -> OutboundEmail {
    world.told(OUTBOUND_EMAIL).await.pop().expect("a mail")
}

pub async fn with_app(world: &World, session: &NewSession) -> String {
    let secret = world.desk.enrol(session.user.id, proof(session)).await.unwrap().secret;
    let code = digits(world, &secret);
    let actor = session.user.actor();
    world.desk.confirm_second_step(session.user.id, &code, &session.token, &actor).await.unwrap();
    secret
}

fn digits(world: &World, secret: &str) -> String {
    world.turn(MINUTE);
    let secret = Secret::try_from_base32(secret).unwrap();
    let now = u64::try_from(world.now().millis() / 1000).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(now).to_string()
}

pub async fn demanded(world: &World, required: bool) {
    let demand = json!({"security": {"second_step_required": required}});
    world.desk.patch_settings(&demand, &world.owner()).await.unwrap();
}

pub async fn first_step(desk: &Desk) -> Entrance {
    desk.sign_in(EMAIL, PASSWORD, &origin()).await.unwrap().expect("the password is right")
}

pub async fn needs(desk: &Desk) -> Option<Needs> {
    match first_step(desk).await {
        Entrance::In(_) => None,
        Entrance::Pending(pending) => Some(pending.needs),
    }
}

async fn a_passkey_signs_in_for_both_steps(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    assert_eq!(anna.user.passkeys, 1);
    with_app(&world, &anna.session).await;
    demanded(&world, true).await;
    let new = signed_in(desk, &mut anna.authenticator).await.expect("it is the right one");
    assert_eq!((new.user.id, new.user.passkeys), (anna.user.id, 1));
    assert_eq!(desk.session(&new.token).await.unwrap().unwrap().user.id, anna.user.id);
    let entry = log(&world).await.remove(0);
    assert!(entry.action.as_str() == "signed_in" && says(&entry, "with", "passkey"), "{entry:?}");
    assert!(desk.passkeys(anna.user.id).await.unwrap()[0].used_at.is_some());
    assert_eq!(needs(desk).await, Some(Needs::Code), "a password alone still asks for the code");
}

async fn what_is_not_proved_lets_nobody_in(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    let bert = holder(&world, "bert@acme.example", Role::Support).await;
    let attempt = async |proof: PasskeyProof| desk.sign_in_by_passkey(&proof, &origin()).await.unwrap();
    let challenge = || desk.ask_for_passkey().unwrap().challenge;
    let mut stranger = authenticator();
    stranger.user_handle.clone_from(&anna.authenticator.user_handle);
    assert!(signed_in(desk, &mut stranger).await.is_none(), "nobody knows it");
    stranger.credential.clone_from(&anna.authenticator.credential);
    assert!(signed_in(desk, &mut stranger).await.is_none(), "another key");
    let mut proof = answer(&mut anna.authenticator, &challenge());
    proof.user_handle.clone_from(&bert.authenticator.user_handle);
    assert!(attempt(proof).await.is_none(), "somebody else");
    let mut proof = answer(&mut anna.authenticator, &challenge());
    proof.authenticator_data[36] ^= 1;
    assert!(attempt(proof).await.is_none(), "what was signed is not what it says");
    assert!(
        attempt(answer(&mut anna.authenticator, "bm9uZSBvZiBvdXJz")).await.is_none(),
        "not our challenge"
    );
    let adding =
        desk.request_passkey(anna.user.id, self::proof(&anna.session), None).await.unwrap().challenge;
    assert!(attempt(answer(&mut anna.authenticator, &adding)).await.is_none(), "it was to add one");
    for (origin, site) in [
        ("https://evil.example", "d.example"),
        ("http://d.example", "d.example"),
        ("https://d.example", "evil.example"),
    ] {
        (anna.authenticator.origin, anna.authenticator.site) = (origin.into(), site.into());
        assert!(signed_in(desk, &mut anna.authenticator).await.is_none(), "{origin} {site}");
    }
    (anna.authenticator.origin, anna.authenticator.site) = ("https://d.example".into(), "d.example".into());
    anna.authenticator.flags = 1;
    assert!(signed_in(desk, &mut anna.authenticator).await.is_none(), "nobody was verified");
    anna.authenticator.flags = harness::authenticator::VERIFIED | 1 << 3;
    assert!(signed_in(desk, &mut anna.authenticator).await.is_none(), "it can be elsewhere at once");
    anna.authenticator.flags = harness::authenticator::VERIFIED;
    let refused = log(&world).await.remove(0);
    assert!(refused.action.as_str() == "sign_in_failed" && says(&refused, "with", "passkey"));
    assert_eq!(refused.object_id, anna.user.id.to_string());
    assert!(signed_in(desk, &mut anna.authenticator).await.is_some());
}

async fn a_challenge_is_good_once_for_five_minutes_and_on_any_replica(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    let other = world.replica().await;
    let challenge = desk.ask_for_passkey().unwrap().challenge;
    let proof = answer(&mut anna.authenticator, &challenge);
    assert!(other.sign_in_by_passkey(&proof, &origin()).await.unwrap().is_some(), "another replica");
    assert!(desk.sign_in_by_passkey(&proof, &origin()).await.unwrap().is_none(), "it was answered");
    let again = answer(&mut anna.authenticator, &challenge);
    assert!(desk.sign_in_by_passkey(&again, &origin()).await.unwrap().is_none(), "by a new answer, too");
    let late = desk.ask_for_passkey().unwrap().challenge;
    world.turn(5 * MINUTE + 1000);
    let proof = answer(&mut anna.authenticator, &late);
    assert!(desk.sign_in_by_passkey(&proof, &origin()).await.unwrap().is_none(), "it is too old");
    desk.forget_expired().await.unwrap();
    let first = answer(&mut anna.authenticator, &challenge);
    assert!(desk.sign_in_by_passkey(&first, &origin()).await.unwrap().is_none(), "forgotten is not fresh");
    assert!(signed_in(desk, &mut anna.authenticator).await.is_some());
}

async fn of_two_answers_at_once_one_lets_somebody_in(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    let challenge = desk.ask_for_passkey().unwrap().challenge;
    let proof = answer(&mut anna.authenticator, &challenge);
    let from = origin();
    let tries = (0..4).map(|_| desk.sign_in_by_passkey(&proof, &from));
    let came = futures::future::join_all(tries).await;
    assert_eq!(came.iter().filter(|came| came.as_ref().unwrap().is_some()).count(), 1);
}

async fn a_counter_that_goes_backwards_is_refused_and_written_down(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    for _ in 0..3 {
        assert!(signed_in(desk, &mut anna.authenticator).await.is_some());
    }
    for copied in [1, 2, 0] {
        anna.authenticator.counter = Some(copied);
        assert!(signed_in(desk, &mut anna.authenticator).await.is_none(), "{copied}");
        let entry = log(&world).await.remove(0);
        assert_eq!(entry.action.as_str(), "passkey_copied");
        assert!(says(&entry, "passkey", "My phone") && entry.object_id == anna.user.id.to_string());
        assert_eq!(entry.address.as_deref(), Some("203.0.113.9"));
    }
    anna.authenticator.counter = Some(3);
    assert!(signed_in(desk, &mut anna.authenticator).await.is_some(), "the right one goes on");
}

async fn an_authenticator_that_does_not_count_signs_in_again_and_again(world: World) {
    let desk = &world.desk;
    world.user(EMAIL, Role::Support).await;
    let session = world.let_in(EMAIL, PASSWORD).await;
    let mut phone = authenticator().with_ed25519();
    phone.flags |= 0b1_1000;
    add(desk, &session, &mut phone, None).await.unwrap();
    for _ in 0..3 {
        assert!(signed_in(desk, &mut phone).await.is_some());
    }
}

async fn adding_one_asks_for_what_it_replaces(world: World) {
    let desk = &world.desk;
    let anna = world.user(EMAIL, Role::Support).await;
    let session = world.let_in(EMAIL, PASSWORD).await;
    for password in [None, Some("wrong password")] {
        let proof = Proof { password, session: &session.token };
        assert_eq!(code(desk.request_passkey(anna.id, proof, None).await), "wrong_password");
    }
    let secret = with_app(&world, &session).await;
    let ask = async |given| desk.request_passkey(anna.id, proof(&session), given).await;
    assert_eq!(code(ask(None).await), "code_needed");
    assert_eq!(code(ask(Some(Code::App("1"))).await), "wrong_code");
    let right = digits(&world, &secret);
    let request = ask(Some(Code::App(&right))).await.unwrap();
    assert_eq!((request.site.as_str(), request.user_name.as_str()), ("d.example", EMAIL));
    assert_eq!(code(ask(Some(Code::App(&right))).await), "wrong_code", "it is used up");
    let mut authenticator = authenticator();
    let right = digits(&world, &secret);
    add(desk, &session, &mut authenticator, Some(Code::App(&right))).await.unwrap();
    let right = digits(&world, &secret);
    let request = ask(Some(Code::App(&right))).await.unwrap();
    assert_eq!(request.exclude, [URL_SAFE_NO_PAD.encode(&authenticator.credential)]);
    let right = digits(&world, &secret);
    let again = add(desk, &session, &mut authenticator, Some(Code::App(&right))).await;
    assert_eq!(code(again), "passkey_known");
}

async fn a_passkey_is_made_for_the_session_that_asked_and_nobody_elses(world: World) {
    let (desk, anna) = (&world.desk, world.user(EMAIL, Role::Support).await);
    let bert = world.user("bert@acme.example", Role::Support).await;
    let (one, other) = (world.let_in(EMAIL, PASSWORD).await, world.let_in(EMAIL, PASSWORD).await);
    let request = desk.request_passkey(anna.id, proof(&one), None).await.unwrap();
    let handle = URL_SAFE_NO_PAD.encode(anna.id.0.as_bytes());
    let made = made(&mut authenticator(), &request.challenge, &handle);
    let at = async |user: &User, session: &str, name: &str, made: &MadePasskey| {
        desk.add_passkey(user.id, name, made, session, &user.actor()).await
    };
    assert_eq!(code(at(&anna, &other.token, "x", &made).await), "passkey_too_late");
    assert_eq!(code(at(&bert, &one.token, "x", &made).await), "passkey_too_late");
    assert_eq!(code(at(&anna, &one.token, " ", &made).await), "name");
    let torn = MadePasskey { attestation: vec![0xa0], ..made.clone() };
    assert_eq!(code(at(&anna, &one.token, "x", &torn).await), "passkey_unfit");
    let mut elsewhere = authenticator();
    elsewhere.origin = "https://evil.example".into();
    let foreign = self::made(&mut elsewhere, &request.challenge, &handle);
    assert_eq!(code(at(&anna, &one.token, "x", &foreign).await), "passkey_unfit");
    at(&anna, &one.token, "x", &made).await.unwrap();
    let mut second = authenticator();
    let second = self::made(&mut second, &request.challenge, &handle);
    assert_eq!(
        code(at(&anna, &one.token, "y", &second).await),
        "passkey_too_late",
        "the challenge is used up"
    );
}

async fn adding_and_removing_end_other_sessions_and_are_told(world: World) {
    let desk = &world.desk;
    world.user(EMAIL, Role::Support).await;
    let (mine, thiefs) = (world.let_in(EMAIL, PASSWORD).await, world.let_in(EMAIL, PASSWORD).await);
    let mut authenticator = authenticator();
    let passkey = add(desk, &mine, &mut authenticator, None).await.unwrap();
    assert!(desk.session(&mine.token).await.unwrap().is_some());
    assert!(desk.session(&thiefs.token).await.unwrap().is_none());
    let told = mail(&world).await;
    assert_eq!(told.to.as_str(), EMAIL);
    assert!(told.text.contains("“My phone”") && told.text.contains("was added"), "{}", told.text);
    assert_eq!(log(&world).await[0].action.as_str(), "passkey_added");
    let thiefs = signed_in(desk, &mut authenticator).await.unwrap();
    let (id, actor) = (mine.user.id, mine.user.actor());
    let wrong = Proof { password: Some("wrong password"), session: &mine.token };
    assert_eq!(code(desk.remove_passkey(id, passkey.id, wrong, &actor).await), "wrong_password");
    desk.remove_passkey(id, passkey.id, proof(&mine), &actor).await.unwrap();
    assert!(desk.session(&mine.token).await.unwrap().is_some());
    assert!(desk.session(&thiefs.token).await.unwrap().is_none());
    assert!(mail(&world).await.text.contains("was removed"));
    assert_eq!(log(&world).await[0].action.as_str(), "passkey_removed");
    assert!(signed_in(desk, &mut authenticator).await.is_none());
    assert_eq!(code(desk.remove_passkey(id, passkey.id, proof(&mine), &actor).await), "passkey");
}

async fn names_are_changed_by_their_owner_alone(world: World) {
    let (desk, anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    let bert = holder(&world, "bert@acme.example", Role::Owner).await;
    let by = async |user: &User, name: &str| {
        desk.rename_passkey(user.id, anna.passkey.id, name, &user.actor()).await
    };
    assert_eq!(code(by(&bert.user, "mine").await), "passkey");
    assert_eq!(code(by(&anna.user, "").await), "name");
    assert_eq!(by(&anna.user, " The key ").await.unwrap().name, "The key");
    assert_eq!(desk.passkeys(anna.user.id).await.unwrap()[0].name, "The key");
    let entry = log(&world).await.remove(0);
    assert!(entry.action.as_str() == "passkey_renamed" && says(&entry, "name", "The key"));
    let proof = proof(&bert.session);
    let foreign = desk.remove_passkey(bert.user.id, anna.passkey.id, proof, &bert.user.actor()).await;
    assert_eq!(code(foreign), "passkey");
}
