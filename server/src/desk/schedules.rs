//! `/alerts/schedules` and `/alerts/schedules/{schedule}`: who is on call, the people, "I take this shift".

use app::alerts::{
    OverrideView, PeopleView, ScheduleForm, ScheduleItem, ScheduleView, SchedulesView, Section, ShiftView,
    Wrong, schedule, schedules,
};
use axum::extract::{Path, State};
use axum::response::Response;
use engine::Take;
use protocol::documents::DocumentItem;
use protocol::duty::{HoursDoc, LayerDoc, ResponderDoc, ScheduleDoc};
use store::Role;

use super::duty::{coming, days, drawn, field, row, said, zone_of};
use super::frame;
use crate::http::Problem;
use crate::http::alerts::{channel_problem, hand, numbered, own, problem};
use crate::http::check_member;
use crate::http::people::bad_field;
use crate::pages::{go, plain};
use crate::settings::sent::{Sent, SentForm};
use crate::settings::visit::{Visit, status, wrong};
use crate::state::Shared;

/// Rotations that a form reads, and windows of each.
const MOST_LAYERS: usize = 9;
const MOST_HOURS: usize = 7;

type Form = (ScheduleDoc, Option<(u64, u64)>);

/// `GET ?new=yes` with the form for a new one; `?person=3` with that of somebody.
pub async fn schedules_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    let new = !visit.query.get("new").is_empty() && visit.person.role >= Role::Admin;
    let open = new.then(|| (fresh(&visit), None));
    page(&shared, &visit, open, None).await
}

/// A schedule to begin with: a week each, handed over at nine.
fn fresh(visit: &Visit) -> ScheduleDoc {
    let date = date_of(visit.now);
    ScheduleDoc {
        name: String::new(),
        about: String::new(),
        zone: "UTC".into(),
        layers: vec![layer(&date)],
        overrides: Vec::new(),
    }
}

/// The day of a moment, in UTC.
fn date_of(now: i64) -> String {
    domain::duty::Zone::new("UTC").map_or_else(
        |_| String::new(),
        |utc| field(&utc, now).chars().take(10).collect(),
    )
}

fn layer(date: &str) -> LayerDoc {
    LayerDoc {
        name: String::new(),
        people: Vec::new(),
        starts: format!("{date}T09:00"),
        every: 1,
        unit: "weeks".into(),
        hours: Vec::new(),
    }
}

async fn page(
    shared: &Shared,
    visit: &Visit,
    open: Option<Form>,
    wrong: Option<Wrong>,
) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let now = visit.now;
    let mut items = Vec::new();
    let mut shown = Vec::new();
    let on_call = engine.on_call(scope).await.map_err(problem)?;
    for item in engine.documents::<ScheduleDoc>(scope).await.map_err(problem)? {
        let zone = zone_of(&item.doc)?;
        let span = drawn(&zone, now);
        let shifts = engine.shifts(scope, item.id, span).await.map_err(problem)?;
        let duty = on_call.iter().find(|duty| duty.schedule == item.id);
        // All are drawn over the days of the first: an hour here or there is no width.
        if shown.is_empty() {
            shown = days(&zone, span);
        }
        items.push(ScheduleItem {
            id: item.id,
            name: item.doc.name.clone(),
            about: item.doc.about.clone(),
            zone: item.doc.zone.clone(),
            who: duty.and_then(|duty| duty.name.clone()),
            until: duty.and_then(|duty| duty.until).map(|until| said(&zone, until)),
            row: row("", &zone, &shifts, span),
        });
    }
    let people = people(shared, visit).await?;
    let view = SchedulesView {
        frame: frame(shared, visit, Section::Schedules, wrong).await?,
        schedules: items,
        days: shown,
        form: open.map(|(doc, known)| form_of(doc, known, &people.people, now)),
        people,
    };
    Ok(plain(status(view.frame.wrong.as_ref()), schedules(&view)))
}

/// The form, with a rotation that is still empty below the others.
fn form_of(
    mut doc: ScheduleDoc,
    known: Option<(u64, u64)>,
    people: &[DocumentItem<ResponderDoc>],
    now: i64,
) -> ScheduleForm {
    if doc.layers.last().is_none_or(|last| !last.people.is_empty()) {
        doc.layers.push(layer(&date_of(now)));
    }
    for layer in &mut doc.layers {
        if layer.hours.is_empty() {
            layer.hours.push(HoursDoc {
                days: Vec::new(),
                from: "08:00".into(),
                to: "20:00".into(),
            });
        }
    }
    ScheduleForm {
        doc,
        known,
        names: people
            .iter()
            .map(|item| (item.id, item.doc.name.clone()))
            .collect(),
    }
}

async fn people(shared: &Shared, visit: &Visit) -> Result<PeopleView, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let channels = match visit.person.role >= Role::Operator {
        true => engine.channels(scope).await.map_err(channel_problem)?.items,
        false => Vec::new(),
    };
    let members = match visit.person.role >= Role::Admin {
        true => super::alerts::members(shared, visit).await?,
        false => Vec::new(),
    };
    Ok(PeopleView {
        people: engine.documents(scope).await.map_err(problem)?,
        channels: channels
            .into_iter()
            .map(|item| (item.id, item.doc.name))
            .collect(),
        members,
        me: visit.person.signed_in.account.id.clone(),
        edit: visit.query.get("person").parse().ok(),
    })
}

/// `POST /alerts/schedules`: `schedule`, `remove`, `person` or `remove_person`.
pub async fn schedules_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    match change(&shared, &visit, &sent).await {
        Ok(to) => Ok(go(&[visit.base.as_str(), &to].concat())),
        Err(problem) => {
            let what = match sent.get("do") {
                "schedule" => "schedule",
                "person" => "person",
                _ => "act",
            };
            let wrong = wrong(problem, what, &sent)?;
            let open = (what == "schedule").then(|| (shape(&sent, &visit), known(&sent, "schedule")));
            page(&shared, &visit, open, Some(wrong)).await
        }
    }
}

fn known(sent: &Sent, name: &str) -> Option<(u64, u64)> {
    Some((sent.get(name).parse().ok()?, sent.get("version").parse().ok()?))
}

async fn change(shared: &Shared, visit: &Visit, sent: &Sent) -> Result<String, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let hand = hand(&visit.access, &visit.whence);
    let id = |name: &str| sent.get(name).parse::<u64>().map_err(|_| Problem::not_found());
    let list = Section::Schedules.path().to_owned();
    match sent.get("do") {
        "schedule" => {
            let people = engine.documents(scope).await.map_err(problem)?;
            let mut doc = read(sent, visit, &people)?;
            let saved = match known(sent, "schedule") {
                Some((id, version)) => {
                    // The form does not hold what was taken over: it stays as it is.
                    let before = engine.document::<ScheduleDoc>(scope, id).await.map_err(problem)?;
                    doc.overrides = before.doc.overrides;
                    engine
                        .change_document(scope, id, Some(version), &doc, &hand)
                        .await
                }
                None => engine.create_document(scope, &doc, &hand).await,
            };
            let saved = saved.map_err(problem)?;
            return Ok(format!("{list}/{}", saved.id));
        }
        "remove" => {
            let deleted = engine
                .delete_document::<ScheduleDoc>(scope, id("schedule")?, &hand)
                .await;
            deleted.map_err(problem)?;
        }
        "person" => {
            let doc = ResponderDoc {
                name: sent.get("name").trim().to_owned(),
                account: Some(sent.get("account").to_owned()).filter(|account| !account.is_empty()),
                channels: channels(sent)?,
            };
            check_member(shared, &visit.access, &doc).await?;
            let saved = match known(sent, "responder") {
                Some((id, version)) => {
                    engine
                        .change_document(scope, id, Some(version), &doc, &hand)
                        .await
                }
                None => engine.create_document(scope, &doc, &hand).await,
            };
            saved.map_err(problem)?;
        }
        "remove_person" => {
            let deleted = engine
                .delete_document::<ResponderDoc>(scope, id("responder")?, &hand)
                .await;
            deleted.map_err(problem)?;
        }
        _ => return Err(Problem::not_found()),
    }
    Ok(list)
}

fn channels(sent: &Sent) -> Result<Vec<u64>, Problem> {
    let all = sent.all("channels").into_iter().map(str::parse);
    let all: Result<Vec<u64>, _> = all.collect();
    all.map_err(|_| bad_field("channels", "channels: choose those of the page"))
}

/// `POST /alerts/schedules/me`: how whoever sends it is told.
pub async fn tell_me_form(
    State(shared): State<Shared>,
    visit: Visit,
    form: SentForm,
) -> Result<Response, Problem> {
    let sent = Sent::of_form(form)?;
    let account = &visit.person.signed_in.account;
    let hand = hand(&visit.access, &visit.whence);
    let done = match channels(&sent) {
        Ok(channels) => {
            let whose = (account.id.as_str(), account.name.as_str());
            let told = shared
                .engine
                .tell_me(&visit.person.scope, whose, channels, &hand)
                .await;
            told.map_err(problem)
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(_) => Ok(go(&[visit.base.as_str(), Section::Schedules.path()].concat())),
        Err(problem) => page(&shared, &visit, None, Some(wrong(problem, "me", &sent)?)).await,
    }
}

/// As many rotations as were sent, whatever is in them: for a form that comes back.
fn shape(sent: &Sent, visit: &Visit) -> ScheduleDoc {
    let count = (0..MOST_LAYERS)
        .take_while(|place| is_there(sent, *place))
        .count();
    ScheduleDoc {
        layers: (0..count.max(1)).map(|_| layer(&date_of(visit.now))).collect(),
        ..fresh(visit)
    }
}

fn is_there(sent: &Sent, place: usize) -> bool {
    !sent.all(&format!("layers.{place}.starts")).is_empty()
}

/// The schedule that a form says. Rotations without people are left out.
fn read(sent: &Sent, visit: &Visit, people: &[DocumentItem<ResponderDoc>]) -> Result<ScheduleDoc, Problem> {
    let mut layers = Vec::new();
    for place in (0..MOST_LAYERS).take_while(|place| is_there(sent, *place)) {
        let name = |field: &str| format!("layers.{place}.{field}");
        let get = |field: &str| sent.get(&name(field)).trim().to_owned();
        let names = get("people");
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let mut order = Vec::new();
        for one in names {
            let same = |item: &&DocumentItem<ResponderDoc>| item.doc.name.eq_ignore_ascii_case(one);
            let found = people.iter().find(same).ok_or_else(|| {
                let one: String = one.chars().take(80).collect();
                let why = format!("layers[{place}].people: there is nobody named {one}");
                bad_field(&name("people"), why)
            })?;
            order.push(found.id);
        }
        if order.is_empty() {
            continue;
        }
        let every = get("every").parse().map_err(|_| {
            let why = format!("layers[{place}].every: must be a whole number");
            bad_field(&name("every"), why)
        })?;
        layers.push(LayerDoc {
            name: get("name"),
            people: order,
            starts: get("starts"),
            every,
            unit: get("unit"),
            hours: hours(sent, place),
        });
    }
    Ok(ScheduleDoc {
        name: sent.get("name").trim().to_owned(),
        about: sent.get("about").trim().to_owned(),
        zone: sent.get("zone").trim().to_owned(),
        layers,
        ..fresh(visit)
    })
}

/// Windows on whose days nothing begins are left out.
fn hours(sent: &Sent, place: usize) -> Vec<HoursDoc> {
    let windows = (0..MOST_HOURS).map(|nth| {
        let name = |field: &str| format!("layers.{place}.hours.{nth}.{field}");
        HoursDoc {
            days: sent.all(&name("days")).into_iter().map(str::to_owned).collect(),
            from: sent.get(&name("from")).to_owned(),
            to: sent.get(&name("to")).to_owned(),
        }
    });
    windows.filter(|window| !window.days.is_empty()).collect()
}

/// `GET /alerts/schedules/{schedule}`
pub async fn schedule_page(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    one(&shared, &visit, numbered(&path, "schedule")?, None).await
}

async fn one(shared: &Shared, visit: &Visit, id: u64, wrong: Option<Wrong>) -> Result<Response, Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let item = engine.document::<ScheduleDoc>(scope, id).await.map_err(problem)?;
    let doc = &item.doc;
    let zone = zone_of(doc)?;
    let now = visit.now;
    let span = drawn(&zone, now);
    let shifts = engine.shifts(scope, id, span).await.map_err(problem)?;
    let mut rows = vec![row("On call", &zone, &shifts, span)];
    let turns = engine.turns(scope, id, span).await.map_err(problem)?;
    for (place, turns) in turns.iter().enumerate() {
        let name = match doc.layers.get(place).map(|layer| layer.name.as_str()) {
            None | Some("") => format!("Rotation {}", place + 1),
            Some(name) => name.to_owned(),
        };
        rows.push(row(&name, &zone, turns, span));
    }
    let everybody: Vec<DocumentItem<ResponderDoc>> = engine.documents(scope).await.map_err(problem)?;
    let named = |id: u64| {
        let found = everybody.iter().find(|person| person.id == id);
        found.map_or_else(
            || "somebody who was removed".to_owned(),
            |person| person.doc.name.clone(),
        )
    };
    let overrides = coming(doc, now).into_iter().map(|one| OverrideView {
        name: named(one.responder),
        known: (one.responder, one.from, one.to),
        when: format!("{} to {}", said(&zone, one.from), said(&zone, one.to)),
        by: one.by,
    });
    let on_call = engine.on_call(scope).await.map_err(problem)?;
    let duty = on_call.into_iter().find(|duty| duty.schedule == id);
    let me = &visit.person.signed_in.account.id;
    let mut people: Vec<(u64, String, bool)> = everybody
        .iter()
        .map(|person| {
            let mine = person.doc.account.as_ref() == Some(me);
            (person.id, person.doc.name.clone(), mine)
        })
        .collect();
    people.sort_by_key(|(_, name, mine)| (!mine, name.to_lowercase()));
    let until = duty.as_ref().and_then(|duty| duty.until);
    let view = ScheduleView {
        frame: frame(shared, visit, Section::Schedules, wrong).await?,
        id,
        name: doc.name.clone(),
        about: doc.about.clone(),
        zone: doc.zone.clone(),
        who: duty.and_then(|duty| duty.name),
        until: until.map(|until| said(&zone, until)),
        days: days(&zone, span),
        rows,
        shifts: shifts
            .iter()
            .map(|shift| ShiftView {
                from: said(&zone, shift.from),
                to: said(&zone, shift.to),
                name: shift.name.clone().unwrap_or_default(),
                taken: shift.taken.is_some(),
            })
            .collect(),
        overrides: overrides.collect(),
        people: people.into_iter().map(|(id, name, _)| (id, name)).collect(),
        next: (
            field(&zone, now),
            field(
                &zone,
                until.filter(|until| *until < span.1).unwrap_or(now + 86_400_000),
            ),
        ),
        form: (visit.person.role >= Role::Admin)
            .then(|| form_of(doc.clone(), Some((id, item.version)), &everybody, now)),
    };
    Ok(plain(status(view.frame.wrong.as_ref()), schedule(&view)))
}

/// `POST /alerts/schedules/{schedule}`: `take` or `give_back`.
pub async fn schedule_form(
    State(shared): State<Shared>,
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
    form: SentForm,
) -> Result<Response, Problem> {
    let id = numbered(&path, "schedule")?;
    let sent = Sent::of_form(form)?;
    match taken(&shared, &visit, id, &sent).await {
        Ok(()) => Ok(go(&format!("{}{}/{id}", visit.base, Section::Schedules.path()))),
        Err(problem) => one(&shared, &visit, id, Some(wrong(problem, "take", &sent)?)).await,
    }
}

async fn taken(shared: &Shared, visit: &Visit, id: u64, sent: &Sent) -> Result<(), Problem> {
    let (engine, scope) = (&shared.engine, &visit.person.scope);
    let item = engine.document::<ScheduleDoc>(scope, id).await.map_err(problem)?;
    let zone = zone_of(&item.doc)?;
    let moment = |name: &str| {
        let read = zone.moment(sent.get(name));
        read.map_err(|error| bad_field(name, format!("{name}: {}", error.must)))
    };
    let whole = |name: &str| sent.get(name).parse::<i64>().map_err(|_| Problem::not_found());
    let take = match sent.get("do") {
        "take" => Take::Over {
            responder: match sent.get("responder").parse() {
                Ok(responder) => responder,
                Err(_) => own(shared, &visit.access).await?,
            },
            from: moment("from")?,
            to: moment("to")?,
        },
        "give_back" => Take::Back {
            responder: sent.get("responder").parse().map_err(|_| Problem::not_found())?,
            from: whole("since")?,
            to: whole("until")?,
        },
        _ => return Err(Problem::not_found()),
    };
    let hand = hand(&visit.access, &visit.whence);
    let changed = engine.take_shift(scope, id, &take, &hand).await;
    changed.map(drop).map_err(problem)
}
