//! Sessions of browsers: the cookie, and from it to who is signed in, with a small memory as for keys. And back: when
//! each session was used last, told to the store once a minute.
//!
//! The cookie holds 256 random bits; the store has their SHA-256. A session ends when it was not used for a while, when
//! its time is over, when its account ends it or gets a new password, and when the account is disabled.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use domain::Millis;
use engine::Clock;
use parking_lot::Mutex;
use store::{Session, SessionHash, Sessions, SignedIn, StoreError, SystemScope};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::key::{BASE62, random_text, sha256};
use crate::base::Base;

/// How long an answer is believed. A session that another process ended is refused after at most this.
const BELIEVED: Duration = Duration::from_secs(2);
/// Sessions remembered; above it the memory starts afresh.
const REMEMBERED: usize = 4_096;
/// How often the store is told which sessions were used, and cleared of old ones.
const TOLD: Duration = Duration::from_secs(60);
/// 256 bits.
const LENGTH: usize = 43;
/// In the cookie's name.
const STEM: &str = "fb_sid";

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Without being used, milliseconds.
    pub idle: Millis,
    /// In any case, milliseconds.
    pub most: Millis,
}

/// What the cookie is called, and how it is sent: over https it is tied to the host by its name; over http, which is
/// this machine only, browsers would refuse that, and cookies of other ports of this machine must not be mixed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    /// Over https.
    Secure,
    /// Over https, below a base with this hash (ADR 0036).
    Below(u32),
    /// Over http, to this port.
    Plain(u16),
}

impl CookieKind {
    /// Over https, below this base. The name says which base, because the cookie is of the whole host: of two boards on one
    /// host, each would else end the sessions of the other.
    pub fn secure(base: &Base) -> CookieKind {
        if base.as_str().is_empty() {
            return CookieKind::Secure;
        }
        let hash = sha256(base.as_str());
        CookieKind::Below(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]))
    }

    /// The name of one of our cookies, whose stem is given.
    fn name(self, stem: &str) -> String {
        match self {
            CookieKind::Secure => format!("__Host-{stem}"),
            CookieKind::Below(base) => format!("__Host-{stem}_{base:08x}"),
            CookieKind::Plain(port) => format!("{stem}_{port}"),
        }
    }

    /// The header that gives a browser this session.
    pub fn set(self, text: &str, lifetime: Lifetime) -> HeaderValue {
        self.header_of(STEM, text, lifetime.most / 1_000)
    }

    /// The header that takes it away.
    pub fn clear(self) -> HeaderValue {
        self.header_of(STEM, "", 0)
    }

    pub(super) fn header_of(self, stem: &str, text: &str, seconds: i64) -> HeaderValue {
        let secure = match self {
            CookieKind::Secure | CookieKind::Below(_) => "; Secure",
            CookieKind::Plain(_) => "",
        };
        let name = self.name(stem);
        let header = format!("{name}={text}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        // Names and texts are letters and digits.
        HeaderValue::from_str(&header).unwrap_or(HeaderValue::from_static(""))
    }

    /// The hash of what the cookie holds, if there is exactly one and it can be one of ours.
    pub fn read(self, headers: &HeaderMap) -> Option<SessionHash> {
        self.text_of(STEM, headers).map(sha256)
    }

    /// What a cookie of ours holds, if there is exactly one and it can be one of ours.
    pub(super) fn text_of<'a>(self, stem: &str, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.name(stem);
        let mut found = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(other, _)| *other == name)
            .map(|(_, text)| text);
        let text = found.next()?;
        let ours = text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (ours && found.next().is_none()).then_some(text)
    }
}

/// A new cookie's text and its hash.
///
/// # Errors
/// The system has no randomness to give.
pub fn fresh() -> Result<(String, SessionHash), getrandom::Error> {
    let text = random_text(BASE62, LENGTH)?;
    let hash = sha256(&text);
    Ok((text, hash))
}

/// Finds sessions. Only those that exist are remembered.
pub struct SessionLookup {
    sessions: Arc<dyn Sessions>,
    system: SystemScope,
    clock: Clock,
    lifetime: Lifetime,
    known: Mutex<HashMap<SessionHash, (Instant, Arc<SignedIn>)>>,
    seen: Mutex<HashMap<String, Millis>>,
}

impl SessionLookup {
    /// Looks into this store.
    pub fn new(
        sessions: Arc<dyn Sessions>,
        system: SystemScope,
        clock: Clock,
        lifetime: Lifetime,
    ) -> SessionLookup {
        SessionLookup {
            sessions,
            system,
            clock,
            lifetime,
            known: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// How long sessions last.
    pub fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// The session with this hash, if it counts.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn find(&self, hash: &SessionHash) -> Result<Option<Arc<SignedIn>>, StoreError> {
        let now = Instant::now();
        let remembered = self.known.lock().get(hash).cloned();
        let found = match remembered {
            Some((since, known)) if now.duration_since(since) < BELIEVED => Some(known),
            _ => self.ask(hash, now).await?,
        };
        Ok(found.filter(|known| self.counts(&known.session)))
    }

    /// Whether it has neither expired nor been idle for too long.
    pub fn counts(&self, session: &Session) -> bool {
        let now = self.clock.now();
        let noted = self.seen.lock().get(&session.id).copied().unwrap_or_default();
        now < session.expires && now < session.seen.max(noted) + self.lifetime.idle
    }

    async fn ask(&self, hash: &SessionHash, now: Instant) -> Result<Option<Arc<SignedIn>>, StoreError> {
        let found = self.sessions.session(&self.system, hash).await?.map(Arc::new);
        let mut known = self.known.lock();
        match &found {
            Some(session) => {
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                // `now` is from before the query: the answer may be that old.
                known.insert(*hash, (now, Arc::clone(session)));
            }
            None => {
                known.remove(hash);
            }
        }
        Ok(found)
    }

    /// What is remembered of an account is asked again: its sessions, name, roles or password changed.
    pub fn forget(&self, account: &str) {
        self.known
            .lock()
            .retain(|_, (_, known)| known.account.id != account);
    }

    /// Somebody used the session.
    pub fn note(&self, id: &str) {
        let now = self.clock.now();
        let mut seen = self.seen.lock();
        match seen.get_mut(id) {
            Some(at) => *at = now,
            None => {
                seen.insert(id.to_owned(), now);
            }
        }
    }

    /// Tells the store, once a minute and at the end, which sessions were used since, and removes those that ended.
    pub async fn keep(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(TOLD) => {}
                () = stop.cancelled() => {}
            }
            let seen = self.seen.lock().clone().into_iter().collect::<Vec<_>>();
            let now = self.clock.now();
            let told = async {
                if !seen.is_empty() {
                    self.sessions.sessions_seen(&self.system, &seen).await?;
                    // What is remembered still says when they were used before.
                    self.known.lock().clear();
                    let mut noted = self.seen.lock();
                    for (id, at) in &seen {
                        if noted.get(id) == Some(at) {
                            noted.remove(id);
                        }
                    }
                }
                self.sessions
                    .sweep(&self.system, now, now - self.lifetime.idle)
                    .await
            };
            if let Err(error) = told.await {
                // The next minute's notes say as much.
                tracing::warn!(%error, "when sessions were last used could not be stored");
            }
            if stop.is_cancelled() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Lifetime = Lifetime {
        idle: 1_000,
        most: 7_000,
    };

    fn cookies(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(COOKIE, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn cookies_are_named_and_sent_as_their_transport_needs() {
        let secure = CookieKind::Secure.set("abc", LIFETIME);
        assert_eq!(
            secure,
            "__Host-fb_sid=abc; Path=/; Max-Age=7; HttpOnly; SameSite=Lax; Secure"
        );
        let [one, other] = ["/one", "/other"].map(|base| CookieKind::secure(&Base::parse(base).unwrap()));
        assert_ne!(one.clear(), other.clear());
        assert_eq!(CookieKind::secure(&Base::default()), CookieKind::Secure);
        assert_eq!(
            CookieKind::Below(0x0a).set("abc", LIFETIME),
            "__Host-fb_sid_0000000a=abc; Path=/; Max-Age=7; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            CookieKind::Plain(3000).clear(),
            "fb_sid_3000=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_is_read_back() {
        let (text, hash) = fresh().unwrap();
        let kind = CookieKind::Plain(3000);
        assert_eq!(
            kind.read(&cookies(&[&format!("a=b; fb_sid_3000={text};c=d")])),
            Some(hash)
        );
        assert_eq!(
            kind.read(&cookies(&["a=b", &format!("fb_sid_3000={text}")])),
            Some(hash)
        );
    }

    #[test]
    fn anything_else_is_nobody() {
        let (text, _) = fresh().unwrap();
        let kind = CookieKind::Plain(3000);
        for values in [
            &[][..],
            &["fb_sid_3000="],
            &["fb_sid_3000=short"],
            &[&format!("fb_sid_3001={text}")],
            &[&format!("__Host-fb_sid={text}")],
            &[&format!("fb_sid_3000={text}; fb_sid_3000={text}")],
            &[&format!("fb_sid_3000={text}"), "fb_sid_3000=x"],
            &[&format!("fb_sid_3000=\"{text}\"")],
        ] {
            assert_eq!(kind.read(&cookies(values)), None, "{values:?}");
        }
    }
}
