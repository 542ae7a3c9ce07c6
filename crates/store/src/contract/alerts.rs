//! Alerts: what fired, who has it, silences. Rules are in [`super::alert_rules`].

use domain::alert::{
    Ack, Alert, Command, EventKind, Holds, Labels, MAX_OPEN, MAX_SILENCES, Moved, New, Notice, Origin, Part,
    Repeat, Resolved, Severity, Silence, Snooze, Source, Who, matchers, step,
};

use super::alert_rules::{create, draft, rules};
use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope, system, tenant};
use crate::{AlertQuery, AlertWrite, Alerts, OutboxRow, StoreError, StoredAlert, StoredSilence};

pub(super) fn who(name: &str) -> Who {
    Who {
        id: format!("account:{name}"),
        name: format!("{name} – Größe"),
    }
}

/// An alert with every field set.
pub fn full_alert() -> Alert {
    Alert {
        rule: 7,
        rule_name: "Breaker open".into(),
        origin: None,
        fingerprint: u64::MAX - 1,
        severity: Severity::Critical,
        part: Part::Symptom,
        labels: [
            ("provider", "anthropic"),
            ("team", "Größe \u{1f600}"),
            ("empty", ""),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        title: "Breaker open: claude-sonnet".into(),
        summary: "2 of 3 instances are open".into(),
        runbook: Some("https://example.com/runbook".into()),
        simulated: true,
        since: NOON - 5_000,
        fired: NOON,
        changed: NOON + 9,
        owner: Some(who("ada")),
        ack: Some(Ack {
            by: who("ada"),
            at: NOON + 1,
            note: "on it\nreally".into(),
            until: Some(NOON + 3_600_000),
        }),
        snooze: Some(Snooze {
            by: who("bob"),
            at: NOON + 2,
            until: NOON + 60_000,
        }),
        holds: Holds {
            silence: Some(3),
            cause: Some(4),
            flapping: Some("fired 3 times".into()),
            quiet: Some(NOON + 7),
        },
        incident: Some(4),
        told: true,
        resolved: Some(Resolved {
            at: NOON + 9,
            by: Some(who("bob")),
            why: "it is good again".into(),
        }),
    }
}

/// The same, found by somebody else.
pub fn sent_alert() -> Alert {
    Alert {
        rule: 0,
        origin: Some(Origin {
            source: Source::Grafana,
            link: Some("https://grafana.example/alerting/1afz29v7z/edit".into()),
            annotations: [("description", "Größe\nof it"), ("summary", "")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ends: Some(NOON + 300_000),
        }),
        ..full_alert()
    }
}

pub(super) fn raised(rule: u64, fingerprint: u64, at: i64) -> Moved {
    let new = New {
        rule,
        rule_name: "Breaker open".into(),
        origin: None,
        fingerprint,
        severity: Severity::Critical,
        part: Part::Cause,
        labels: Labels::from([("provider".into(), "anthropic".into())]),
        title: "Breaker open: claude-sonnet".into(),
        summary: "2 of 3 instances are open".into(),
        runbook: None,
        simulated: false,
        since: at - 5_000,
        pending: true,
        holds: Holds::default(),
        incident: None,
    };
    Alert::raise(new, at)
}

pub(super) async fn write(
    subject: &impl Subject,
    slug: &str,
    writes: Vec<AlertWrite>,
) -> Result<Vec<StoredAlert>, StoreError> {
    subject
        .store()
        .write_alerts(&system(), &tenant(slug), writes)
        .await
}

/// Raises an alert of rule 1 at noon.
pub(super) async fn raise(subject: &impl Subject, slug: &str, fingerprint: u64) -> StoredAlert {
    raise_with(subject, slug, raised(1, fingerprint, NOON)).await
}

async fn raise_with(subject: &impl Subject, slug: &str, moved: Moved) -> StoredAlert {
    let written = write(subject, slug, vec![AlertWrite { known: None, moved }]).await;
    written.expect("the alert is written").remove(0)
}

fn changing(stored: &StoredAlert, command: Command, at: i64) -> AlertWrite {
    AlertWrite {
        known: Some((stored.id, stored.version)),
        moved: step(&stored.alert, command, at).expect("the command is taken"),
    }
}

fn ack(name: &str) -> Command {
    Command::Acknowledge {
        by: who(name),
        note: "on it".into(),
        until: None,
        take_over: false,
    }
}

fn over() -> Command {
    Command::Resolve {
        by: None,
        why: "it is good again".into(),
    }
}

/// Lets an alert be over, half a minute later.
pub(super) async fn resolve(subject: &impl Subject, slug: &str, stored: &StoredAlert) {
    let write_over = vec![changing(stored, over(), NOON + 30_000)];
    write(subject, slug, write_over)
        .await
        .expect("its end is written");
}

async fn change(
    subject: &impl Subject,
    slug: &str,
    write: AlertWrite,
) -> Result<Option<StoredAlert>, StoreError> {
    let entry = audit("alert.acknowledge", "1");
    subject.store().change_alert(&scope(slug), write, entry).await
}

async fn find(subject: &impl Subject, slug: &str, id: u64) -> Option<StoredAlert> {
    let found = subject.store().alert(&scope(slug), id).await;
    found.expect("alerts can be read")
}

async fn search(subject: &impl Subject, slug: &str, query: AlertQuery) -> Vec<u64> {
    let found = subject.store().alerts(&scope(slug), query).await;
    let found = found.expect("alerts can be read");
    found.into_iter().map(|stored| stored.id).collect()
}

async fn outbox(subject: &impl Subject, slug: &str, after: (u64, u64)) -> Vec<OutboxRow> {
    let store = subject.store();
    let rows = store.outbox(&system(), &tenant(slug), after, 100).await;
    rows.expect("the outbox can be read")
}

/// Every field, also after reopening.
pub async fn an_alert_comes_back_exactly(subject: &mut impl Subject) {
    let full = |alert: Alert| Moved {
        alert,
        events: Vec::new(),
        notice: None,
    };
    let stored = raise_with(subject, "acme", full(full_alert())).await;
    assert_eq!((stored.id, stored.version), (1, 1));
    let sent = raise_with(subject, "acme", full(sent_alert())).await;
    subject.reopen().await;
    assert_eq!(find(subject, "acme", 1).await, Some(stored));
    assert_eq!(find(subject, "acme", 2).await, Some(sent));
    assert_eq!(find(subject, "acme", 3).await, None);
    assert_eq!(find(subject, "acme", u64::MAX).await, None);
}

/// One transaction: the alert, its timeline, the outbox.
pub async fn an_alert_is_written_with_its_events_and_what_must_be_told(subject: &mut impl Subject) {
    let stored = raise(subject, "acme", 9).await;
    let taken = change(subject, "acme", changing(&stored, ack("ada"), NOON + 1)).await;
    let taken = taken.expect("no error").expect("it is there");
    assert_eq!((taken.id, taken.version), (1, 2));
    let quiet = Command::Observe {
        summary: "3 of 3 instances are open".into(),
    };
    let seen = write(subject, "acme", vec![changing(&taken, quiet, NOON + 2)])
        .await
        .expect("no error");
    let done = changing(&seen[0], over(), NOON + 3);
    write(subject, "acme", vec![done]).await.expect("no error");
    subject.reopen().await;
    let events = subject
        .store()
        .alert_events(&scope("acme"), 1)
        .await
        .expect("no error");
    let told: Vec<(u64, EventKind, Option<Who>)> = events
        .iter()
        .map(|stored| (stored.n, stored.event.kind, stored.event.by.clone()))
        .collect();
    let expected = [
        (1, EventKind::Pending, None),
        (2, EventKind::Fired, None),
        (3, EventKind::Acknowledged, Some(who("ada"))),
        (4, EventKind::Resolved, None),
    ];
    assert_eq!(told, expected);
    assert_eq!(
        (events[2].event.at, events[2].event.text.as_str()),
        (NOON + 1, "on it")
    );
    let row = |event, notice, created| OutboxRow {
        alert: 1,
        event,
        notice,
        created,
    };
    let expected = [
        row(2, Notice::Fired, NOON),
        row(3, Notice::Acknowledged, NOON + 1),
        row(4, Notice::Resolved, NOON + 3),
    ];
    assert_eq!(outbox(subject, "acme", (0, 0)).await, expected);
    assert_eq!(outbox(subject, "acme", (1, 2)).await, expected[1..]);
    let logged = log(subject, "acme").await;
    assert_eq!(logged.len(), 1, "only what people did");
    let found = find(subject, "acme", 1).await.expect("it is there");
    assert_eq!((found.version, found.alert.is_open()), (4, false));
}

/// Until it is over; then there is a new one.
pub async fn a_group_has_one_open_alert(subject: &mut impl Subject) {
    let first = raise(subject, "acme", 9).await;
    let again = AlertWrite {
        known: None,
        moved: raised(1, 9, NOON + 1),
    };
    is_conflict(write(subject, "acme", vec![again]).await);
    raise(subject, "globex", 9).await;
    write(subject, "acme", vec![changing(&first, over(), NOON + 2)])
        .await
        .expect("no error");
    let second = raise(subject, "acme", 9).await;
    assert_eq!(second.id, 2);
}

/// One that cannot be written takes the others with it.
pub async fn writes_of_the_system_are_all_or_nothing(subject: &mut impl Subject) {
    let first = raise(subject, "acme", 1).await;
    let stale = AlertWrite {
        known: Some((1, 7)),
        ..changing(&first, over(), NOON + 1)
    };
    let missing = AlertWrite {
        known: Some((99, 1)),
        ..stale.clone()
    };
    for bad in [stale, missing] {
        let new = AlertWrite {
            known: None,
            moved: raised(1, 2, NOON),
        };
        let good = changing(&first, ack("ada"), NOON + 1);
        is_conflict(write(subject, "acme", vec![new, good, bad]).await);
    }
    assert_eq!(find(subject, "acme", 1).await, Some(first));
    assert_eq!(find(subject, "acme", 2).await, None);
    assert_eq!(outbox(subject, "acme", (0, 0)).await.len(), 1);
    assert_eq!(
        subject
            .store()
            .alert_events(&scope("acme"), 1)
            .await
            .expect("no error")
            .len(),
        2
    );
}

/// However many there are: one has it, and the others are told so by the version.
pub async fn of_two_who_acknowledge_at_once_one_wins(subject: &mut impl Subject) {
    let stored = raise(subject, "acme", 9).await;
    let names: Vec<String> = (0..8).map(|n| format!("operator {n}")).collect();
    let subject = &*subject;
    let tries = names
        .iter()
        .map(|name| change(subject, "acme", changing(&stored, ack(name), NOON + 1)));
    let results = futures::future::join_all(tries).await;
    let won: Vec<&StoredAlert> = results
        .iter()
        .filter_map(|result| result.as_ref().ok()?.as_ref())
        .collect();
    assert_eq!(won.len(), 1, "{results:?}");
    let found = find(subject, "acme", 1).await.expect("it is there");
    assert_eq!(&found, won[0]);
    for lost in results.into_iter().filter(Result::is_err) {
        is_conflict(lost);
    }
    assert_eq!(outbox(subject, "acme", (1, 2)).await.len(), 1, "told once");
    assert_eq!(log(subject, "acme").await.len(), 1, "logged once");
}

/// Committed is committed.
pub async fn what_is_acknowledged_is_durable(subject: &mut impl Subject) {
    let stored = raise(subject, "acme", 9).await;
    change(subject, "acme", changing(&stored, ack("ada"), NOON + 1))
        .await
        .expect("no error");
    subject.reopen().await;
    let found = find(subject, "acme", 1).await.expect("it is there");
    assert_eq!(found.alert.ack.map(|ack| ack.by), Some(who("ada")));
    let new = AlertWrite {
        known: None,
        moved: raised(1, 10, NOON),
    };
    is_conflict(change(subject, "acme", new).await);
    let missing = AlertWrite {
        known: Some((99, 1)),
        ..changing(&stored, ack("ada"), NOON + 1)
    };
    assert_eq!(change(subject, "acme", missing).await.expect("no error"), None);
}

/// One more is refused, and what is open stays.
pub async fn open_alerts_have_a_limit(subject: &mut impl Subject) {
    let new = |fingerprint| AlertWrite {
        known: None,
        moved: raised(1, fingerprint, NOON),
    };
    let most = MAX_OPEN as u64;
    for from in (0..most).step_by(2_500) {
        write(subject, "acme", (from..from + 2_500).map(new).collect())
            .await
            .expect("no error");
    }
    is_conflict(write(subject, "acme", vec![new(most)]).await);
    let first = find(subject, "acme", 1).await.expect("it is there");
    // One ends in the same transaction: there is room.
    let done = changing(&first, over(), NOON + 1);
    write(subject, "acme", vec![done, new(most)])
        .await
        .expect("no error");
    let open = AlertQuery {
        open: Some(true),
        limit: usize::MAX,
        ..AlertQuery::default()
    };
    assert_eq!(search(subject, "acme", open).await.len(), MAX_OPEN);
}

/// Newest first, page by page.
pub async fn history_is_found_by_what_is_wanted(subject: &mut impl Subject) {
    for n in 1..=6u64 {
        let mut moved = raised(1 + n % 2, n, NOON + n as i64 * 1_000);
        moved.alert.incident = (n > 4).then_some(3);
        let stored = raise_with(subject, "acme", moved).await;
        if n <= 2 {
            write(subject, "acme", vec![changing(&stored, over(), NOON + 9_000)])
                .await
                .expect("no error");
        }
    }
    let all = AlertQuery {
        limit: 100,
        ..AlertQuery::default()
    };
    let found = async |query: AlertQuery| search(&*subject, "acme", query).await;
    assert_eq!(found(all.clone()).await, [6, 5, 4, 3, 2, 1]);
    let with = |change: &dyn Fn(&mut AlertQuery)| {
        let mut query = all.clone();
        change(&mut query);
        query
    };
    assert_eq!(found(with(&|query| query.open = Some(true))).await, [6, 5, 4, 3]);
    assert_eq!(found(with(&|query| query.open = Some(false))).await, [2, 1]);
    assert_eq!(found(with(&|query| query.rule = Some(2))).await, [5, 3, 1]);
    assert_eq!(found(with(&|query| query.incident = Some(3))).await, [6, 5, 3]);
    assert_eq!(
        found(with(&|query| query.from = Some(NOON + 5_000))).await,
        [6, 5]
    );
    assert_eq!(found(with(&|query| query.to = Some(NOON + 2_000))).await, [1]);
    let page = with(&|query| (query.before, query.limit) = (Some(5), 2));
    assert_eq!(found(page).await, [4, 3]);
    let both = with(&|query| (query.open, query.rule) = (Some(true), Some(2)));
    assert_eq!(found(both).await, [5, 3]);
}

fn silence(n: i64) -> Silence {
    Silence {
        matchers: matchers(r#"provider="anthropic",model=~"claude-.*\"x\"",team!="Größe""#)
            .expect("they are good"),
        starts: NOON,
        ends: NOON + n,
        by: who("ada"),
        // One that lasts two seconds comes back.
        repeat: (n == 2_000).then(|| {
            let repeat = Repeat::new(&["sun", "mon"], "22:00", "06:30", "Europe/Berlin");
            repeat.expect("it is a window")
        }),
        comment: "they said so – ü".into(),
        created: NOON - 1,
    }
}

async fn create_silence(subject: &impl Subject, n: i64) -> Result<StoredSilence, StoreError> {
    let entry = audit("silence.create", "1");
    subject
        .store()
        .create_silence(&scope("acme"), silence(n), entry)
        .await
}

/// Every field; ended early, once; each logged.
pub async fn silences_come_back_and_end(subject: &mut impl Subject) {
    let first = create_silence(subject, 1_000).await.expect("no error");
    let second = create_silence(subject, 2_000).await.expect("no error");
    assert_eq!((first.id, second.id), (1, 2));
    assert_eq!(first.silence, silence(1_000));
    subject.reopen().await;
    let store = subject.store();
    let acme = scope("acme");
    assert_eq!(
        store.silences(&acme, NOON).await.expect("no error"),
        [first.clone(), second.clone()]
    );
    assert_eq!(
        store.silences(&acme, NOON + 1_000).await.expect("no error"),
        std::slice::from_ref(&second)
    );
    let end = |id, at| store.end_silence(&acme, id, at, audit("silence.end", "2"));
    let ended = end(2, NOON + 500).await.expect("no error").expect("it is there");
    assert_eq!(ended.silence.ends, NOON + 500);
    let again = end(2, NOON + 400).await.expect("no error").expect("it is there");
    assert_eq!(again.silence.ends, NOON + 400, "earlier still");
    let late = end(2, NOON + 600).await.expect("no error").expect("it is there");
    assert_eq!(late.silence.ends, NOON + 400, "it was over");
    assert_eq!(end(3, NOON).await.expect("no error"), None);
    assert_eq!(log(subject, "acme").await.len(), 4);
}

/// Those that have ended do not count.
pub async fn silences_have_a_limit(subject: &mut impl Subject) {
    for n in 1..=MAX_SILENCES as i64 {
        create_silence(subject, n).await.expect("no error");
    }
    is_conflict(create_silence(subject, 1).await);
    let entry = audit("silence.end", "1");
    let ended = subject
        .store()
        .end_silence(&scope("acme"), 1, NOON - 1, entry)
        .await;
    ended.expect("no error").expect("it is there");
    create_silence(subject, 1).await.expect("no error");
}

/// Nobody sees or changes what another tenant has.
pub async fn alerts_of_tenants_are_apart(subject: &mut impl Subject) {
    let stored = raise(subject, "acme", 9).await;
    create(subject, "acme", "one").await.expect("no error");
    create_silence(subject, 1_000).await.expect("no error");
    assert_eq!(find(subject, "globex", 1).await, None);
    let taken = changing(&stored, ack("eve"), NOON + 1);
    assert_eq!(change(subject, "globex", taken).await.expect("no error"), None);
    assert_eq!(rules(subject, "globex").await, []);
    let store = subject.store();
    let globex = scope("globex");
    let entry = || audit("x", "1");
    assert_eq!(
        store
            .change_rule(&globex, (1, 1), draft("x"), entry())
            .await
            .expect("no error"),
        None
    );
    assert_eq!(
        store
            .delete_rule(&globex, 1, NOON, entry())
            .await
            .expect("no error"),
        None
    );
    assert_eq!(store.silences(&globex, 0).await.expect("no error"), []);
    assert_eq!(
        store
            .end_silence(&globex, 1, NOON, entry())
            .await
            .expect("no error"),
        None
    );
    assert_eq!(store.alert_events(&globex, 1).await.expect("no error"), []);
    assert_eq!(outbox(subject, "globex", (0, 0)).await, []);
    let all = AlertQuery {
        limit: 10,
        ..AlertQuery::default()
    };
    assert_eq!(search(subject, "globex", all).await, [0u64; 0]);
    assert_eq!(log(subject, "globex").await, []);
    assert_eq!(find(subject, "acme", 1).await, Some(stored));
}
