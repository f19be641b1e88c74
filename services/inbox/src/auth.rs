//! Who asks, and may they (A1): an API key (`Authorization: Bearer`), or the session cookie, with which unsafe
//! methods need the session's `x-csrf-token`.

use std::{convert::Infallible, net::IpAddr, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
};
use desk::{
    Actor,
    sign_in::{Origin, Session},
};
use domain::role::Permission;
use web::{ClientIp, Limiter, Problem, signature};

use crate::{App, Shared, refusal::Refusal};

/// The session cookie.
pub const COOKIE: &str = "frontdesk_session";
/// The header that proves that a request comes from our own pages.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Somebody who was recognised.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// Their session and its token, unless they came with a key.
    pub session: Option<(String, Session)>,
}

/// May work tickets: every role.
#[derive(Clone, Debug)]
pub struct Agent(pub Actor);
/// May manage settings of the inbox: owner, admin, manager.
#[derive(Clone, Debug)]
pub struct Manager(pub Actor);
/// May manage users, keys and channels: owner, admin.
#[derive(Clone, Debug)]
pub struct Admin(pub Actor);

/// Recognises who asks.
pub(crate) async fn recognise(app: &App, method: &Method, headers: &HeaderMap) -> Result<Caller, Refusal> {
    if headers.contains_key(header::AUTHORIZATION) {
        let actor = match signature::bearer(headers) {
            Some(key) => app.desk.actor_of_key(key).await?,
            None => None,
        };
        let actor =
            actor.ok_or_else(|| Problem::unauthorized("this API key is not known, or was revoked"))?;
        return Ok(Caller { actor, session: None });
    }
    let token = cookie(headers).ok_or_else(|| Problem::unauthorized("sign in, or send an API key"))?;
    let session = app.desk.session(token).await?;
    let session = session.ok_or_else(|| Problem::unauthorized("this session has ended: sign in again"))?;
    if !method.is_safe() {
        check_csrf(headers, &session)?;
    }
    Ok(Caller { actor: session.user.actor(), session: Some((token.to_owned(), session)) })
}

/// Whether a credential that was good still is; of a live stream that has been open for a while.
pub(crate) async fn still_good(app: &App, headers: &HeaderMap) -> bool {
    match recognise(app, &Method::GET, headers).await {
        Ok(_) => true,
        // The database being away for a moment ends no stream.
        Err(Refusal(problem)) => problem.status() != StatusCode::UNAUTHORIZED,
    }
}

fn check_csrf(headers: &HeaderMap, session: &Session) -> Result<(), Problem> {
    let given = headers.get(CSRF_HEADER).map(|value| value.as_bytes()).unwrap_or_default();
    if signature::same(given, &session.csrf) {
        return Ok(());
    }
    let detail = "with the session cookie this method needs the session's x-csrf-token";
    Err(Problem::new(StatusCode::FORBIDDEN, "csrf_token_missing").detail(detail))
}

/// The session token among the cookies.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

/// The value of a cookie of ours.
pub(crate) fn cookie_named<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs
        .into_iter()
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
        .filter(|value| value.len() <= 200)
}

/// `Set-Cookie` for a session, or to forget it when there is no token.
pub(crate) fn set_cookie(token: Option<&str>, secure: bool) -> String {
    let seconds = if token.is_some() { desk::sign_in::SESSION_MILLIS / 1000 } else { 0 };
    let secure = if secure { "; Secure" } else { "" };
    format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}",
        token.unwrap_or_default()
    )
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        // The guard of repeated requests may have asked already.
        let mut caller = match parts.extensions.get::<Self>() {
            Some(known) => known.clone(),
            None => recognise(app, &parts.method, &parts.headers).await?,
        };
        let Ok(ClientIp(ip)) = ClientIp::from_request_parts(parts, app).await;
        caller.actor.from = Some(ip);
        Ok(caller)
    }
}

/// Where a request comes from, for the list of sessions and the audit log.
pub(crate) struct From(pub Origin);

impl FromRequestParts<Shared> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let Ok(ClientIp(ip)) = ClientIp::from_request_parts(parts, app).await;
        let browser = parts.headers.get(header::USER_AGENT).map(|name| name.as_bytes()).unwrap_or_default();
        Ok(Self(Origin::new(ip, &String::from_utf8_lossy(browser))))
    }
}

async fn allowed(parts: &mut Parts, app: &Shared, permission: Permission) -> Result<Actor, Refusal> {
    let Caller { actor, .. } = Caller::from_request_parts(parts, app).await?;
    if actor.role.may(permission) {
        return Ok(actor);
    }
    Err(Problem::forbidden(format!("this is not for the role {}", actor.role)).into())
}

impl FromRequestParts<Shared> for Agent {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        allowed(parts, app, Permission::WorkTickets).await.map(Self)
    }
}

impl FromRequestParts<Shared> for Manager {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        allowed(parts, app, Permission::ManageInbox).await.map(Self)
    }
}

impl FromRequestParts<Shared> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        allowed(parts, app, Permission::ManageOrganization).await.map(Self)
    }
}

/// How often one may try to sign in.
pub(crate) struct SignInLimits {
    by_ip: Limiter<IpAddr>,
    by_address: Limiter<String>,
    by_provider: Limiter<IpAddr>,
}

impl Default for SignInLimits {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            by_ip: Limiter::new(60, minutes(1)),
            by_address: Limiter::new(20, minutes(5)),
            // nothing is guessed here, and each sign-in takes two
            by_provider: Limiter::new(120, minutes(1)),
        }
    }
}

impl SignInLimits {
    /// Counts a step of a sign-in through the identity provider.
    pub(crate) fn admit_by_provider(&self, ip: IpAddr) -> Result<(), Problem> {
        self.by_provider.admit(&ip)
    }

    /// Counts a try; 429 when there were too many from that place or for that address.
    pub(crate) fn admit(&self, ip: IpAddr, address: Option<&str>) -> Result<(), Problem> {
        self.by_ip.admit(&ip)?;
        match address {
            Some(address) => self.by_address.admit(&address.trim().to_lowercase()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_among_other_cookies() {
        for (line, found) in [
            ("frontdesk_session=abc", Some("abc")),
            ("theme=dark; frontdesk_session=abc; x=y", Some("abc")),
            ("my_frontdesk_session=abc", None),
            ("frontdesk_session", None),
            ("", None),
        ] {
            let headers: HeaderMap = [(header::COOKIE, line.parse().unwrap())].into_iter().collect();
            assert_eq!(cookie(&headers), found, "{line}");
        }
    }

    #[test]
    fn the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
        let cookie = set_cookie(Some("t"), true);
        for part in
            ["frontdesk_session=t;", "HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=1209600"]
        {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!set_cookie(Some("t"), false).contains("Secure"));
        assert!(set_cookie(None, true).contains("Max-Age=0"));
    }

    #[test]
    fn trying_to_sign_in_again_and_again_is_slowed_down() {
        let limits = SignInLimits::default();
        let ip = |n: u8| IpAddr::from([203, 0, 113, n]);
        for n in 0..20 {
            limits.admit(ip(n), Some("anna@example.com")).unwrap();
        }
        assert_eq!(limits.admit(ip(99), Some(" Anna@example.com")).unwrap_err().status(), 429);
        for _ in 0..60 {
            limits.admit(ip(200), None).unwrap();
        }
        assert_eq!(limits.admit(ip(200), None).unwrap_err().status(), 429);
    }
}
