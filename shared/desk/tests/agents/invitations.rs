//! A1: people come in by an invitation, get back in by a link, and see where they are signed in.

use bus::topic::OUTBOUND_EMAIL;
use desk::{
    accounts::{NewInvitation, UserPatch},
    sign_in::{Ending, Origin},
};
use domain::{Role, event::OutboundEmail};

use crate::world::{World, code};

on_both!(
    an_invitation_by_mail_makes_a_user_once,
    an_invitation_sent_again_or_taken_back_makes_the_link_before_useless,
    who_may_not_make_an_owner_may_not_invite_one,
    a_forgotten_password_is_replaced_by_a_link_that_works_once_for_an_hour,
    asking_again_and_again_sends_few_mails_and_a_stranger_none,
    a_person_sees_their_sessions_and_ends_them,
    a_mail_about_an_account_never_comes_back_as_a_ticket,
);

const HOUR: i64 = 60 * 60 * 1000;

fn origin() -> Origin {
    Origin::new("203.0.113.9".parse().unwrap(), "Mozilla/5.0 Firefox/142.0")
}

async fn mails(world: &World) -> Vec<OutboundEmail> {
    world.told(OUTBOUND_EMAIL).await
}

/// The token in the link of the last mail.
async fn token(world: &World) -> String {
    let mail = mails(world).await.pop().expect("a mail");
    let after = mail.text.split("?token=").nth(1).unwrap_or_else(|| panic!("no link: {}", mail.text));
    after.split_whitespace().next().unwrap().to_owned()
}

fn new(email: &str, role: Role) -> NewInvitation {
    NewInvitation { email: email.parse().unwrap(), name: None, role }
}

async fn an_invitation_by_mail_makes_a_user_once(world: World) {
    let desk = &world.desk;
    let invited = desk.invite(new("Maya@Acme.example", Role::Manager), &world.owner()).await.unwrap();
    let mail = mails(&world).await.pop().unwrap();
    assert_eq!((mail.to.as_str(), mail.automatic), ("maya@acme.example", true));
    assert!(mail.subject.contains("Kim invites you"), "{}", mail.subject);
    assert_eq!(
        code(desk.invite(new("maya@acme.example", Role::Support), &world.owner()).await),
        "already_invited"
    );
    assert_eq!(desk.invitations().await.unwrap(), std::slice::from_ref(&invited));
    let token = token(&world).await;
    assert_eq!(desk.invitation_of(&token).await.unwrap(), Some(invited));
    let (short, common) = ("short", "Password2026");
    for password in [short, common] {
        assert_eq!(code(desk.accept_invitation(&token, "Maya", password, &origin()).await), "password");
    }
    assert_eq!(code(desk.accept_invitation(&token, " ", "a good password", &origin()).await), "name");
    let from = origin();
    let tries = [(); 2].map(|()| desk.accept_invitation(&token, "Maya", "a good password", &from));
    let all = futures::future::join_all(tries).await;
    let sessions: Vec<_> = all.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(sessions.len(), 1, "it works once");
    let session = sessions[0].clone().session().unwrap();
    let maya = &session.user;
    assert_eq!(
        (maya.name.as_str(), maya.role, maya.email.as_str()),
        ("Maya", Role::Manager, "maya@acme.example")
    );
    assert!(desk.session(&session.token).await.unwrap().is_some());
    assert!(desk.sign_in("maya@acme.example", "a good password", &origin()).await.unwrap().is_some());
    assert_eq!(desk.invitations().await.unwrap(), []);
    assert_eq!(desk.invitation_of(&token).await.unwrap(), None);
    assert_eq!(
        code(desk.invite(new("maya@acme.example", Role::Support), &world.owner()).await),
        "email_taken"
    );
}

async fn a_mail_about_an_account_never_comes_back_as_a_ticket(world: World) {
    world.desk.invite(new("maya@acme.example", Role::Admin), &world.owner()).await.unwrap();
    let mail = mails(&world).await.pop().unwrap();
    let other = world.mailed("anna@kunde.example", "Order", "where is it?").await;
    for kind in ["bounce", "auto_reply", "human"] {
        let digest = uuid::Uuid::new_v4().to_string();
        let back: domain::event::InboundEmail = serde_json::from_value(serde_json::json!({
            "mailbox": "support@acme.example", "recipient": "support@in.acme.example", "envelope_from": "",
            "message_id": format!("{digest}@acme.example"), "refers_to": [&mail.mail_id], "references": [],
            "from": "maya@acme.example", "from_name": null, "subject": "Re: it", "text": &mail.text, "html": null,
            "attachments": [], "kind": kind, "raw": "mail/1.eml", "digest": digest, "sent_at": null,
            "received_at": world.now(),
        }))
        .unwrap();
        let key = format!("mail:support@acme.example:{digest}");
        assert_eq!(world.take_in(&key, bus::topic::INBOUND_EMAIL, &back).await, None, "{kind}");
    }
    let all = world.desk.tickets(&Default::default(), &world.owner(), &Default::default()).await.unwrap();
    assert_eq!(all.data.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [other]);
    let user = desk::accounts::NewUser {
        email: "support@acme.example".parse().unwrap(),
        name: Some("Help".into()),
        role: Role::Support,
        password: None,
    };
    world.desk.create_user(user, &world.owner()).await.unwrap();
    let before = mails(&world).await.len();
    world.desk.forgot_password("support@acme.example", &origin()).await.unwrap();
    assert_eq!(mails(&world).await.len(), before, "a mailbox that agents read gets no link");
}

async fn an_invitation_sent_again_or_taken_back_makes_the_link_before_useless(world: World) {
    let (desk, owner) = (&world.desk, world.owner());
    let invited = desk.invite(new("maya@acme.example", Role::Support), &owner).await.unwrap();
    let first = token(&world).await;
    assert_eq!(code(desk.invite_again(invited.id, &owner).await), "sent_just_now");
    world.turn(HOUR);
    let again = desk.invite_again(invited.id, &owner).await.unwrap();
    assert!(again.expires_at > invited.expires_at);
    let second = token(&world).await;
    assert_ne!(first, second);
    assert_eq!(desk.invitation_of(&first).await.unwrap(), None);
    world.turn(7 * 24 * HOUR + 1000);
    assert_eq!(desk.invitation_of(&second).await.unwrap(), None, "a week is over");
    assert!(desk.accept_invitation(&second, "Maya", "a good password", &origin()).await.unwrap().is_none());
    desk.invite_again(invited.id, &owner).await.unwrap();
    let third = token(&world).await;
    assert!(desk.invitation_of(&third).await.unwrap().is_some());
    desk.revoke_invitation(invited.id, &owner).await.unwrap();
    assert!(desk.accept_invitation(&third, "Maya", "a good password", &origin()).await.unwrap().is_none());
    assert_eq!(code(desk.revoke_invitation(invited.id, &owner).await), "invitation");
    assert_eq!(code(desk.invite_again(invited.id, &owner).await), "invitation");
}

async fn who_may_not_make_an_owner_may_not_invite_one(world: World) {
    let admin = world.user("ada@acme.example", Role::Admin).await.actor();
    assert_eq!(code(world.desk.invite(new("maya@acme.example", Role::Owner), &admin).await), "forbidden");
    let invited = world.desk.invite(new("maya@acme.example", Role::Owner), &world.owner()).await.unwrap();
    world.turn(HOUR);
    assert_eq!(code(world.desk.invite_again(invited.id, &admin).await), "forbidden");
    assert_eq!(code(world.desk.revoke_invitation(invited.id, &admin).await), "forbidden");
}

async fn a_forgotten_password_is_replaced_by_a_link_that_works_once_for_an_hour(world: World) {
    let desk = &world.desk;
    world.user("anna@acme.example", Role::Support).await;
    let old = desk
        .sign_in("anna@acme.example", "correct horse", &origin())
        .await
        .unwrap()
        .unwrap()
        .session()
        .unwrap();
    desk.forgot_password("Anna@acme.example", &origin()).await.unwrap();
    let late = token(&world).await;
    world.turn(HOUR + 1000);
    assert!(!desk.reset_password(&late, "a new password", &origin()).await.unwrap(), "an hour is over");
    desk.forgot_password("anna@acme.example", &origin()).await.unwrap();
    let link = token(&world).await;
    assert_eq!(code(desk.reset_password(&link, "1234567890", &origin()).await), "password");
    assert!(desk.session(&old.token).await.unwrap().is_some(), "nothing happened yet");
    let from = origin();
    let tries = [(); 2].map(|()| desk.reset_password(&link, "a new password", &from));
    let done =
        futures::future::join_all(tries).await.into_iter().filter(|done| *done.as_ref().unwrap()).count();
    assert_eq!(done, 1, "it works once");
    assert!(desk.session(&old.token).await.unwrap().is_none());
    assert!(desk.sign_in("anna@acme.example", "correct horse", &origin()).await.unwrap().is_none());
    assert!(desk.sign_in("anna@acme.example", "a new password", &origin()).await.unwrap().is_some());
    let told = mails(&world).await.pop().unwrap();
    assert!(told.subject.contains("was changed") && told.text.contains("203.0.113.9"), "{}", told.text);
}

async fn asking_again_and_again_sends_few_mails_and_a_stranger_none(world: World) {
    let desk = &world.desk;
    let anna = world.user("anna@acme.example", Role::Support).await;
    for email in ["nobody@acme.example", "no address", ""] {
        desk.forgot_password(email, &origin()).await.unwrap();
    }
    assert_eq!(mails(&world).await.len(), 0);
    for _ in 0..5 {
        desk.forgot_password("anna@acme.example", &origin()).await.unwrap();
    }
    assert_eq!(mails(&world).await.len(), 3);
    let first = token(&world).await;
    world.turn(HOUR);
    let out = UserPatch { disabled: Some(true), ..UserPatch::default() };
    desk.change_user(anna.id, out, &world.owner()).await.unwrap();
    desk.forgot_password("anna@acme.example", &origin()).await.unwrap();
    assert_eq!(mails(&world).await.len(), 3, "who is shut out gets none");
    assert!(!desk.reset_password(&first, "a new password", &origin()).await.unwrap());
}

async fn a_person_sees_their_sessions_and_ends_them(world: World) {
    let desk = &world.desk;
    let anna = world.user("anna@acme.example", Role::Support).await;
    let bert = world.user("bert@acme.example", Role::Support).await;
    let sign_in = async |email: &str| {
        desk.sign_in(email, "correct horse", &origin()).await.unwrap().unwrap().session().unwrap()
    };
    let (first, second) = (sign_in("anna@acme.example").await, sign_in("anna@acme.example").await);
    let other = sign_in("bert@acme.example").await;
    world.turn(10 * 60 * 1000);
    desk.session(&first.token).await.unwrap().unwrap();
    let open = desk.open_sessions(anna.id, Some(&second.token)).await.unwrap();
    let seen: Vec<_> = open.iter().map(|one| (one.current, one.used_at > one.created_at)).collect();
    assert_eq!(seen, [(false, true), (true, false)], "last used first");
    assert_eq!(open[0].browser, "Mozilla/5.0 Firefox/142.0");
    assert_eq!(open[0].address.as_deref(), Some("203.0.113.9"));
    let theirs = desk.open_sessions(bert.id, None).await.unwrap();
    let foreign = desk.end_sessions(anna.id, Ending::One(&theirs[0].id), &anna.actor()).await;
    assert_eq!(code(foreign), "session");
    desk.end_sessions(anna.id, Ending::One(&open[0].id), &anna.actor()).await.unwrap();
    assert!(desk.session(&first.token).await.unwrap().is_none());
    let third = sign_in("anna@acme.example").await;
    assert_eq!(
        desk.end_sessions(anna.id, Ending::AllBut(Some(&third.token)), &anna.actor()).await.unwrap(),
        1
    );
    assert!(desk.session(&second.token).await.unwrap().is_none());
    assert!(desk.session(&third.token).await.unwrap().is_some());
    assert_eq!(desk.end_sessions(anna.id, Ending::AllBut(None), &world.owner()).await.unwrap(), 1);
    assert!(desk.session(&third.token).await.unwrap().is_none());
    assert!(desk.session(&other.token).await.unwrap().is_some(), "somebody else's goes on");
    let chief = world.user("olga@acme.example", Role::Owner).await;
    let admin = world.user("ada@acme.example", Role::Admin).await;
    assert_eq!(code(desk.end_sessions(chief.id, Ending::AllBut(None), &admin.actor()).await), "forbidden");
}
