//! A1: a second step at sign-in, and what belongs to it.

use bus::topic::OUTBOUND_EMAIL;
use desk::{
    Desk, PageRequest,
    accounts::User,
    audit::AuditFilter,
    sign_in::{
        Entrance, Needs, NewSession, Origin, Passed,
        second_step::{Code, Proof},
    },
};
use domain::{Role, event::OutboundEmail};
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::world::{World, code};

on_both!(
    who_has_a_second_step_comes_in_with_a_code_that_works_once,
    a_code_of_two_requests_at_once_lets_one_of_them_in,
    a_recovery_code_works_once_and_its_owner_is_told,
    guessing_codes_ends_after_ten_and_recovery_codes_still_work,
    a_second_step_begins_with_its_first_code_and_ends_other_sessions,
    switching_it_off_asks_for_both_steps,
    new_recovery_codes_replace_those_before,
    who_must_have_one_sets_it_up_to_come_in,
    a_link_and_an_invitation_lead_to_the_second_step_too,
    a_first_step_is_good_for_a_quarter_of_an_hour_and_once,
    somebody_else_resets_it_and_nobody_their_own,
    another_key_of_the_installation_leaves_the_recovery_codes,
);

const MINUTE: i64 = 60 * 1000;
const PASSWORD: &str = "correct horse";

/// Somebody with an app.
struct App {
    user: User,
    secret: String,
    codes: Vec<String>,
    session: NewSession,
}

fn origin() -> Origin {
    Origin::new("203.0.113.9".parse().unwrap(), "Mozilla/5.0 Firefox/142.0")
}

async fn first_step(desk: &Desk, email: &str) -> Entrance {
    desk.sign_in(email, PASSWORD, &origin()).await.unwrap().expect("the password is right")
}

async fn signed_in(desk: &Desk, email: &str) -> NewSession {
    first_step(desk, email).await.session().expect("a session")
}

/// The token for the second step.
async fn pending(desk: &Desk, email: &str) -> String {
    match first_step(desk, email).await {
        Entrance::Pending(pending) if pending.needs == Needs::Code => pending.token,
        other => panic!("{other:?}"),
    }
}

/// What the app shows, after the code before it can have been used.
fn digits(world: &World, secret: &str) -> String {
    world.turn(MINUTE);
    let secret = Secret::try_from_base32(secret).unwrap();
    let now = u64::try_from(world.now().millis() / 1000).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(now).to_string()
}

async fn with_app(world: &World, email: &str, role: Role) -> App {
    let user = world.user(email, role).await;
    let session = signed_in(&world.desk, email).await;
    let proof = Proof { password: Some(PASSWORD), session: &session.token };
    let secret = world.desk.enrol(user.id, proof).await.unwrap().secret;
    let code = digits(world, &secret);
    let codes = world.desk.confirm_second_step(user.id, &code, &session.token, &user.actor()).await.unwrap();
    App { user, secret, codes, session }
}

fn is_in(passed: &Passed) -> bool {
    matches!(passed, Passed::In(..))
}

async fn mail(world: &World) -> OutboundEmail {
    world.told(OUTBOUND_EMAIL).await.pop().expect("a mail")
}

async fn actions(world: &World) -> Vec<&'static str> {
    let lines = world.desk.audit(&AuditFilter::default(), &PageRequest::default()).await.unwrap().data;
    lines.iter().map(|line| line.action.as_str()).collect()
}

async fn who_has_a_second_step_comes_in_with_a_code_that_works_once(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    assert!(desk.user(anna.user.id).await.unwrap().second_step);
    assert!(desk.sign_in("anna@acme.example", "wrong password", &origin()).await.unwrap().is_none());
    let token = pending(desk, "anna@acme.example").await;
    assert!(desk.session(&token).await.unwrap().is_none(), "it is no session");
    let code = digits(&world, &anna.secret);
    let wrong = if code == "000000" { "111111" } else { "000000" };
    for odd in [wrong, "", "12345", "not a code"] {
        assert!(matches!(
            desk.pass_second_step(&token, Code::App(odd), &origin()).await.unwrap(),
            Passed::Wrong
        ));
    }
    let Passed::In(new, codes) = desk.pass_second_step(&token, Code::App(&code), &origin()).await.unwrap()
    else {
        panic!("the code is right")
    };
    assert!(codes.is_empty() && new.user.second_step);
    assert_eq!(desk.session(&new.token).await.unwrap().unwrap().user.id, anna.user.id);
    let again = desk.pass_second_step(&token, Code::App(&code), &origin()).await.unwrap();
    assert!(matches!(again, Passed::Spent), "the first step is used up");
    let token = pending(desk, "anna@acme.example").await;
    let again = desk.pass_second_step(&token, Code::App(&code), &origin()).await.unwrap();
    assert!(matches!(again, Passed::Wrong), "the code is used up");
    assert!(matches!(desk.pass_second_step("", Code::App(&code), &origin()).await.unwrap(), Passed::Spent));
    let lines = desk.audit(&AuditFilter::default(), &PageRequest::default()).await.unwrap().data;
    let signed_in = lines.iter().find(|line| line.action.as_str() == "signed_in").unwrap();
    assert!(signed_in.changes.iter().any(|fact| fact.field == "second_step" && fact.after == "code"));
}

async fn a_code_of_two_requests_at_once_lets_one_of_them_in(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    let (one, other) = (pending(desk, "anna@acme.example").await, pending(desk, "anna@acme.example").await);
    let (code, from) = (digits(&world, &anna.secret), origin());
    let tries = [&one, &other, &one].map(|token| desk.pass_second_step(token, Code::App(&code), &from));
    let passed = futures::future::join_all(tries).await;
    assert_eq!(passed.iter().filter(|passed| is_in(passed.as_ref().unwrap())).count(), 1);
}

async fn a_recovery_code_works_once_and_its_owner_is_told(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    let bert = with_app(&world, "bert@acme.example", Role::Support).await;
    let typed = anna.codes[3].to_uppercase().replace('-', " ");
    let token = pending(desk, "anna@acme.example").await;
    for foreign in [bert.codes[0].as_str(), "", "0000-0000-0000-0000"] {
        let refused = desk.pass_second_step(&token, Code::Recovery(foreign), &origin()).await.unwrap();
        assert!(matches!(refused, Passed::Wrong), "{foreign}");
    }
    assert!(is_in(&desk.pass_second_step(&token, Code::Recovery(&typed), &origin()).await.unwrap()));
    let told = mail(&world).await;
    assert_eq!(told.to.as_str(), "anna@acme.example");
    assert!(told.text.contains("left: 9.") && told.text.contains("203.0.113.9"), "{}", told.text);
    assert_eq!(desk.second_step(anna.user.id).await.unwrap().recovery_codes_left, 9);
    let token = pending(desk, "anna@acme.example").await;
    let again = desk.pass_second_step(&token, Code::Recovery(&anna.codes[3]), &origin()).await.unwrap();
    assert!(matches!(again, Passed::Wrong));
}

async fn guessing_codes_ends_after_ten_and_recovery_codes_still_work(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    for _ in 0..10 {
        // whoever has the password begins again and again
        let token = pending(desk, "anna@acme.example").await;
        assert!(matches!(
            desk.pass_second_step(&token, Code::App("12"), &origin()).await.unwrap(),
            Passed::Wrong
        ));
    }
    let token = pending(desk, "anna@acme.example").await;
    let right = digits(&world, &anna.secret);
    assert_eq!(code(desk.pass_second_step(&token, Code::App(&right), &origin()).await), "too_many_codes");
    assert!(is_in(&desk.pass_second_step(&token, Code::Recovery(&anna.codes[0]), &origin()).await.unwrap()));
    world.turn(15 * MINUTE);
    let token = pending(desk, "anna@acme.example").await;
    let right = digits(&world, &anna.secret);
    assert!(is_in(&desk.pass_second_step(&token, Code::App(&right), &origin()).await.unwrap()));
}

async fn a_second_step_begins_with_its_first_code_and_ends_other_sessions(world: World) {
    let (desk, anna) = (&world.desk, world.user("anna@acme.example", Role::Support).await);
    let (mine, thiefs) =
        (signed_in(desk, "anna@acme.example").await, signed_in(desk, "anna@acme.example").await);
    let proof = |password| Proof { password, session: &mine.token };
    assert_eq!(code(desk.enrol(anna.id, proof(None)).await), "wrong_password");
    assert_eq!(code(desk.enrol(anna.id, proof(Some("wrong password"))).await), "wrong_password");
    let confirm =
        async |digits: &str| desk.confirm_second_step(anna.id, digits, &mine.token, &anna.actor()).await;
    assert_eq!(code(confirm("123456").await), "second_step_off", "none was begun");
    let dropped = desk.enrol(anna.id, proof(Some(PASSWORD))).await.unwrap();
    let enrolment = desk.enrol(anna.id, proof(Some(PASSWORD))).await.unwrap();
    assert_ne!(dropped.secret, enrolment.secret);
    assert!(first_step(desk, "anna@acme.example").await.session().is_some(), "it asks nobody yet");
    assert_eq!(code(confirm(&digits(&world, &dropped.secret)).await), "wrong_code");
    assert!(desk.session(&thiefs.token).await.unwrap().is_some());
    let codes = confirm(&digits(&world, &enrolment.secret)).await.unwrap();
    assert_eq!(codes.len(), 10);
    assert!(desk.session(&mine.token).await.unwrap().is_some());
    assert!(desk.session(&thiefs.token).await.unwrap().is_none());
    assert!(mail(&world).await.text.contains("was switched on"));
    let state = desk.second_step(anna.id).await.unwrap();
    assert!(state.since.is_some() && state.recovery_codes_left == 10 && !state.required);
    assert_eq!(code(desk.enrol(anna.id, proof(Some(PASSWORD))).await), "second_step_on");
    assert_eq!(code(confirm(&digits(&world, &enrolment.secret)).await), "second_step_on");
}

async fn switching_it_off_asks_for_both_steps(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    let (id, actor) = (anna.user.id, anna.user.actor());
    let proof = |password| Proof { password, session: &anna.session.token };
    let off = async |password, given| desk.drop_second_step(id, proof(password), given, &actor).await;
    let right = digits(&world, &anna.secret);
    assert_eq!(code(off(None, Code::App(&right)).await), "wrong_password");
    assert_eq!(code(off(Some(PASSWORD), Code::App("1")).await), "wrong_code");
    assert_eq!(code(off(Some(PASSWORD), Code::Recovery("1")).await), "wrong_code");
    let demand = json!({"security": {"second_step_required": true}});
    desk.patch_settings(&demand, &world.owner()).await.unwrap();
    assert_eq!(code(off(Some(PASSWORD), Code::App(&right)).await), "second_step_required");
    let free = json!({"security": {"second_step_required": false}});
    desk.patch_settings(&free, &world.owner()).await.unwrap();
    off(Some(PASSWORD), Code::App(&right)).await.unwrap();
    assert!(first_step(desk, "anna@acme.example").await.session().is_some());
    assert!(mail(&world).await.text.contains("was switched off"));
    assert_eq!(code(off(Some(PASSWORD), Code::Recovery(&anna.codes[0])).await), "second_step_off");
    assert!(desk.session(&anna.session.token).await.unwrap().is_some());
    assert!(actions(&world).await.starts_with(&["signed_in", "second_step_off"]));
}

async fn new_recovery_codes_replace_those_before(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    let proof = Proof { password: Some(PASSWORD), session: &anna.session.token };
    let renew = async |given| desk.new_recovery_codes(anna.user.id, proof, given, &anna.user.actor()).await;
    assert_eq!(code(renew(Code::App("1")).await), "wrong_code");
    let new = renew(Code::Recovery(&anna.codes[0])).await.unwrap();
    assert_eq!(new.len(), 10);
    let token = pending(desk, "anna@acme.example").await;
    let pass =
        async |given| is_in(&desk.pass_second_step(&token, Code::Recovery(given), &origin()).await.unwrap());
    assert!(!pass(&anna.codes[1]).await);
    assert!(pass(&new[1]).await);
}

async fn who_must_have_one_sets_it_up_to_come_in(world: World) {
    let desk = &world.desk;
    world.user("anna@acme.example", Role::Support).await;
    let before = signed_in(desk, "anna@acme.example").await;
    let demand = json!({"security": {"second_step_required": true}});
    desk.patch_settings(&demand, &world.owner()).await.unwrap();
    assert!(desk.session(&before.token).await.unwrap().is_some(), "at the next sign-in");
    let Entrance::Pending(pending) = first_step(desk, "anna@acme.example").await else { panic!("a session") };
    assert_eq!(pending.needs, Needs::Enrolment);
    let early = desk.pass_second_step(&pending.token, Code::App("123456"), &origin()).await.unwrap();
    assert!(matches!(early, Passed::Spent));
    let enrolment = desk.enrol_pending(&pending.token).await.unwrap().unwrap();
    let wrong = desk.confirm_pending(&pending.token, "1", &origin()).await.unwrap();
    assert!(matches!(wrong, Passed::Wrong));
    let digits = digits(&world, &enrolment.secret);
    let Passed::In(new, codes) = desk.confirm_pending(&pending.token, &digits, &origin()).await.unwrap()
    else {
        panic!("the code is right")
    };
    assert_eq!((codes.len(), new.user.second_step), (10, true));
    assert!(desk.session(&new.token).await.unwrap().is_some());
    assert!(desk.session(&before.token).await.unwrap().is_none());
    assert!(desk.enrol_pending(&pending.token).await.unwrap().is_none(), "it is used up");
    let Entrance::Pending(next) = first_step(desk, "anna@acme.example").await else { panic!("a session") };
    assert_eq!(next.needs, Needs::Code);
    assert!(desk.enrol_pending(&next.token).await.unwrap().is_none(), "a password alone sets none up again");
}

async fn a_link_and_an_invitation_lead_to_the_second_step_too(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    let link = desk.create_sign_in_link(anna.user.id, &world.owner()).await.unwrap();
    let Entrance::Pending(pending) = desk.sign_in_with_link(&link, &origin()).await.unwrap().unwrap() else {
        panic!("a session")
    };
    let code = digits(&world, &anna.secret);
    assert!(is_in(&desk.pass_second_step(&pending.token, Code::App(&code), &origin()).await.unwrap()));
    let demand = json!({"security": {"second_step_required": true}});
    desk.patch_settings(&demand, &world.owner()).await.unwrap();
    let new = desk::accounts::NewInvitation {
        email: "maya@acme.example".parse().unwrap(),
        name: None,
        role: Role::Support,
    };
    desk.invite(new, &world.owner()).await.unwrap();
    let text = mail(&world).await.text;
    let token = text.split("?token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let came = desk.accept_invitation(token, "Maya", "a good password", &origin()).await.unwrap().unwrap();
    assert!(matches!(came, Entrance::Pending(pending) if pending.needs == Needs::Enrolment));
}

async fn a_first_step_is_good_for_a_quarter_of_an_hour_and_once(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    let late = pending(desk, "anna@acme.example").await;
    world.turn(15 * MINUTE + 1000);
    let code = Code::Recovery(&anna.codes[0]);
    assert!(matches!(desk.pass_second_step(&late, code, &origin()).await.unwrap(), Passed::Spent));
    let token = pending(desk, "anna@acme.example").await;
    let other = desk::accounts::UserPatch { password: Some("a new password".into()), ..Default::default() };
    desk.change_user(anna.user.id, other, &world.owner()).await.unwrap();
    assert!(
        matches!(desk.pass_second_step(&token, code, &origin()).await.unwrap(), Passed::Spent),
        "with a new password it begins again"
    );
    desk.forget_expired().await.unwrap();
}

async fn somebody_else_resets_it_and_nobody_their_own(world: World) {
    let (desk, anna) = (&world.desk, with_app(&world, "anna@acme.example", Role::Support).await);
    let chief = with_app(&world, "olga@acme.example", Role::Owner).await;
    let admin = world.user("ada@acme.example", Role::Admin).await;
    assert_eq!(code(desk.reset_second_step(chief.user.id, &admin.actor()).await), "forbidden");
    assert_eq!(code(desk.reset_second_step(chief.user.id, &chief.user.actor()).await), "own_second_step");
    desk.reset_second_step(anna.user.id, &admin.actor()).await.unwrap();
    assert!(desk.session(&anna.session.token).await.unwrap().is_none());
    assert!(first_step(desk, "anna@acme.example").await.session().is_some());
    assert!(mail(&world).await.text.contains("was taken away by ada"));
    assert_eq!(code(desk.reset_second_step(anna.user.id, &admin.actor()).await), "second_step_off");
    assert!(actions(&world).await.contains(&"second_step_reset"));
    desk.reset_second_step(chief.user.id, &desk::Actor::system()).await.unwrap();
    assert!(!desk.user(chief.user.id).await.unwrap().second_step);
}

async fn another_key_of_the_installation_leaves_the_recovery_codes(world: World) {
    let anna = with_app(&world, "anna@acme.example", Role::Support).await;
    let other = world.replica().await.sealing_with([10; 32]);
    let token = pending(&other, "anna@acme.example").await;
    let digits = digits(&world, &anna.secret);
    let refused = other.pass_second_step(&token, Code::App(&digits), &origin()).await;
    assert_eq!(code(refused), "second_step_unreadable");
    assert!(is_in(&other.pass_second_step(&token, Code::Recovery(&anna.codes[0]), &origin()).await.unwrap()));
}
