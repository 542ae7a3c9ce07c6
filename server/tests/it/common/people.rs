//! People of a test server, made without hashing a password each time.

use server::auth::{Chosen, CookieKind, Whence};
use server::lifecycle::Running;
use store::{Account, AuditEntry, NewAccount, Role, TenantId};

/// A good password.
pub const PASSWORD: &str = "an umbrella in march";

/// The cookie of a new session of the owner, who is made when there is nobody.
pub async fn owner(running: &Running) -> String {
    member(running, "owner", Role::Owner, "default").await
}

/// The cookie of a new session of somebody with this role, who is made when they are not there.
pub async fn member(running: &Running, name: &str, role: Role, tenant: &str) -> String {
    let people = &running.shared.people;
    let email = format!("{name}@example.com");
    let tenant = TenantId::parse(tenant).unwrap();
    let found = people.accounts.by_email(&people.system, &email).await.unwrap();
    let account = match found {
        Some(known) => known.account,
        None => {
            let account = Account {
                id: format!("id-{name}"),
                email,
                name: name.into(),
                platform_admin: role == Role::Owner && tenant == TenantId::default_tenant(),
                created: 0,
                disabled: None,
                last_login: None,
            };
            let new = NewAccount {
                account: account.clone(),
                password: None,
                identity: None,
            };
            let made = people
                .accounts
                .create_account(&people.system, new, &tenant, role, AuditEntry::default())
                .await;
            made.unwrap();
            account
        }
    };
    let text = people
        .open(&account, &tenant, &Whence::default(), None, "session.open")
        .await
        .unwrap();
    cookie(running.address.port(), &text)
}

/// A cookie header.
pub fn cookie(port: u16, text: &str) -> String {
    let set = CookieKind::Plain(port).set(text, server::auth::Lifetime { idle: 0, most: 0 });
    set.to_str().unwrap().split(';').next().unwrap().to_owned()
}

/// The cookie of somebody new who has a password, [`PASSWORD`], and signed in with it.
pub async fn with_password(running: &Running, name: &str, role: Role) -> String {
    let email = format!("{name}@example.com");
    let chosen = Chosen {
        email: &email,
        name,
        password: PASSWORD,
    };
    let tenant = TenantId::default_tenant();
    let made = running.shared.people.create(chosen, &tenant, role, "test").await;
    made.unwrap();
    sign_in(running, &email).await
}

/// The cookie of a new session, opened with [`PASSWORD`].
pub async fn sign_in(running: &Running, email: &str) -> String {
    let people = &running.shared.people;
    let entered = people.sign_in(email, PASSWORD, &Whence::default(), None).await;
    cookie(running.address.port(), &entered.unwrap().session().unwrap())
}

/// Makes the first owner over HTTP, as a browser does with the link of a new server; the cookie, name and text.
pub async fn set_up(url: &str, token: &str) -> String {
    let fields = [
        ("token", token),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
    ];
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    let client = reqwest::Client::builder().no_proxy();
    let client = client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let made = client
        .post(format!("{url}/setup"))
        .header("origin", url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.extend_pairs(fields).finish())
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 303);
    let set = made.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}
