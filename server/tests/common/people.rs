//! People of a test server, made without hashing a password each time.

use server::auth::{CookieKind, Whence};
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
