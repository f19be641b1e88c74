//! Everything that is kept of a person, for themselves: all of it, and nothing of anybody else.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use domain::{
    AttachmentId, Role,
    event::{DeadLetter, InboundEmail},
    message::Attachment,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::World;

const ZORA: &str = "zora@kunde.example";
const ZORAS: &str = "+12125550100";
const OTHER: &str = "anna@kunde.example";
const SECRET: &str = "annas-own-secret";
const UNSAID: &str = "never-said";

/// What a zip holds.
struct Unzipped(BTreeMap<String, Vec<u8>>);

impl Unzipped {
    fn of(bytes: Vec<u8>) -> Self {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut files = BTreeMap::new();
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).unwrap();
            assert!(file.enclosed_name().is_some(), "{} leaves its folder", file.name());
            let (name, mut bytes) = (file.name().to_owned(), Vec::new());
            file.read_to_end(&mut bytes).unwrap();
            assert!(files.insert(name.clone(), bytes).is_none(), "{name} is there twice");
        }
        Self(files)
    }

    fn person(&self) -> Value {
        serde_json::from_slice(&self.0["person.json"]).unwrap()
    }

    /// The bytes of a file of which the JSON says where it is.
    fn bytes(&self, file: &Value) -> &[u8] {
        &self.0[file["file"].as_str().unwrap_or_else(|| panic!("{file}"))]
    }

    fn mentions(&self, words: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(words.len()).any(|some| some == words.as_bytes());
        self.0.iter().any(|(name, bytes)| name.contains(words) || holds(bytes))
    }
}

async fn export(world: &World, profile: &str) -> Unzipped {
    let request = world.owner.request(Method::GET, &format!("/profiles/{profile}/export"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "application/zip");
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"person-"));
    assert_eq!(headers["cache-control"], "no-store");
    Unzipped::of(response.bytes().await.unwrap().to_vec())
}

async fn profile_of(world: &World, ticket: &str) -> String {
    world.owner.ticket(ticket).await["profile"]["id"].as_str().unwrap().to_owned()
}

async fn file(world: &World, name: &str, blob: &str, bytes: Option<&str>) -> Attachment {
    if let Some(bytes) = bytes {
        world.blobs.put(blob, bytes.to_owned().into()).await.unwrap();
    }
    Attachment {
        id: AttachmentId(Uuid::new_v4()),
        name: name.into(),
        content_type: "application/pdf".into(),
        size: 3,
        url: String::new(),
        blob: Some(blob.into()),
    }
}

fn dead(world: &World, mail: &InboundEmail) -> DeadLetter {
    DeadLetter {
        consumer: "ticketing".into(),
        subject: bus::topic::INBOUND_EMAIL.subject.into(),
        envelope: json!({"id": mail.digest, "at": world.now(), "schema": 1, "event": mail}).to_string(),
        reason: "it could not be read".into(),
        attempts: 6,
        at: world.now(),
    }
}

/// Zora mails with files, texts, is answered, talked about, merged and blocked; Anna is somebody else.
async fn everything_of_a_person_and_nothing_of_another(world: World) {
    let owner = &world.owner;
    world.blobs.put(&world.raw_of(ZORA), "From: zora\r\n\r\nraw words".into()).await.unwrap();
    let attachments = vec![
        file(&world, "../../etc/passwd", "att/one", Some("one")).await,
        file(&world, "x/Report.pdf", "att/two", Some("two")).await,
        file(&world, "report.PDF", "att/three", Some("three")).await,
        file(&world, "lost.pdf", "att/lost", None).await,
    ];
    let letter = InboundEmail { attachments, ..world.letter(ZORA, "In/voice ..", "where is it?") };
    let ticket = world.mailed(&letter).await.unwrap();
    let profile = profile_of(&world, &ticket).await;
    let coupon = json!({"name": "SORRY", "shared_code": "SORRY10"});
    owner.post("/coupons", coupon).await.expect(201);
    owner
        .post(&format!("/tickets/{ticket}/messages"), json!({"text": "Take {{coupon:SORRY}}"}))
        .await
        .expect(201);
    owner.post(&format!("/tickets/{ticket}/notes"), json!({"text": "Zora is in a hurry"})).await.expect(201);
    owner.change(&ticket, json!({"tags": ["refund"]})).await;
    let undone = json!({"text": UNSAID, "undo_seconds": 10});
    let undone = owner.post(&format!("/tickets/{ticket}/messages"), undone).await.expect(201);
    let undo = format!("/tickets/{ticket}/messages/{}/undo", undone["id"].as_str().unwrap());
    owner.send(owner.request(Method::POST, &undo)).await.expect(200);

    let mut texted = String::new();
    for n in 0..60 {
        texted = world.text(ZORAS, &format!("text number {n}")).await;
    }
    let other_self = profile_of(&world, &texted).await;
    owner.consent(&other_self, "transactional", "subscribed").await;
    owner.post(&format!("/profiles/{profile}/merge"), json!({"profile_id": other_self})).await.expect(200);

    let annas = world.mail(OTHER, SECRET, SECRET).await;
    owner.post(&format!("/tickets/{annas}/notes"), json!({"text": SECRET})).await.expect(201);
    let stray = InboundEmail { raw: "mail/stray.eml".into(), ..world.letter(ZORA, "Stray", "a stray mail") };
    world.blobs.put("mail/stray.eml", "a stray mail, raw".into()).await.unwrap();
    world.desk.bury(&dead(&world, &stray)).await.unwrap();
    let names_her = InboundEmail {
        reply_to: vec![
            ZORA.parse::<domain::EmailAddress>()
                .map(|address| domain::NamedAddress { address, name: None })
                .unwrap(),
        ],
        ..world.letter(OTHER, SECRET, SECRET)
    };
    world.desk.bury(&dead(&world, &names_her)).await.unwrap();
    owner.post(&format!("/profiles/{profile}/block"), json!({})).await.expect(200);
    assert_eq!(world.text(ZORAS, "said while blocked").await, "");

    let zip = export(&world, &other_self).await;
    let person = zip.person();
    assert_eq!(person["profile"]["id"], json!(profile), "the whole person, by whichever id");
    let known: Vec<_> =
        person["profile"]["addresses"].as_array().unwrap().iter().map(|a| &a["value"]).collect();
    assert!(known.contains(&&json!(ZORA)) && known.contains(&&json!(ZORAS)), "{known:?}");
    assert_eq!(
        (&person["merged"][0]["id"], person["merged"].as_array().unwrap().len()),
        (&json!(other_self), 1)
    );
    let consent = person["consent"].as_array().unwrap();
    assert!(consent.iter().any(|line| line["state"] == "subscribed" && line["kind"] == "transactional"));
    assert_eq!(
        (&person["coupons"][0]["name"], &person["coupons"][0]["code"]),
        (&json!("SORRY"), &json!("SORRY10"))
    );

    let tickets = person["tickets"].as_array().unwrap();
    assert_eq!(tickets.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&json!(ticket), &json!(texted)]);
    let (mailed, texts) = (&tickets[0], &tickets[1]);
    assert_eq!((&mailed["tags"], &mailed["status"]), (&json!(["refund"]), &json!("closed")));
    assert_eq!(mailed["notes"][0]["text"], "Zora is in a hurry");
    let messages = mailed["messages"].as_array().unwrap();
    let said: Vec<_> = messages.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["where is it?", "Take SORRY10"]);
    assert_eq!((&messages[0]["status"], &messages[1]["direction"]), (&json!("received"), &json!("out")));
    assert!(messages[1]["status_at"].is_string() && messages[1]["status"].is_string());
    assert_eq!(messages[0]["mail"]["from"]["address"], ZORA);
    assert_eq!(zip.bytes(&messages[0]["original"]), b"From: zora\r\n\r\nraw words");
    let texts = texts["messages"].as_array().unwrap();
    assert_eq!((texts.len(), &texts[59]["text"]), (60, &json!("text number 59")));

    let files = messages[0]["attachments"].as_array().unwrap();
    let bytes: Vec<_> = files[..3].iter().map(|file| zip.bytes(file)).collect();
    assert_eq!(bytes, [&b"one"[..], b"two", b"three"]);
    assert_eq!(files[0]["size"], 3);
    assert_eq!((&files[3]["file"], &files[3]["missing"]), (&json!(null), &json!("its bytes are gone")));
    let lower: Vec<_> = zip.0.keys().map(|name| name.to_lowercase()).collect();
    assert!(lower.iter().collect::<std::collections::BTreeSet<_>>().len() == lower.len(), "{lower:?}");
    assert!(lower.iter().all(|name| !name.contains("..") && !name.starts_with('/')), "{lower:?}");

    let kept = person["kept"].as_array().unwrap();
    let whats: Vec<_> =
        kept.iter().map(|one| (one["state"].as_str().unwrap(), &one["event"]["text"])).collect();
    assert!(whats.contains(&("blocked", &json!("said while blocked"))), "{whats:?}");
    assert!(whats.contains(&("dead", &json!("a stray mail"))), "{whats:?}");
    assert_eq!(whats.len(), 2);
    let stray = kept.iter().find(|one| one["state"] == "dead").unwrap();
    assert_eq!(zip.bytes(&stray["original"]), b"a stray mail, raw");
    assert_eq!(person["missing_files"], 1);
    for foreign in [SECRET, OTHER, UNSAID] {
        assert!(!zip.mentions(foreign), "{foreign}");
    }

    let lines = owner.get("/audit?action=exported").await.expect(200);
    let lines = lines["data"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[0]["object"]["id"]), (1, &json!(profile)));
}

#[tokio::test]
async fn an_export_has_everything_of_a_person_and_nothing_of_another_on_sqlite() {
    Box::pin(everything_of_a_person_and_nothing_of_another(World::new().await)).await;
}

#[tokio::test]
async fn an_export_has_everything_of_a_person_and_nothing_of_another_on_postgresql() {
    Box::pin(everything_of_a_person_and_nothing_of_another(World::postgres().await)).await;
}

#[tokio::test]
async fn only_admins_and_owners_export_and_nobody_who_is_erased() {
    let world = World::new().await;
    let profile = profile_of(&world, &world.text(ZORAS, "hi").await).await;
    let path = format!("/profiles/{profile}/export");
    for (role, status) in [(Role::Support, 403), (Role::Manager, 403), (Role::Admin, 200), (Role::Owner, 200)]
    {
        assert_eq!(world.with_role(role).await.get(&path).await.status, status, "{role}");
    }
    let lines = world.owner.get("/audit?action=exported").await.expect(200);
    assert_eq!(lines["data"].as_array().unwrap().len(), 2, "who was refused did nothing");
    world.owner.post(&format!("/profiles/{profile}/erase"), json!({"confirm": ZORAS})).await.expect(202);
    world.owner.get(&path).await.expect(404);
}

#[tokio::test]
async fn only_some_are_made_at_a_time_and_who_goes_makes_room() {
    let world = World::new().await;
    // nothing makes it smaller, and it does not fit into what networks hold back
    let mut state = 1_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let noise: Vec<u8> = (0..1_200_000).flat_map(|_| noise()).collect();
    let film = file(&world, "film.mp4", "att/film", None).await;
    let attachments = vec![Attachment { content_type: "video/mp4".into(), ..film }];
    world.blobs.put("att/film", noise.into()).await.unwrap();
    let letter = InboundEmail { attachments, ..world.letter(ZORA, "Film", "see") };
    let profile = profile_of(&world, &world.mailed(&letter).await.unwrap()).await;
    let path = format!("/profiles/{profile}/export");
    let mut open = Vec::new();
    for _ in 0..3 {
        let response = world.owner.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        open.push(response);
    }
    let full = world.owner.get(&path).await;
    assert_eq!((full.status, full.code()), (429, "too_many_requests"));
    assert_eq!(full.headers["retry-after"], "60");
    drop(open);
    for _ in 0..100 {
        if world.owner.get(&path).await.status == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("there is no room again");
}
