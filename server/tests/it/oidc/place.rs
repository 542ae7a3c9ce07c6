//! A server that knows the provider, and browsers that go to it.

use std::collections::HashMap;
use std::sync::Arc;

use engine::Clock;
use reqwest::Response;
use serde_json::{Value, json};
use server::auth::{Chosen, Whence, by_command_line};
use server::lifecycle::Options;
use store::{Account, AuditEntry, AuditQuery, Identity, NewAccount, Role, TenantId};
use url::Url;

use super::provider::{CLIENT, Lies, Provider, SECRET};
use crate::common::people::{PASSWORD, sign_in};
use crate::common::{TestServer, now, urlencoded};

pub struct Place {
    pub server: TestServer,
    pub provider: Arc<Provider>,
    pub clock: Clock,
}

/// A browser: the cookie of the sign-in, that of the session, and the address that it was sent to.
#[derive(Clone)]
pub struct Browser {
    pub cookie: String,
    pub session: String,
    pub asked: HashMap<String, String>,
}

/// What came of coming back.
#[derive(Debug)]
pub struct Came {
    pub status: u16,
    pub location: String,
    /// The session's cookie, if one was given.
    pub session: Option<String>,
    pub html: String,
}

impl Place {
    /// With more lines for the section `oidc`. Ada has an account and a password.
    pub async fn new(more: &str) -> Place {
        let provider = Provider::start().await;
        let toml = format!(
            "[outbound]\nallow = [\"127.0.0.1\"]\n[oidc]\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\nclient_secret = \
             \"{SECRET}\"\nname = \"Acme <ID>\"\n{more}\n",
            provider.issuer
        );
        Place::with(&toml, provider).await
    }

    pub async fn with(toml: &str, provider: Arc<Provider>) -> Place {
        let clock = Clock::manual(now());
        let options = Options {
            clock: Some(clock.clone()),
            ..Options::default()
        };
        let server = TestServer::start_configured(toml, options).await;
        let chosen = Chosen {
            email: "ada@example.com",
            name: "Ada",
            password: PASSWORD,
        };
        let people = &server.shared().people;
        let tenant = TenantId::default_tenant();
        people
            .create(chosen, &tenant, Role::Viewer, "test")
            .await
            .unwrap();
        Place {
            server,
            provider,
            clock,
        }
    }

    /// Ada's account.
    pub async fn ada(&self) -> String {
        let people = &self.server.shared().people;
        let known = people.accounts.by_email(&people.system, "ada@example.com").await;
        known.unwrap().unwrap().account.id
    }

    /// Ada is `subject` at the provider.
    pub async fn link_ada(&self, subject: &str) {
        let people = &self.server.shared().people;
        let issuer = &self.provider.issuer;
        let linked = people
            .link_by_hand("ada@example.com", issuer, subject, "test")
            .await;
        assert!(linked.unwrap());
    }

    /// Somebody whose account is disabled is `subject` at the provider.
    pub async fn disabled(&self, subject: &str) {
        let account = Account {
            id: "id-dan".into(),
            email: "dan@example.com".into(),
            name: "Dan".into(),
            platform_admin: false,
            created: 0,
            disabled: Some(1),
            last_login: None,
        };
        let identity = Identity {
            issuer: self.provider.issuer.clone(),
            subject: subject.into(),
            account: account.id.clone(),
            shown: "dan".into(),
            linked: 0,
        };
        let new = NewAccount {
            account,
            password: None,
            identity: Some(identity),
        };
        let people = &self.server.shared().people;
        let tenant = TenantId::default_tenant();
        let entry = AuditEntry::default();
        let made = people
            .accounts
            .create_account(&people.system, new, &tenant, Role::Admin, entry);
        made.await.unwrap();
    }

    /// The token of an invitation to the tenant `default`.
    pub async fn invite(&self, email: &str, role: Role) -> String {
        let people = &self.server.shared().people;
        let scope = by_command_line(TenantId::default_tenant());
        let whence = Whence::default();
        let invited = people.invite(&scope, (email, role), "test", &whence).await;
        invited.unwrap()
    }

    pub async fn identities(&self) -> Vec<Identity> {
        let account = self.ada().await;
        let people = &self.server.shared().people;
        people.identities_of(&account).await.unwrap()
    }

    /// Ada with a session that her password opened.
    pub async fn ada_by_password(&self) -> String {
        sign_in(self.server.running(), "ada@example.com").await
    }

    pub async fn form(&self, path: &str, form: &[(&str, &str)], cookies: &str) -> Response {
        let body = urlencoded(form);
        let request = self.server.client.post(self.server.url(path)).body(body);
        let request = request.header("origin", format!("http://{}", self.server.address));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header("cookie", cookies).send().await.unwrap()
    }

    /// A browser that presses the button.
    pub async fn begin(&self) -> Browser {
        self.begin_with("/login/oidc", &[("next", "/providers")], "")
            .await
    }

    /// The same, with another form.
    pub async fn begin_with(&self, path: &str, form: &[(&str, &str)], session: &str) -> Browser {
        let answer = self.form(path, form, session).await;
        let status = answer.status();
        let set = answer
            .headers()
            .get("set-cookie")
            .map(|set| set.to_str().unwrap().to_owned());
        let html = answer.text().await.unwrap();
        assert_eq!(status, 200, "{html}");
        let set = set.expect("a cookie for the way");
        assert!(
            set.contains("HttpOnly; SameSite=Lax") && set.contains("Max-Age=600"),
            "{set}"
        );
        Browser {
            cookie: set.split(';').next().unwrap().to_owned(),
            session: session.to_owned(),
            asked: asked(&html),
        }
    }

    /// Somebody signs in at the provider; the code.
    pub fn grant(&self, browser: &Browser, subject: &str, claims: &Value) -> String {
        let now = self.clock.now() / 1_000;
        self.provider.grant(&browser.asked, subject, claims, now)
    }

    /// The browser comes back with these parameters.
    pub async fn come_back(&self, browser: &Browser, params: &[(&str, &str)]) -> Came {
        let mut url = Url::parse(&self.server.url("/login/oidc/callback")).unwrap();
        url.query_pairs_mut().extend_pairs(params);
        let cookies = [browser.cookie.as_str(), &browser.session].join("; ");
        let request = self.server.client.get(url).header("cookie", cookies);
        // As a browser that a page of the provider sends here.
        let answer = request
            .header("sec-fetch-site", "cross-site")
            .send()
            .await
            .unwrap();
        let header = |name: &str| {
            let found = answer.headers().get(name);
            found.map(|value| value.to_str().unwrap().to_owned())
        };
        let sets = answer.headers().get_all("set-cookie").iter();
        let sets: Vec<String> = sets.map(|set| set.to_str().unwrap().to_owned()).collect();
        let session = sets.iter().find(|set| set.starts_with("fb_sid_"));
        Came {
            status: answer.status().as_u16(),
            location: header("location").unwrap_or_default(),
            session: session.map(|set| set.split(';').next().unwrap().to_owned()),
            html: answer.text().await.unwrap(),
        }
    }

    /// The whole way of an honest sign-in of `subject`.
    pub async fn sign_in(&self, subject: &str, claims: Value) -> Came {
        let browser = self.begin().await;
        let code = self.grant(&browser, subject, &claims);
        let state = browser.asked["state"].clone();
        self.come_back(&browser, &[("state", &state), ("code", &code)])
            .await
    }

    /// The same, of a provider that lies.
    pub async fn sign_in_lied(&self, lies: Lies) -> Came {
        self.provider.lie(lies);
        let came = self.sign_in("1", json!({})).await;
        self.provider.lie(Lies::default());
        came
    }

    /// Nobody is in, people are told `words`, and the audit log has it with `noted`.
    pub async fn refused(&self, came: &Came, words: &str, noted: &str) {
        assert!(came.session.is_none(), "{noted}: {came:?}");
        assert!([403, 503].contains(&came.status), "{noted}: {came:?}");
        assert!(came.html.contains(words), "{words}: {}", came.html);
        let found = self.denied().await;
        assert!(
            found.last().is_some_and(|target| target.contains(noted)),
            "{noted}: {found:?}"
        );
    }

    /// What the audit log has of those who were refused, oldest first.
    pub async fn denied(&self) -> Vec<String> {
        let log = self.log().await.into_iter();
        log.filter(|entry| entry.action == "session.denied")
            .map(|entry| entry.target)
            .collect()
    }

    /// The audit log, oldest first.
    pub async fn log(&self) -> Vec<AuditEntry> {
        self.server.shared().people.denials.write().await;
        let scope = by_command_line(TenantId::default_tenant());
        let query = AuditQuery {
            limit: 1_000,
            ..AuditQuery::default()
        };
        let found = self.server.shared().audits.audit(&scope, query).await.unwrap();
        found.into_iter().rev().map(|sealed| sealed.entry).collect()
    }

    /// Who a session is, as its own API says.
    pub async fn me(&self, session: &str) -> Value {
        let request = self.server.client.get(self.server.url("/api/v1/me"));
        let answer = request.header("cookie", session).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }
}

/// The parameters of the address that a page leads to.
pub fn asked(html: &str) -> HashMap<String, String> {
    let rest = html
        .split("content=\"0; url=")
        .nth(1)
        .expect("a page that leads on");
    let url = rest.split('"').next().unwrap().replace("&amp;", "&");
    Url::parse(&url).unwrap().query_pairs().into_owned().collect()
}
