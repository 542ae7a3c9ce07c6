//! `/api/v1/tenants`: for platform admins, who make them.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use protocol::view::{TenantRow, Tenants};
use store::{StoreError, Tenant, TenantId};

use super::super::page::Form;
use super::super::problem::Problem;
use super::input::{Fields, bad};
use super::{by, confirmed, conflict, person, refused};
use crate::auth::{Access, Whence};
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
    Ok(Tenants {
        tenants: tenants.into_iter().map(row).collect(),
    })
}

fn row(tenant: Tenant) -> TenantRow {
    TenantRow {
        slug: tenant.id.as_str().into(),
        name: tenant.name,
        created: tenant.created,
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
    Ok(row(tenant))
}
