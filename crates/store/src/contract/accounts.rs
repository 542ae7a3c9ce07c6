//! Accounts, memberships, links and tenants, and that what is done with them is logged.

use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope, system, tenant};
use crate::{
    Account, Accounts, Guest, KnownAccount, Link, LinkKind, Logged, NewAccount, NewLink, NewSession, Role,
    Session, Sessions, Tenant,
};

pub(super) fn account(id: &str) -> NewAccount {
    NewAccount {
        account: Account {
            id: id.into(),
            email: format!("{id}@example.com"),
            name: format!("{id} Größe \u{1f600}"),
            platform_admin: id == "ada",
            created: NOON,
            disabled: None,
            last_login: None,
        },
        password: Some(format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA${id}")),
        identity: None,
    }
}

pub(super) fn logged(slug: &str, action: &str, target: &str) -> Logged {
    Logged {
        tenant: tenant(slug),
        entry: audit(action, target),
    }
}

pub(super) fn invite(slug: &str, id: &str, hash: u8, email: &str, role: Role) -> NewLink {
    NewLink {
        link: Link {
            id: id.into(),
            tenant: tenant(slug),
            kind: LinkKind::Invite {
                email: email.into(),
                role,
            },
            by: "account:ada".into(),
            created: NOON + i64::from(hash),
            expires: NOON + 1_000,
        },
        hash: [hash; 32],
    }
}

fn reset_link(id: &str, hash: u8, account: &str) -> NewLink {
    let mut link = invite("default", id, hash, "", Role::Viewer);
    link.link.kind = LinkKind::Reset {
        account: account.into(),
    };
    link
}

/// Stores an account in tenant `default`.
pub(super) async fn create(subject: &impl Subject, id: &str, role: Role) {
    let new = account(id);
    let entry = audit("account.create", id);
    let created = subject
        .store()
        .create_account(&system(), new, &tenant("default"), role, entry)
        .await;
    created.expect("the account is stored");
}

/// Stores a session and returns its hash.
pub(super) async fn sign_in(subject: &impl Subject, account: &str, id: &str, hash: u8) -> [u8; 32] {
    let session = Session {
        id: id.into(),
        account: account.into(),
        created: NOON + i64::from(hash),
        seen: NOON + i64::from(hash),
        confirmed: NOON + i64::from(hash),
        expires: NOON + 10_000,
        address: "192.0.2.7".into(),
        agent: "Größe \u{1f600}".into(),
        via: "Größe".into(),
    };
    let new = NewSession {
        session,
        hash: [hash; 32],
    };
    let entry = logged("default", "session.open", account);
    let opened = subject.store().open(&system(), new, None, entry).await;
    opened.expect("the session is stored");
    [hash; 32]
}

async fn by_email(subject: &impl Subject, email: &str) -> Option<KnownAccount> {
    let found = subject.store().by_email(&system(), email).await;
    found.expect("accounts can be read")
}

async fn by_id(subject: &impl Subject, id: &str) -> Option<KnownAccount> {
    let found = subject.store().by_id(&system(), id).await;
    found.expect("accounts can be read")
}

async fn roles(subject: &impl Subject, id: &str) -> Vec<(String, Role)> {
    let known = by_id(subject, id).await.expect("the account is there");
    let text = |(tenant, role): (crate::TenantId, Role)| (tenant.to_string(), role);
    known.roles.into_iter().map(text).collect()
}

pub(super) async fn actions(subject: &impl Subject, slug: &str) -> Vec<String> {
    let mut actions: Vec<String> = log(subject, slug).await.into_iter().map(|e| e.action).collect();
    actions.reverse();
    actions
}

/// Every field, by address and by id; an address that nobody has is nobody.
pub async fn an_account_comes_back_exactly(subject: &mut impl Subject) {
    for (id, role) in [("ada", Role::Owner), ("bob", Role::Viewer)] {
        create(subject, id, role).await;
        let found = by_email(subject, &format!("{id}@example.com")).await;
        let found = found.expect("the account is there");
        assert_eq!(found.account, account(id).account);
        assert_eq!(found.password, account(id).password);
        assert_eq!(found.roles, [(tenant("default"), role)]);
        assert!(by_id(subject, id).await == Some(found));
    }
    assert!(by_email(subject, "nobody@example.com").await.is_none());
    assert!(by_id(subject, "").await.is_none());
    subject.reopen().await;
    assert_eq!(roles(subject, "ada").await, [("default".into(), Role::Owner)]);
    assert_eq!(actions(subject, "default").await, ["account.create"; 2]);
}

/// One of two who set a new installation up at the same time.
pub async fn there_is_one_first_account(subject: &mut impl Subject) {
    assert!(!subject.store().any_account(&system()).await.expect("readable"));
    let (here, there) = (tenant("default"), tenant("default"));
    let system = system();
    let first = |id: &str| (account(id), audit("account.first", id));
    let ((ada, ada_entry), (bob, bob_entry)) = (first("ada"), first("bob"));
    let (one, two) = futures::join!(
        subject.store().create_first(&system, ada, &here, ada_entry),
        subject.store().create_first(&system, bob, &there, bob_entry),
    );
    let made = [one.expect("no error"), two.expect("no error")];
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
    let (there, not) = if made[0] { ("ada", "bob") } else { ("bob", "ada") };
    assert_eq!(roles(subject, there).await, [("default".into(), Role::Owner)]);
    assert!(by_id(subject, not).await.is_none());
    assert!(subject.store().any_account(&system).await.expect("readable"));
    assert_eq!(actions(subject, "default").await, ["account.first"]);
}

/// An address has one account, and a refused one leaves nothing behind.
pub async fn an_address_has_one_account(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let mut second = account("eve");
    second.account.email = "ada@example.com".into();
    let entry = || audit("account.create", "eve");
    let (system, here) = (system(), tenant("default"));
    let store = subject.store();
    let taken = store
        .create_account(&system, second, &here, Role::Owner, entry())
        .await;
    is_conflict(taken);
    let nowhere = store
        .create_account(&system, account("eve"), &tenant("nowhere"), Role::Owner, entry())
        .await;
    is_conflict(nowhere);
    assert!(by_id(subject, "eve").await.is_none());
    assert_eq!(actions(subject, "default").await, ["account.create"]);
}

/// A new password ends every session but the one it was changed in.
pub async fn a_new_password_ends_other_sessions(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    create(subject, "bob", Role::Viewer).await;
    let here = sign_in(subject, "ada", "here", 1).await;
    let there = sign_in(subject, "ada", "there", 2).await;
    let other = sign_in(subject, "bob", "bobs", 3).await;
    let store = subject.store();
    let change = async |account: &str, keep| {
        let entry = logged("default", "account.password", account);
        let changed = store.set_password(&system(), account, "$new", keep, entry).await;
        changed.expect("no error")
    };
    assert!(change("ada", Some("here")).await);
    let open = async |hash| store.session(&system(), &hash).await.expect("readable").is_some();
    assert_eq!(
        (open(here).await, open(there).await, open(other).await),
        (true, false, true)
    );
    assert_eq!(
        by_id(subject, "ada").await.and_then(|a| a.password),
        Some("$new".into())
    );
    assert!(change("ada", None).await);
    assert_eq!((open(here).await, open(other).await), (false, true));
    assert!(!change("nobody", None).await);
    let actions = actions(subject, "default").await;
    assert_eq!(actions.iter().filter(|a| *a == "account.password").count(), 2);
}

/// Renaming is for those who are there.
pub async fn an_account_is_renamed(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let entry = || logged("default", "account.rename", "ada");
    let store = subject.store();
    assert!(
        store
            .rename(&system(), "ada", "Ada L.", entry())
            .await
            .expect("no error")
    );
    assert!(
        !store
            .rename(&system(), "bob", "Bob", entry())
            .await
            .expect("no error")
    );
    let known = by_id(subject, "ada").await.expect("the account is there");
    assert_eq!(known.account.name, "Ada L.");
    assert_eq!(
        actions(subject, "default").await,
        ["account.create", "account.rename"]
    );
}

/// Roles change; who loses the last one is signed out; and there is always an owner.
pub async fn members_change_and_an_owner_stays(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    create(subject, "bob", Role::Viewer).await;
    let bobs = sign_in(subject, "bob", "bobs", 1).await;
    let here = scope("default");
    let store = subject.store();
    let set = async |account: &str, role| {
        store
            .set_role(&here, account, role, audit("member.role", account))
            .await
    };
    assert_eq!(
        set("bob", Some(Role::Admin)).await.expect("no error"),
        Some(Role::Viewer)
    );
    assert_eq!(set("nobody", Some(Role::Admin)).await.expect("no error"), None);
    is_conflict(set("ada", Some(Role::Admin)).await);
    is_conflict(set("ada", None).await);
    assert_eq!(
        set("bob", Some(Role::Owner)).await.expect("no error"),
        Some(Role::Admin)
    );
    assert_eq!(
        set("ada", Some(Role::Viewer)).await.expect("no error"),
        Some(Role::Owner)
    );
    let members = store.members(&here).await.expect("readable");
    let members: Vec<_> = members
        .iter()
        .map(|m| (m.account.id.as_str(), m.role, m.since))
        .collect();
    assert_eq!(members, [("ada", Role::Viewer, NOON), ("bob", Role::Owner, NOON)]);
    assert!(store.members(&scope("acme")).await.expect("readable").is_empty());
    assert_eq!(
        store
            .set_role(&scope("acme"), "ada", None, audit("x", "y"))
            .await
            .expect("no error"),
        None,
        "another tenant's member"
    );
    is_conflict(set("bob", None).await);
    assert_eq!(set("ada", None).await.expect("no error"), Some(Role::Viewer));
    assert!(store.session(&system(), &bobs).await.expect("readable").is_some());
    assert_eq!(roles(subject, "ada").await, []);
    assert_eq!(
        actions(subject, "default")
            .await
            .iter()
            .filter(|a| *a == "member.role")
            .count(),
        4
    );
}

/// Two owners who take each other's role at the same time leave one of them.
pub async fn owners_cannot_remove_each_other_at_once(subject: &mut impl Subject) {
    for round in 0..10 {
        let (a, b) = (format!("a{round}"), format!("b{round}"));
        let slug = format!("t{round}");
        create(subject, &a, Role::Viewer).await;
        create(subject, &b, Role::Viewer).await;
        make_tenant(subject, &slug, &a).await;
        let here = scope(&slug);
        let link = invite(&slug, "i", round + 1, &format!("{b}@example.com"), Role::Owner);
        let store = subject.store();
        store
            .offer(&here, link, audit("link.invite", "i"))
            .await
            .expect("offered");
        let guest = Guest::Known(b.clone());
        let joined = store
            .accept(
                &system(),
                &[round + 1; 32],
                guest,
                NOON,
                audit("member.join", "i"),
            )
            .await;
        assert!(joined.expect("no error").is_some());
        let (one, two) = futures::join!(
            store.set_role(&here, &a, None, audit("member.role", &a)),
            store.set_role(&here, &b, Some(Role::Viewer), audit("member.role", &b)),
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let members = store.members(&here).await.expect("readable");
        assert_eq!(members.iter().filter(|m| m.role == Role::Owner).count(), 1);
    }
}

pub(super) async fn make_tenant(subject: &impl Subject, slug: &str, owner: &str) {
    let new = Tenant {
        id: tenant(slug),
        name: format!("Größe {slug}"),
        created: NOON + 5,
    };
    let entry = audit("tenant.create", slug);
    let made = subject.store().create_tenant(&system(), new, owner, entry).await;
    made.expect("the tenant is stored");
}

/// There is one from the start; a slug is used once; its maker is its owner.
pub async fn tenants_are_made(subject: &mut impl Subject) {
    create(subject, "ada", Role::Viewer).await;
    make_tenant(subject, "acme", "ada").await;
    let all = subject.store().all_tenants(&system()).await.expect("readable");
    let names: Vec<_> = all
        .iter()
        .map(|t| (t.id.as_str(), t.name.as_str(), t.created))
        .collect();
    assert_eq!(
        names,
        [("acme", "Größe acme", NOON + 5), ("default", "Default", 0)]
    );
    assert_eq!(
        roles(subject, "ada").await,
        [("acme".into(), Role::Owner), ("default".into(), Role::Viewer)]
    );
    assert_eq!(actions(subject, "acme").await, ["tenant.create"]);
    let store = subject.store();
    for (slug, owner) in [("acme", "ada"), ("other", "nobody")] {
        let new = Tenant {
            id: tenant(slug),
            name: "again".into(),
            created: 0,
        };
        is_conflict(
            store
                .create_tenant(&system(), new, owner, audit("tenant.create", slug))
                .await,
        );
    }
    subject.reopen().await;
    assert_eq!(
        subject.store().all_tenants(&system()).await.expect("readable"),
        all
    );
}

/// An invitation is listed until it is taken up, taken back, replaced or over.
pub async fn invitations_are_listed_while_they_count(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let here = scope("default");
    let store = subject.store();
    let offer = async |new: NewLink| store.offer(&here, new, audit("link.invite", "x")).await;
    let one = invite("default", "one", 1, "one@example.com", Role::Admin);
    offer(one.clone()).await.expect("offered");
    offer(invite("default", "two", 2, "two@example.com", Role::Viewer))
        .await
        .expect("offered");
    offer(invite("default", "again", 3, "two@example.com", Role::Operator))
        .await
        .expect("offered");
    offer(reset_link("pw", 4, "ada")).await.expect("offered");
    is_conflict(offer(invite("acme", "i", 5, "x@example.com", Role::Viewer)).await);
    is_conflict(offer(reset_link("pw2", 6, "nobody")).await);
    let list = async |now| store.invitations(&here, now).await.expect("readable");
    assert_eq!(list(NOON).await[0], one.link);
    let ids = async |now| list(now).await.into_iter().map(|l| l.id).collect::<Vec<_>>();
    assert_eq!(ids(NOON + 999).await, ["one", "again"]);
    assert_eq!(ids(NOON + 1_000).await, Vec::<String>::new());
    assert!(
        store
            .invitations(&scope("acme"), NOON)
            .await
            .expect("readable")
            .is_empty()
    );
    let link = async |hash: u8, now| store.link(&system(), &[hash; 32], now).await.expect("readable");
    assert_eq!(link(1, NOON + 999).await, Some(one.link));
    assert_eq!((link(1, NOON + 1_000).await, link(2, NOON).await), (None, None));
    assert!(
        matches!(link(4, NOON).await, Some(Link { kind: LinkKind::Reset { account }, .. }) if account == "ada")
    );
    let withdraw = async |slug: &str, id: &str| {
        let entry = audit("link.withdraw", id);
        store.withdraw(&scope(slug), id, entry).await.expect("no error")
    };
    assert!(!withdraw("acme", "one").await, "another tenant's");
    assert!(!withdraw("default", "pw").await, "no invitation");
    assert!(withdraw("default", "one").await);
    assert!(!withdraw("default", "one").await);
    assert_eq!(ids(NOON).await, ["again"]);
}

/// A link lets one guest in, once; what fails leaves it as it was.
pub async fn an_invitation_is_taken_up_once(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let here = scope("default");
    let store = subject.store();
    let new = invite("default", "i", 1, "bob@example.com", Role::Operator);
    store
        .offer(&here, new, audit("link.invite", "i"))
        .await
        .expect("offered");
    let accept = async |hash: u8, guest: Guest, now| {
        let entry = audit("member.join", "bob");
        store.accept(&system(), &[hash; 32], guest, now, entry).await
    };
    let nobody = accept(2, Guest::New(Box::new(account("bob"))), NOON).await;
    assert_eq!(nobody.expect("no error"), None);
    let late = accept(1, Guest::New(Box::new(account("bob"))), NOON + 1_000).await;
    assert_eq!(late.expect("no error"), None);
    is_conflict(accept(1, Guest::New(Box::new(account("ada"))), NOON).await);
    is_conflict(accept(1, Guest::Known("nobody".into()), NOON).await);
    let link = accept(1, Guest::New(Box::new(account("bob"))), NOON)
        .await
        .expect("no error");
    assert_eq!(link.map(|link| link.id), Some("i".into()));
    assert_eq!(roles(subject, "bob").await, [("default".into(), Role::Operator)]);
    let again = accept(1, Guest::New(Box::new(account("eve"))), NOON).await;
    assert_eq!(again.expect("no error"), None);
    assert!(by_id(subject, "eve").await.is_none());
    // Who is a member already never loses by it.
    let lower = invite("default", "j", 3, "ada@example.com", Role::Viewer);
    store
        .offer(&here, lower, audit("link.invite", "j"))
        .await
        .expect("offered");
    assert!(
        accept(3, Guest::Known("ada".into()), NOON)
            .await
            .expect("no error")
            .is_some()
    );
    assert_eq!(roles(subject, "ada").await, [("default".into(), Role::Owner)]);
    let actions = actions(subject, "default").await;
    assert_eq!(actions.iter().filter(|a| *a == "member.join").count(), 2);
}

/// A link for a new password works once, ends all sessions, and is no invitation.
pub async fn a_password_is_reset_once(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let open = sign_in(subject, "ada", "here", 9).await;
    let here = scope("default");
    let store = subject.store();
    for new in [reset_link("old", 1, "ada"), reset_link("new", 2, "ada")] {
        store
            .offer(&here, new, audit("link.reset", "ada"))
            .await
            .expect("offered");
    }
    let invitation = invite("default", "i", 3, "bob@example.com", Role::Owner);
    store
        .offer(&here, invitation, audit("link.invite", "i"))
        .await
        .expect("offered");
    let reset = async |hash: u8, now| {
        let entry = audit("account.reset", "ada");
        let done = store.reset(&system(), &[hash; 32], "$reset", now, entry).await;
        done.expect("no error").map(|link| link.id)
    };
    assert_eq!(reset(1, NOON).await, None, "replaced");
    assert_eq!(reset(2, NOON + 1_000).await, None, "over");
    assert_eq!(reset(3, NOON).await, None, "an invitation");
    let guest = Guest::New(Box::new(account("eve")));
    let other_use = store
        .accept(&system(), &[2; 32], guest, NOON, audit("member.join", "eve"))
        .await;
    assert_eq!(other_use.expect("no error"), None);
    assert_eq!(reset(2, NOON).await, Some("new".into()));
    assert_eq!(reset(2, NOON).await, None, "used");
    assert!(store.session(&system(), &open).await.expect("readable").is_none());
    assert_eq!(
        by_id(subject, "ada").await.and_then(|a| a.password),
        Some("$reset".into())
    );
}
