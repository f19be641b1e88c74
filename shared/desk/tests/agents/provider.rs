//! A1: coming in through the organisation's identity provider.

use bus::topic::OUTBOUND_EMAIL;
use desk::{
    Desk,
    accounts::NewInvitation,
    sign_in::{
        Origin,
        provider::{NoEntry, ProviderRules},
    },
};
use domain::{EmailAddress, Role, identity::Identity};

use crate::{
    passkeys,
    world::{World, code},
};

on_both!(
    a_sign_in_that_began_at_one_replica_ends_once_at_another,
    a_person_who_comes_in_twice_at_once_is_one_user,
    two_people_of_one_address_are_not_the_same,
    without_passwords_others_than_owners_get_no_links_and_take_up_no_invitation,
    nobody_comes_in_where_there_is_no_provider,
    without_passwords_others_than_owners_have_no_passkeys_either,
);

const MINUTE: i64 = 60 * 1000;
const ANNA: &str = "anna@acme.example";

fn rules() -> ProviderRules {
    ProviderRules {
        allowed_domains: vec!["acme.example".into()],
        created_as: Some(Role::Support),
        assume_email_verified: false,
        passwords_for_owners_only: true,
    }
}

fn identity(subject: &str, email: &str) -> Identity {
    Identity {
        issuer: "https://id.acme.example".into(),
        subject: subject.into(),
        email: Some(EmailAddress::parse(email).unwrap()),
        email_verified: Some(true),
        hosted_domain: None,
        name: Some("Anna Lee".into()),
    }
}

fn origin() -> Origin {
    Origin::new("203.0.113.9".parse().unwrap(), "Mozilla/5.0 Firefox/142.0")
}

async fn comes(desk: &Desk, identity: &Identity) -> Result<domain::UserId, NoEntry> {
    let new = desk.sign_in_through_provider(identity, &origin()).await.unwrap();
    new.map(|new| new.user.id)
}

async fn a_sign_in_that_began_at_one_replica_ends_once_at_another(world: World) {
    let other = world.replica().await;
    world.desk.begin_provider_sign_in("a state").await.unwrap();
    world.desk.begin_provider_sign_in("a late state").await.unwrap();
    assert_eq!(other.end_provider_sign_in("another state").await.unwrap(), None);
    let (one, two) =
        tokio::join!(other.end_provider_sign_in("a state"), world.desk.end_provider_sign_in("a state"));
    assert!(one.unwrap().is_some() != two.unwrap().is_some(), "once");
    world.turn(10 * MINUTE);
    assert_eq!(other.end_provider_sign_in("a late state").await.unwrap(), None);
    world.desk.forget_expired().await.unwrap();
}

async fn a_person_who_comes_in_twice_at_once_is_one_user(world: World) {
    let (one, two) =
        (world.desk.clone().brought_in_by(rules()), world.replica().await.brought_in_by(rules()));
    let anna = identity("a-1", ANNA);
    let origin = origin();
    let (here, there) = tokio::join!(
        one.sign_in_through_provider(&anna, &origin),
        two.sign_in_through_provider(&anna, &origin)
    );
    for found in [here, there] {
        match found {
            Ok(found) => assert_eq!(found.unwrap().user.email.as_str(), ANNA),
            refused => assert_eq!(code(refused), "sign_in_again"),
        }
    }
    assert_eq!(world.desk.users().await.unwrap().len(), 1);
    let id = comes(&one, &anna).await.unwrap();
    assert_eq!(world.desk.identities(Some(id)).await.unwrap().len(), 1);
}

async fn two_people_of_one_address_are_not_the_same(world: World) {
    let desk = world.desk.clone().brought_in_by(rules());
    let id = comes(&desk, &identity("a-1", ANNA)).await.unwrap();
    assert_eq!(comes(&desk, &identity("a-2", ANNA)).await, Err(NoEntry::LinkedToAnother));
    assert_eq!(comes(&desk, &identity("a-1", "other@elsewhere.example")).await, Ok(id));
    let linked = desk.identities(Some(id)).await.unwrap();
    assert_eq!(linked[0].email.as_deref(), Some("other@elsewhere.example"));
    desk.unlink_identity(id, None, &world.owner()).await.unwrap();
    assert_eq!(comes(&desk, &identity("a-2", ANNA)).await, Ok(id), "an admin said so");
}

async fn without_passwords_others_than_owners_get_no_links_and_take_up_no_invitation(world: World) {
    let desk = world.desk.clone().brought_in_by(rules());
    world.user(ANNA, Role::Admin).await;
    world.user("kim@acme.example", Role::Owner).await;
    desk.forgot_password(ANNA, &origin()).await.unwrap();
    desk.forgot_password("kim@acme.example", &origin()).await.unwrap();
    let mails = world.told(OUTBOUND_EMAIL).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to.to_string(), "kim@acme.example");
    assert!(desk.sign_in(ANNA, "correct horse", &origin()).await.unwrap().is_none());
    assert!(desk.sign_in("kim@acme.example", "correct horse", &origin()).await.unwrap().is_some());

    let bea = EmailAddress::parse("bea@acme.example").unwrap();
    let new = NewInvitation { email: bea, name: Some("Bea".into()), role: Role::Manager };
    desk.invite(new, &world.owner()).await.unwrap();
    let mail = world.told(OUTBOUND_EMAIL).await.pop().unwrap();
    let token = mail.text.split_once("token=").unwrap().1;
    let token = token.split_whitespace().next().unwrap();
    let taken = desk.accept_invitation(token, "Bea", "a password of hers", &origin()).await;
    assert_eq!(code(taken), "provider_only");
    let id = comes(&desk, &identity("b-1", "bea@acme.example")).await.unwrap();
    let bea = desk.user(id).await.unwrap();
    assert_eq!((bea.name.as_str(), bea.role), ("Bea", Role::Manager));
    assert!(desk.invitations().await.unwrap().is_empty());
}

async fn nobody_comes_in_where_there_is_no_provider(world: World) {
    world.user(ANNA, Role::Support).await;
    let refused = world.desk.sign_in_through_provider(&identity("a-1", ANNA), &origin()).await;
    assert_eq!(code(refused), "identity provider");
}

async fn without_passwords_others_than_owners_have_no_passkeys_either(world: World) {
    let mut owner = passkeys::holder(&world, passkeys::EMAIL, Role::Owner).await;
    let mut agent = passkeys::holder(&world, "ben@acme.example", Role::Support).await;
    let desk = world.desk.clone().brought_in_by(rules());
    assert!(passkeys::signed_in(&desk, &mut owner.authenticator).await.is_some(), "the provider may be away");
    assert!(passkeys::signed_in(&desk, &mut agent.authenticator).await.is_none());
    let refused = passkeys::add(&desk, &agent.session, &mut passkeys::authenticator(), None).await;
    assert_eq!(code(refused), "provider_only");
}
