//! A1: passkeys where a second step is demanded, is reset, or a password is new.

use desk::{
    accounts::UserPatch,
    sign_in::{Entrance, NewSession},
};
use domain::{Role, sign_in::Needs};

use crate::{
    passkeys::{
        EMAIL, add, authenticator, demanded, first_step, holder, log, mail, needs, origin, proof, signed_in,
        with_app,
    },
    world::{World, code},
};

on_both!(
    a_demanded_second_step_is_kept_by_passkeys,
    resetting_takes_passkeys_too,
    a_new_password_leaves_passkeys_and_opens_no_way_around_them,
    somebody_who_is_shut_out_has_no_passkey,
);

/// Each state, and where a password or a link leads in it: the table is in `domain::sign_in`.
async fn a_demanded_second_step_is_kept_by_passkeys(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    assert_eq!(needs(desk).await, None, "nobody demands anything");
    demanded(&world, true).await;
    let Entrance::Pending(pending) = first_step(desk).await else { panic!("a session") };
    assert_eq!(pending.needs, Needs::Passkey);
    assert!(desk.enrol_pending(&pending.token).await.unwrap().is_none(), "a password alone sets nothing up");
    let link = desk.create_sign_in_link(anna.user.id, &world.owner()).await.unwrap();
    let came = desk.sign_in_with_link(&link, &origin()).await.unwrap().unwrap();
    assert!(matches!(came, Entrance::Pending(pending) if pending.needs == Needs::Passkey));
    let session = signed_in(desk, &mut anna.authenticator).await.expect("it is both steps");
    let remove = async |id, session: &NewSession| {
        desk.remove_passkey(anna.user.id, id, proof(session), &anna.user.actor()).await
    };
    assert_eq!(code(remove(anna.passkey.id, &session).await), "second_step_required");
    let other = add(desk, &session, &mut authenticator(), None).await.unwrap();
    remove(anna.passkey.id, &session).await.unwrap();
    with_app(&world, &session).await;
    remove(other.id, &session).await.unwrap();
    assert_eq!(needs(desk).await, Some(Needs::Code));
}

async fn resetting_takes_passkeys_too(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    let ada = world.user("ada@acme.example", Role::Admin).await;
    demanded(&world, true).await;
    desk.reset_second_step(anna.user.id, &ada.actor()).await.unwrap();
    assert!(desk.session(&anna.session.token).await.unwrap().is_none());
    assert!(signed_in(desk, &mut anna.authenticator).await.is_none());
    assert_eq!(desk.passkeys(anna.user.id).await.unwrap(), []);
    let told = mail(&world).await;
    assert!(told.text.contains("was taken away by ada") && told.text.contains("So were your passkeys"));
    assert!(log(&world).await.iter().any(|entry| entry.action.as_str() == "second_step_reset"));
    assert_eq!(code(desk.reset_second_step(anna.user.id, &ada.actor()).await), "second_step_off");
    assert_eq!(needs(desk).await, Some(Needs::Enrolment), "they set one up to come in");
}

async fn a_new_password_leaves_passkeys_and_opens_no_way_around_them(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    demanded(&world, true).await;
    desk.forgot_password(EMAIL, &origin()).await.unwrap();
    let text = mail(&world).await.text;
    let token = text.split("?token=").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(desk.reset_password(token, "another battery", &origin()).await.unwrap());
    let came = desk.sign_in(EMAIL, "another battery", &origin()).await.unwrap().unwrap();
    assert!(matches!(came, Entrance::Pending(pending) if pending.needs == Needs::Passkey));
    assert!(signed_in(desk, &mut anna.authenticator).await.is_some());
}

async fn somebody_who_is_shut_out_has_no_passkey(world: World) {
    let (desk, mut anna) = (&world.desk, holder(&world, EMAIL, Role::Support).await);
    let shut = async |disabled| {
        let patch = UserPatch { disabled: Some(disabled), ..UserPatch::default() };
        desk.change_user(anna.user.id, patch, &world.owner()).await.unwrap();
    };
    shut(true).await;
    assert!(signed_in(desk, &mut anna.authenticator).await.is_none());
    let refused = log(&world).await.remove(0);
    assert!(
        refused.action.as_str() == "sign_in_failed" && refused.changes.iter().any(|f| f.field == "disabled")
    );
    shut(false).await;
    assert!(signed_in(desk, &mut anna.authenticator).await.is_some());
}
