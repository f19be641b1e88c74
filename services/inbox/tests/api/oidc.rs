//! A1: sign-in through an identity provider, against one that speaks OpenID Connect to the letter, on both databases.

use domain::Role;
use harness::{
    agent::Agent,
    openid::{CLIENT, Fault, OpenId, SECRET},
};
use host::{Secret, config::Oidc};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    world::{PUBLIC_URL, World},
};

/// Each test on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    Box::pin(super::$name(false)).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    Box::pin(super::$name(true)).await;
                }
            )+
        }
    };
}

on_both!(
    who_is_known_comes_in_and_stays_the_same_whatever_their_address,
    who_was_invited_becomes_a_user_and_nobody_else,
    whoever_is_of_the_house_becomes_a_user_where_that_is_wanted,
    what_the_provider_says_wrongly_lets_nobody_in,
    a_way_back_is_good_once_and_in_one_browser,
    who_is_shut_out_stays_out,
    a_tie_is_shown_and_taken_away,
    only_owners_have_passwords_where_that_is_wanted,
);

const ANNA: &str = "anna@acme.example";
/// When the world begins, in seconds.
const NOW: i64 = 1_763_700_000;

fn at(provider: &OpenId) -> Oidc {
    Oidc {
        issuer: Some(provider.issuer()),
        client_id: Some(CLIENT.into()),
        client_secret: Some(Secret::new(SECRET)),
        name: "Acme ID".into(),
        ..Oidc::default()
    }
}

async fn world(on_postgres: bool, change: impl FnOnce(&mut Oidc)) -> (World, OpenId) {
    let provider = OpenId::start(NOW).await;
    provider.person(anna());
    let mut oidc = at(&provider);
    change(&mut oidc);
    (World::with_provider(oidc, on_postgres).await, provider)
}

fn anna() -> Value {
    json!({"sub": "a-1", "email": ANNA, "email_verified": true, "name": "Anna Lee"})
}

/// A new browser goes the whole way; the problem it is told.
async fn problem(world: &World) -> String {
    let mut browser = Browser::new(world);
    let end = browser.sign_in().await;
    assert!(browser.session().is_none() && browser.cookies.is_empty(), "{end}");
    let problem = end.strip_prefix(&format!("{PUBLIC_URL}/#/sign-in?problem="));
    problem.unwrap_or_else(|| panic!("{end}")).to_owned()
}

async fn audit(world: &World, action: &str) -> Vec<Value> {
    let page = world.owner.get(&format!("/audit?action={action}")).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

fn fact<'a>(line: &'a Value, field: &str) -> &'a Value {
    let changes = line["changes"].as_array().unwrap();
    changes.iter().find(|change| change["field"] == field).map_or(&Value::Null, |change| &change["after"])
}

async fn who_is_known_comes_in_and_stays_the_same_whatever_their_address(on_postgres: bool) {
    let (world, provider) = world(on_postgres, |_| ()).await;
    let options = Agent::nobody(&world.base).get("/session/options").await.expect(200);
    assert_eq!(options, json!({"provider": "Acme ID", "passwords_for_owners_only": false}));
    world.signed_in(ANNA, Role::Manager).await;
    let mut browser = Browser::new(&world);
    assert_eq!(browser.sign_in().await, format!("{PUBLIC_URL}/"));
    let first = browser.user().await;
    assert_eq!((&first["email"], &first["role"]), (&json!(ANNA), &json!("manager")));
    assert_eq!(browser.cookies.len(), 1, "what the browser kept for the way is gone");
    assert_eq!(fact(&audit(&world, "identity_linked").await[0], "email"), ANNA);
    let signed_in = audit(&world, "signed_in").await;
    assert_eq!(fact(&signed_in[0], "with"), "oidc");

    // married, and not even verified: the provider's own id decides
    provider.person(json!({"sub": "a-1", "email": "anna.berg@acme.example"}));
    provider.rotate();
    let looks = provider.key_looks();
    let mut other = Browser::new(&world);
    assert_eq!(other.sign_in().await, format!("{PUBLIC_URL}/"));
    assert_eq!(other.user().await["id"], first["id"]);
    assert_eq!(provider.key_looks(), looks + 1, "an unknown key is asked for");
    other.sign_in().await;
    assert_eq!(provider.key_looks(), looks + 1, "a known one is not");

    // and whoever gets her old address does not get her account
    provider.person(json!({"sub": "a-2", "email": ANNA, "email_verified": true}));
    assert_eq!(problem(&world).await, "linked_to_another");
}

async fn who_was_invited_becomes_a_user_and_nobody_else(on_postgres: bool) {
    let (world, provider) = world(on_postgres, |_| ()).await;
    assert_eq!(problem(&world).await, "not_invited");
    let refused = audit(&world, "sign_in_failed").await;
    assert_eq!(
        (fact(&refused[0], "reason"), fact(&refused[0], "with")),
        (&json!("not_invited"), &json!("oidc"))
    );
    world.owner.post("/invitations", json!({"email": ANNA, "role": "manager"})).await.expect(201);
    provider.person(json!({"sub": "a-1", "email": ANNA, "email_verified": false}));
    assert_eq!(problem(&world).await, "email_not_verified");
    provider.person(json!({"sub": "a-1", "email": ANNA}));
    assert_eq!(problem(&world).await, "email_not_verified");
    provider.person(json!({"sub": "a-1"}));
    provider.says_elsewhere(json!({"email": ANNA, "email_verified": true, "name": "Anna Lee"}));
    provider.fails(Some(Fault::OtherPerson));
    assert_eq!(problem(&world).await, "provider_not_trusted");
    provider.fails(None);
    let mut browser = Browser::new(&world);
    assert_eq!(browser.sign_in().await, format!("{PUBLIC_URL}/"));
    let user = browser.user().await;
    assert_eq!((&user["name"], &user["role"]), (&json!("Anna Lee"), &json!("manager")));
    let waiting = world.owner.get("/invitations").await.expect(200);
    assert_eq!(waiting["data"], json!([]));
    assert_eq!(audit(&world, "accepted").await.len(), 1);
}

async fn whoever_is_of_the_house_becomes_a_user_where_that_is_wanted(on_postgres: bool) {
    let (world, provider) = world(on_postgres, |oidc| {
        oidc.allowed_domains = vec!["acme.example".into()];
        oidc.create_users = true;
        oidc.assume_email_verified = true;
    })
    .await;
    for (email, problem) in
        [("eve@evil.example", "domain_not_allowed"), ("eve@sub.acme.example", "domain_not_allowed")]
    {
        provider.person(json!({"sub": "e-1", "email": email, "email_verified": true}));
        assert_eq!(super::oidc::problem(&world).await, problem);
    }
    provider.person(json!({"sub": "a-1", "email": "Anna@Acme.example", "name": "x".repeat(101)}));
    let mut browser = Browser::new(&world);
    browser.sign_in().await;
    let user = browser.user().await;
    assert_eq!(
        (&user["email"], &user["name"], &user["role"]),
        (&json!(ANNA), &json!("anna"), &json!("support"))
    );
    let added = audit(&world, "added").await;
    let line = added.iter().find(|line| line["object"]["name"] == "anna").expect("a line");
    assert_eq!(line["actor"]["kind"], "system");
    provider.person(json!({"sub": "b-1", "email": "bea@acme.example", "email_verified": false}));
    assert_eq!(problem(&world).await, "email_not_verified", "what is said to be false is not assumed");
}

async fn what_the_provider_says_wrongly_lets_nobody_in(on_postgres: bool) {
    let (world, provider) = world(on_postgres, |_| ()).await;
    world.signed_in(ANNA, Role::Owner).await;
    for (fault, told) in [
        (Fault::Nonce, "provider_not_trusted"),
        (Fault::Audience, "provider_not_trusted"),
        (Fault::AuthorizedParty, "provider_not_trusted"),
        (Fault::Expired, "provider_not_trusted"),
        (Fault::Issuer, "provider_not_trusted"),
        (Fault::AlgNone, "provider_not_trusted"),
        (Fault::Hs256, "provider_not_trusted"),
        (Fault::Unsigned, "provider_not_trusted"),
        (Fault::OtherKey, "provider_not_trusted"),
        (Fault::WayBack, "provider_not_trusted"),
        (Fault::Broken, "provider_away"),
        (Fault::Denied, "access_denied"),
    ] {
        provider.fails(Some(fault));
        assert_eq!(problem(&world).await, told, "{fault:?}");
    }
    provider.fails(None);
    provider.set_time(NOW + 30);
    assert_eq!(
        Browser::new(&world).sign_in().await,
        format!("{PUBLIC_URL}/"),
        "clocks are never quite the same"
    );
    provider.set_time(NOW + 3600);
    assert_eq!(problem(&world).await, "provider_not_trusted");
    assert!(audit(&world, "identity_linked").await.len() == 1);
}

async fn a_way_back_is_good_once_and_in_one_browser(on_postgres: bool) {
    let (world, _provider) = world(on_postgres, |_| ()).await;
    world.signed_in(ANNA, Role::Support).await;
    let again = format!("{PUBLIC_URL}/#/sign-in?problem=begin_again");
    let mut browser = Browser::new(&world);
    let back = browser.way_back().await;
    // somebody else is led to our way back: they do not become us
    assert_eq!(Browser::new(&world).open(&back).await, again);
    let kept = browser.cookies.clone();
    assert_eq!(browser.open(&back).await, format!("{PUBLIC_URL}/"));
    let mut replayed = Browser::new(&world);
    replayed.cookies = kept;
    assert_eq!(replayed.open(&back).await, again);
    assert!(replayed.session().is_none());
    let mut late = Browser::new(&world);
    let back = late.way_back().await;
    world.pass(10 * 60 * 1000);
    assert_eq!(late.open(&back).await, again);
    for place in
        ["", "?", "?code=x", "?state=x&code=y", "?error=access_denied", "?redirect=https://evil.example"]
    {
        let address = format!("{PUBLIC_URL}/api/v1/session/oidc/callback{place}");
        assert_eq!(Browser::new(&world).open(&address).await, again, "{place}");
    }
}

async fn who_is_shut_out_stays_out(on_postgres: bool) {
    let (world, _provider) = world(on_postgres, |_| ()).await;
    world.signed_in(ANNA, Role::Support).await;
    let mut browser = Browser::new(&world);
    browser.sign_in().await;
    let id = browser.user().await["id"].as_str().unwrap().to_owned();
    let path = format!("/users/{id}");
    world.owner.patch(&path, json!({"disabled": true})).await.expect(200);
    assert_eq!(problem(&world).await, "disabled");
    world.owner.patch(&path, json!({"disabled": false})).await.expect(200);
    world.owner.delete(&format!("{path}/identity")).await.expect(204);
    world.owner.patch(&path, json!({"disabled": true})).await.expect(200);
    assert_eq!(problem(&world).await, "disabled", "also when they are found by their address");
}

async fn a_tie_is_shown_and_taken_away(on_postgres: bool) {
    let (world, provider) = world(on_postgres, |_| ()).await;
    let anna = world.signed_in(ANNA, Role::Support).await;
    assert_eq!(anna.get("/session/identities").await.expect(200)["data"], json!([]));
    let mut browser = Browser::new(&world);
    browser.sign_in().await;
    let user = browser.user().await;
    let own = anna.get("/session/identities").await.expect(200)["data"][0].clone();
    assert_eq!((&own["email"], &own["issuer"]), (&json!(ANNA), &json!(provider.issuer())));
    let all = world.owner.get("/identities").await.expect(200);
    assert_eq!(all["data"][0]["user_id"], user["id"]);
    let path = format!("/users/{}/identity", user["id"].as_str().unwrap());
    world.owner.delete(&path).await.expect(204);
    assert_eq!(audit(&world, "identity_unlinked").await.len(), 1);
    anna.get("/badge").await.expect(401);
    world.owner.delete(&path).await.expect(404);
    // one's own: not without another way in
    let anna = Agent::sign_in(&world.base, ANNA, "correct horse battery").await;
    Browser::new(&world).sign_in().await;
    anna.delete("/session/identities").await.expect(204);
    anna.get("/badge").await.expect(200);
    anna.delete("/session/identities").await.expect(404);
    // an owner's is for owners
    let owner = world.signed_in("kim@acme.example", Role::Owner).await;
    provider.person(json!({"sub": "k-1", "email": "kim@acme.example", "email_verified": true}));
    Browser::new(&world).sign_in().await;
    let kim = owner.get("/session").await.expect(200)["user"]["id"].as_str().unwrap().to_owned();
    let admin = world.with_role(Role::Admin).await;
    admin.delete(&format!("/users/{kim}/identity")).await.expect(403);
}

async fn only_owners_have_passwords_where_that_is_wanted(on_postgres: bool) {
    let (world, _provider) = world(on_postgres, |oidc| oidc.password_sign_in = false).await;
    let options = Agent::nobody(&world.base).get("/session/options").await.expect(200);
    assert_eq!(options["passwords_for_owners_only"], true);
    let new = json!({"email": ANNA, "role": "support", "password": "correct horse battery"});
    let user = world.owner.post("/users", new).await.expect(201);
    let nobody = Agent::nobody(&world.base);
    let with_password = json!({"email": ANNA, "password": "correct horse battery"});
    assert_eq!(nobody.post("/session", with_password).await.code(), "wrong_credentials");
    world.signed_in("kim@acme.example", Role::Owner).await;
    let mut browser = Browser::new(&world);
    assert_eq!(browser.sign_in().await, format!("{PUBLIC_URL}/"));
    // a second step here is not asked for: the provider answers for both
    world.owner.patch("/settings", json!({"security": {"second_step_required": true}})).await.expect(200);
    assert_eq!(Browser::new(&world).sign_in().await, format!("{PUBLIC_URL}/"));
    let session = browser.session().unwrap().to_owned();
    let anna = Agent::with_session(&world.base, &session).await;
    assert_eq!(anna.delete("/session/identities").await.code(), "only_way_in");
    // links of admins still work
    let path = format!("/users/{}/sign-in-link", user["id"].as_str().unwrap());
    let link =
        world.owner.post(&path, json!({})).await.expect(201)["sign_in_link"].as_str().unwrap().to_owned();
    let token = link.split_once("token=").unwrap().1;
    nobody.post("/session/link", json!({"token": token})).await.expect(202);
}

#[tokio::test]
async fn a_provider_that_is_away_or_another_one_is_told_at_once() {
    let (world, provider) = world(false, |_| ()).await;
    provider.fails(Some(Fault::OtherProvider));
    let told = |code: &str| format!("{PUBLIC_URL}/#/sign-in?problem={code}");
    let begin = format!("{PUBLIC_URL}/api/v1/session/oidc");
    assert_eq!(Browser::new(&world).open(&begin).await, told("provider_not_trusted"));
    provider.fails(Some(Fault::Slow));
    assert_eq!(Browser::new(&world).open(&begin).await, told("provider_away"));
    provider.fails(None);
    let door = Browser::new(&world).open(&begin).await;
    assert!(door.starts_with(&provider.issuer()) && door.contains("code_challenge_method=S256"), "{door}");
}

#[tokio::test]
async fn signing_in_again_and_again_is_slowed_down() {
    let (world, _provider) = world(false, |_| ()).await;
    let mut browser = Browser::new(&world);
    let begin = format!("{PUBLIC_URL}/api/v1/session/oidc");
    // tries come back meanwhile: on a slow machine it takes some more than the limit
    for tries in 0..1_000 {
        let led = browser.open(&begin).await;
        if led.contains("problem=") {
            assert_eq!(led, format!("{PUBLIC_URL}/#/sign-in?problem=too_many_tries"));
            assert!(tries >= 120, "{tries}");
            return;
        }
    }
    panic!("nobody slows it down");
}
