//! `frontdesk mail-pipe`: mail from a mail server's pipe (B4), and what the exit code tells it (sysexits).

use std::{fs, os::unix::fs::PermissionsExt};

use harness::{
    frontdesk::Shape,
    mail::{MailServer, compose},
    postfix::{ALIAS, Postfix},
    process::executable,
};

use crate::{
    in_both_shapes,
    world::{INBOUND, MAILBOX, World},
};

const ANNA: &str = "anna@customer.example";
const KEY: &str = "the key of the pipe";

async fn with_key(shape: Shape) -> World {
    World::start_with(shape, vec![("FRONTDESK_EMAIL__WEBHOOK_KEY".into(), KEY.into())]).await
}

/// Only a durable mail is 0; a mail that nobody can want is 65 or 67; for all else the mail server keeps it.
async fn the_exit_code_tells_what_became_of_the_mail(shape: Shape) {
    let mut world = with_key(shape).await;
    let url = world.product.url("email-ingest");
    let mail = compose(ANNA, MAILBOX, "By a pipe", "through the pipe", &[]);
    let in_mbox = [b"From anna@customer.example Thu Nov 26 01:00:00 2026\n", &mail[..]].concat();
    let too_large = vec![b'x'; 26 * 1024 * 1024];
    let to = |rcpt: &'static str| vec!["mail-pipe", "--url", &url, "--rcpt", rcpt];
    for (arguments, input, code) in [
        (to(INBOUND), &mail[..], 0),
        ([to(INBOUND), vec!["--from", ANNA]].concat(), &in_mbox, 0),
        (to("support+t.x@in.acme.example"), &mail, 0),
        (to("nobody@in.acme.example"), &mail, 67),
        (to(INBOUND), b"", 65),
        (to(INBOUND), &too_large, 65),
        (vec!["mail-pipe"], &mail, 64),
        (vec!["mail-pipe", "--rcpt", INBOUND, "--nonsense"], &mail, 64),
        (vec!["mail-pipe", "--rcpt", INBOUND, "--url", "http://127.0.0.1:9"], &mail, 75),
        (vec!["mail-pipe", "--rcpt", INBOUND, "--url", &world.product.admin_url("email-ingest")], &mail, 75),
    ] {
        let (ended, _, said) = world.product.run_with(&arguments, input).await;
        assert_eq!(ended, code, "{arguments:?}: {said}");
        assert_eq!(said.is_empty(), code == 0, "{arguments:?}: {said}");
    }
    world.ticket_with("channel=email", "through the pipe").await;
    assert_eq!(world.tickets("channel=email").await.len(), 1, "the same mail again is the same");

    let at = world.product.url("email-ingest");
    world.product.stop().await;
    let arguments = ["mail-pipe", "--rcpt", INBOUND, "--url", &at];
    assert_eq!(world.product.run_with(&arguments, &mail).await.0, 75, "nobody is there");
}

/// Postfix gives the mails of an alias to the command, as a user who may read nothing but its configuration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_of_postfix_pipes_its_mails() {
    let world = with_key(Shape::Embedded).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder for all");
    if fs::hard_link(executable(), path("frontdesk")).is_err() {
        fs::copy(executable(), path("frontdesk")).expect("a copy");
    }
    fs::write(path("conf"), format!("[email]\nwebhook_key = \"{KEY}\"\n")).expect("a configuration");
    let command = format!(
        "{} mail-pipe --rcpt {INBOUND} --url {} --config {}",
        path("frontdesk"),
        world.product.url("email-ingest"),
        path("conf")
    );
    fs::write(path("aliases"), format!("support \"|{command}\"\n")).expect("aliases");
    let aliases = format!("texthash:{}", path("aliases"));
    let nowhere = ([127, 0, 0, 1], 9).into();
    let Some(postfix) = Postfix::start(nowhere, INBOUND, &[("alias_maps", &aliases)]).await else { return };
    let raw = compose(ANNA, ALIAS, "By an alias", "through Postfix's pipe", &[]);
    let reply = MailServer::new(postfix.address()).send(ANNA, ALIAS, &raw).await.expect("a reply");
    assert_eq!(reply.code, 250, "{reply:?}");
    postfix.drained().await;
    postfix.said("delivered to command").await;
    let ticket = world.ticket_with("channel=email", "through Postfix's pipe").await;
    assert_eq!(ticket["profile"]["address"], ANNA);
}

in_both_shapes!(the_exit_code_tells_what_became_of_the_mail);
