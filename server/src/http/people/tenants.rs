//! `/api/v1/tenants`: for platform admins, who make them and say what each may use.

use std::collections::HashMap;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use protocol::view::{QuotaRow, TenantRow, Tenants};
use store::{Quota, StoreError, Tenant, TenantId};

use super::super::page::Form;
use super::super::problem::Problem;
use super::input::{Fields, bad};
use super::{by, confirmed, conflict, person, refused};
use crate::auth::{self, Access, Whence};
use crate::state::Shared;

/// The longest name, characters.
const LONGEST_NAME: usize = 80;

/// `GET`: all of them.
pub async fn tenants(
    State(shared): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let form = Form::asked(&shared, &headers, &uri)?;
    form.write(&read(&shared).await?)
}

/// What the answer says.
pub(crate) async fn read(shared: &Shared) -> Result<Tenants, Problem> {
    let people = &shared.people;
    let tenants = people
        .accounts
        .all_tenants(&people.system)
        .await
        .map_err(refused)?;
    let quotas: HashMap<TenantId, Quota> = quotas(shared).await?;
    let row = |tenant: Tenant| {
        let quota = quotas.get(&tenant.id).copied().unwrap_or_default();
        row(shared, tenant, quota)
    };
    let usual = shared.quotas.usual();
    Ok(Tenants {
        tenants: tenants.into_iter().map(row).collect(),
        usual: QuotaRow {
            events_per_second: Some(usual.events_per_second),
            series: Some(u32::try_from(shared.engine.usual_series_cap()).unwrap_or(u32::MAX)),
            stored_mib: Some(usual.stored_mib),
        },
    })
}

async fn quotas(shared: &Shared) -> Result<HashMap<TenantId, Quota>, Problem> {
    let people = &shared.people;
    let quotas = people.accounts.quotas(&people.system).await;
    Ok(quotas.map_err(refused)?.into_iter().collect())
}

fn row(shared: &Shared, tenant: Tenant, quota: Quota) -> TenantRow {
    TenantRow {
        stored_bytes: shared.quotas.stored(&tenant.id),
        slug: tenant.id.as_str().into(),
        name: tenant.name,
        created: tenant.created,
        quota: QuotaRow {
            events_per_second: quota.events_per_second,
            series: quota.series,
            stored_mib: quota.stored_mib,
        },
    }
}

/// `POST {"slug", "name"}`: makes one, whose owner is whoever asks.
pub async fn make_tenant(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let fields = Fields::read(body, &["slug", "name"])?;
    let words = (fields.text("slug")?, fields.text_or_empty("name")?);
    let made = make(&shared, &access, &whence, words).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Makes a tenant with this slug and name, owned by whoever asks.
pub(crate) async fn make(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    (slug, name): (&str, &str),
) -> Result<TenantRow, Problem> {
    let id = TenantId::parse(slug).ok_or_else(|| {
        let why = "slug: 1 to 63 of a to z, 0 to 9 and -, a letter first; it stands in addresses";
        bad("slug", why)
    })?;
    let name = name.trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let why = format!("name: at most {LONGEST_NAME} characters on one line");
        return Err(bad("name", why));
    }
    confirmed(shared, access)?;
    let by = by(shared, access, whence);
    let tenant = Tenant {
        name: if name.is_empty() { id.as_str() } else { name }.to_owned(),
        id,
        created: by.at,
    };
    let (people, account) = (&shared.people, &person(access)?.signed_in.account);
    let slug = tenant.id.as_str();
    let audit = by.entry(
        "tenant.create",
        slug,
        format!("{}, owned by {}", tenant.name, account.email),
    );
    let made = people
        .accounts
        .create_tenant(&people.system, tenant.clone(), &account.id, audit)
        .await;
    people.lookup.forget(&account.id);
    made.map_err(|error| match error {
        // Whoever asks has an account: only the slug can be taken.
        StoreError::Conflict(_) => {
            conflict("there is a tenant with this slug already").with("field", "slug".into())
        }
        error => refused(error),
    })?;
    Ok(row(shared, tenant, Quota::default()))
}

/// `PATCH /{tenant} {"events_per_second", "series", "stored_mib"}`: gives a tenant a quota. What is left out stays, null is
/// as usual.
pub async fn change_quota(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(slug): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let known = ["events_per_second", "series", "stored_mib"];
    let fields = Fields::read(body, &known)?;
    if !known.iter().any(|name| fields.says(name)) {
        return Err(bad(
            "",
            format!("the body changes nothing; known are {}", known.join(", ")),
        ));
    }
    let tenant = TenantId::parse(&slug).ok_or_else(Problem::not_found)?;
    let before = quotas(&shared).await?.get(&tenant).copied().unwrap_or_default();
    let said = |name: &str, before: Option<u32>| {
        if !fields.says(name) {
            return Ok(before);
        }
        let (least, most) = bounds(name);
        let number = fields.number(name, i64::from(least), i64::from(most))?;
        // Within bounds that a u32 has.
        Ok::<_, Problem>(number.and_then(|number| u32::try_from(number).ok()))
    };
    let quota = Quota {
        events_per_second: said("events_per_second", before.events_per_second)?,
        series: said("series", before.series)?,
        stored_mib: said("stored_mib", before.stored_mib)?,
    };
    give(&shared, &access, &whence, &tenant, quota).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a figure of a quota may be.
fn bounds(name: &str) -> (u32, u32) {
    match name {
        "events_per_second" => (0, Quota::MOST_EVENTS),
        "series" => (1, Quota::MOST_SERIES),
        _ => (0, Quota::MOST_MIB),
    }
}

/// A quota as a form has it: text by name, empty for as usual.
pub(crate) fn quota_of<'a>(get: impl Fn(&str) -> &'a str) -> Result<Quota, Problem> {
    let said = |name: &str| {
        let text = get(name).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let (least, most) = bounds(name);
        let number = text
            .parse::<u32>()
            .ok()
            .filter(|number| (least..=most).contains(number));
        let why = || format!("{name}: must be a whole number of {least} to {most}, or empty for as usual");
        number.map(Some).ok_or_else(|| bad(name, why()))
    };
    Ok(Quota {
        events_per_second: said("events_per_second")?,
        series: said("series")?,
        stored_mib: said("stored_mib")?,
    })
}

/// Gives a tenant a quota, which holds here at once and for other processes within seconds.
pub(crate) async fn give(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    tenant: &TenantId,
    quota: Quota,
) -> Result<(), Problem> {
    confirmed(shared, access)?;
    let people = &shared.people;
    let by = by(shared, access, whence);
    let given = auth::give_quota(people.accounts.as_ref(), &people.system, tenant, quota, &by).await;
    given.map_err(refused)?.ok_or_else(Problem::not_found)?;
    if let Err(error) = super::super::quota::read(shared).await {
        // It is stored; the next look takes it.
        tracing::warn!(%error, "a quota that was given could not be read back");
    }
    Ok(())
}
