//! The carrier: hands customers' texts to the product's webhook, takes the product's texts, and tells what became of
//! them.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use domain::PhoneNumber;
use host::config::SmsNumber;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Json, Problem, signature};

use super::{
    Shared, World,
    store::{Happening, Text},
};

/// Longest text, in characters.
const LONGEST: usize = 1_600;
/// Waits between tries of a webhook that is not available, in milliseconds; a real carrier tries for longer.
const WAITS: [u64; 6] = [100, 300, 700, 1_500, 3_000, 5_000];

/// A text somebody wrote on the phone.
#[derive(Deserialize)]
pub struct Written {
    from: String,
    to: String,
    text: String,
}

/// `POST /sandbox/api/texts`: a customer's text to the organisation. Answered once the product has taken it in.
pub async fn text(State(world): State<Shared>, Json(written): Json<Written>) -> Result<Json<Value>, Problem> {
    let from = PhoneNumber::parse(&written.from).map_err(|error| Problem::invalid(error.to_string()))?;
    let number = number(&world, &written.to)?;
    let length = written.text.chars().count();
    if written.text.trim().is_empty() || length > LONGEST {
        return Err(Problem::invalid(format!("a text has 1 to {LONGEST} characters")));
    }
    let text = Text {
        id: carrier_id(),
        from: from.to_string(),
        to: number.number.to_string(),
        text: written.text,
        outbound: false,
        receipt_query: None,
        at: world.clock.now(),
    };
    let body = json!({
        "type": "message", "id": text.id, "from": text.from, "to": text.to, "text": text.text, "sent_at": text.at,
    });
    tell(&world, number, None, &body).await?;
    world.store.add(Happening::Text(text.clone())).await?;
    Ok(Json(json!(Happening::Text(text))))
}

/// A text the organisation sends.
#[derive(Deserialize)]
pub struct Outbound {
    from: String,
    to: String,
    text: String,
    #[serde(default)]
    status_callback: Option<String>,
}

/// `POST /sandbox/carrier/messages`: the organisation's text to a customer. It is delivered at once.
pub async fn take(
    State(world): State<Shared>,
    headers: HeaderMap,
    Json(outbound): Json<Outbound>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let number = number(&world, &outbound.from)?;
    let given = signature::bearer(&headers).unwrap_or_default();
    if !signature::same(given, world.secret(number)) {
        return Err(Problem::unauthorized("this is not the secret of that number"));
    }
    let callback = outbound.status_callback.and_then(|address| address.parse::<url::Url>().ok());
    let text = Text {
        id: carrier_id(),
        from: number.number.to_string(),
        to: outbound.to,
        text: outbound.text,
        outbound: true,
        receipt_query: callback.map(|address| address.query().unwrap_or_default().to_owned()),
        at: world.clock.now(),
    };
    world.store.add(Happening::Text(text.clone())).await?;
    let id = text.id.clone();
    tokio::spawn(async move { receipt(&world, &text).await });
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

/// The receipts a stop or crash has kept from being told.
///
/// # Errors
/// None: a receipt that cannot be told is only logged.
pub async fn owed_receipts(world: Shared) -> anyhow::Result<()> {
    for text in world.store.owed() {
        tokio::select! {
            () = world.stopping.cancelled() => break,
            () = receipt(&world, &text) => {}
        }
    }
    Ok(())
}

/// Tells that a text was delivered.
async fn receipt(world: &World, text: &Text) {
    let (Some(query), Ok(number)) = (&text.receipt_query, number(world, &text.from)) else { return };
    let body = json!({ "type": "status", "id": text.id, "status": "delivered" });
    let told = tell(world, number, Some(query), &body).await;
    let kept = match told {
        Ok(()) => world.store.add(Happening::Receipt { id: text.id.clone() }).await,
        Err(problem) => Err(anyhow::anyhow!("{}", problem.code())),
    };
    if let Err(error) = kept {
        tracing::warn!(error = format!("{error:#}"), text = text.id, "a receipt of the sandbox was not told");
    }
}

/// Posts to the product's webhook, signed; the same again while it is not available.
async fn tell(world: &World, number: &SmsNumber, query: Option<&str>, body: &Value) -> Result<(), Problem> {
    let mut url = world.local_url.clone();
    url.set_path("/webhooks/sms/sandbox");
    url.set_query(query);
    let body = body.to_string();
    let signature =
        signature::hex(signature::hmac_sha256(world.secret(number).as_bytes(), &[body.as_bytes()]));
    for wait in WAITS.into_iter().map(Some).chain([None]) {
        let request = world.client.post(url.clone()).timeout(Duration::from_secs(10));
        let request =
            request.header("content-type", "application/json").header("x-sandbox-signature", &signature);
        match (request.body(body.clone()).send().await.map(|answer| answer.status()), wait) {
            (Ok(status), _) if status.is_success() => return Ok(()),
            (Ok(status), _) if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                let detail = format!("Frontdesk refused the text ({status}); its ledger says why");
                return Err(Problem::new(StatusCode::BAD_GATEWAY, "refused").detail(detail));
            }
            (_, Some(wait)) => tokio::time::sleep(Duration::from_millis(wait)).await,
            (_, None) => {}
        }
    }
    Err(Problem::unavailable("Frontdesk cannot take the text in now"))
}

fn number<'a>(world: &'a World, text: &str) -> Result<&'a SmsNumber, Problem> {
    let found = PhoneNumber::parse(text).ok().and_then(|wanted| world.numbers().find(|n| n.number == wanted));
    found.ok_or_else(|| Problem::not_found(format!("{text:?} is no number of the sandbox")))
}

fn carrier_id() -> String {
    format!("SB{}", Uuid::new_v4().simple())
}
