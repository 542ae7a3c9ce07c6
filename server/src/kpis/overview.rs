//! `/kpis`: the page, and its charts as files.

use app::kpis::{Asked, Calendar, KpiView, Section, Wrong, chart_file, overview, refused};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::duty::Zone;
use engine::KpiQuestion;
use jiff::Timestamp;
use protocol::view::KpiPage;
use serde::Deserialize;
use store::TenantScope;

use super::frame;
use crate::http::{Problem, bad, page_problem};
use crate::pages::{self, plain};
use crate::settings::visit::{Visit, status};
use crate::state::Shared;

/// The period where none is named.
pub const USUAL: &str = "month";
/// Seconds that a page stays on a wall: the least, the most, and where none are named.
const EVERY: (u32, u32, u32) = (5, 3_600, 30);
/// Pages that a wall goes through at most.
const MOST_PAGES: usize = 12;
/// Changes of clocks that are told of: two a year, over the longest range.
const MOST_CHANGES: usize = 64;

/// What to show, by which clocks.
pub struct Asking {
    question: KpiQuestion,
    zone: Zone,
}

impl Asking {
    /// What an address asks for. Without a zone it is that of the visitor's browser, else UTC.
    ///
    /// # Errors
    /// 400 for a zone that there is not.
    pub fn of(get: impl Fn(&str) -> String, headers: &HeaderMap) -> Result<Asking, Problem> {
        let named = get("zone");
        let zone = match named.as_str() {
            "" => Zone::new(pages::zone(headers).unwrap_or("UTC")).or_else(|_| Zone::new("UTC")),
            named => Zone::new(named),
        };
        let zone = zone.map_err(|error| bad("zone", format!("zone: {error}")))?;
        let period = Some(get("period")).filter(|period| !period.is_empty());
        Ok(Asking {
            question: KpiQuestion {
                period: period.unwrap_or_else(|| USUAL.to_owned()),
                filter: get("filter"),
                zone: zone.name().to_owned(),
            },
            zone,
        })
    }

    /// The figures.
    ///
    /// # Errors
    /// 400 for a period or a filter that cannot be read; 503 when the store cannot be.
    pub async fn page(&self, shared: &Shared, scope: &TenantScope) -> Result<KpiPage, Problem> {
        let page = shared.engine.kpi_page(scope, &self.question).await;
        page.map_err(page_problem)
    }

    /// The clocks of the zone, for all moments of a page.
    fn calendar(&self, page: &KpiPage) -> Calendar {
        let ahead = page.budget.as_ref().and_then(|budget| budget.exhausted);
        let to = page.period.to.max(page.as_of).max(ahead.unwrap_or(i64::MIN));
        let clock = self.zone.clock();
        let first = Timestamp::from_millisecond(page.period.from).unwrap_or_default();
        let minutes = |offset: jiff::tz::Offset| offset.seconds() / 60;
        let mut offsets = vec![(page.period.from, minutes(clock.to_offset(first)))];
        let changes = clock.following(first).take(MOST_CHANGES);
        let changes = changes.take_while(|change| change.timestamp().as_millisecond() < to);
        offsets.extend(changes.map(|change| (change.timestamp().as_millisecond(), minutes(change.offset()))));
        Calendar {
            zone: self.zone.name().to_owned(),
            offsets,
        }
    }

    /// The days of a period by the clocks of the zone: `2026-11-03`, so many.
    pub fn dates(&self, page: &KpiPage, count: usize) -> Vec<String> {
        let first = self.zone.shown(page.period.from).date();
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
        days.take(count).map(|day| day.to_string()).collect()
    }
}

/// What the address says, as the page shows it again.
fn asked(visit: &Visit) -> Asked {
    let get = |name: &str| visit.query.get(name).to_owned();
    let every = get("every").parse().unwrap_or(EVERY.2);
    let period = Some(get("period")).filter(|period| !period.is_empty());
    Asked {
        period: period.unwrap_or_else(|| USUAL.to_owned()),
        filter: get("filter"),
        zone: get("zone"),
        kiosk: !get("kiosk").is_empty(),
        rotate: own_pages(&get("rotate")),
        every: every.clamp(EVERY.0, EVERY.1),
    }
}

/// Of a list of addresses those that are paths of ours; nothing else is gone to.
fn own_pages(list: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/-_.?=~".contains(letter);
    let own = |path: &&str| path.starts_with('/') && !path.starts_with("//") && path.chars().all(plain);
    let kept: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(own)
        .take(MOST_PAGES)
        .collect();
    kept.join(",")
}

/// `GET /kpis?period=month&filter=&zone=`.
pub async fn kpis_page(State(shared): State<Shared>, visit: Visit) -> Result<Response, Problem> {
    match made(&shared, &visit).await {
        Ok((asking, page)) => {
            let view = KpiView {
                frame: frame(&shared, &visit, Section::Overview, None).await?,
                calendar: asking.calendar(&page),
                asked: asked(&visit),
                page,
            };
            Ok(plain(StatusCode::OK, overview(&view)))
        }
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => {
            let wrong = Wrong {
                form: String::new(),
                field: field(problem.field()).to_owned(),
                why: problem.words().to_owned(),
                sent: Vec::new(),
            };
            let frame = frame(&shared, &visit, Section::Overview, Some(wrong)).await?;
            let html = refused(&frame, &asked(&visit));
            Ok(plain(status(frame.wrong.as_ref()), html))
        }
    }
}

/// The field of the form in which a parameter stands: the ends of a range are in the period.
fn field(parameter: &str) -> &str {
    match parameter {
        "from" | "to" => "period",
        other => other,
    }
}

async fn made(shared: &Shared, visit: &Visit) -> Result<(Asking, KpiPage), Problem> {
    let asking = Asking::of(|name| visit.query.get(name).to_owned(), &visit.headers)?;
    let page = asking.page(shared, &visit.person.scope).await?;
    Ok((asking, page))
}

/// Where a chart stands in an address, whatever comes before.
#[derive(Debug, Deserialize)]
pub struct Which {
    chart: String,
}

/// `GET /kpis/charts/budget.svg?period=month`: a chart as a file.
pub async fn kpis_chart(
    State(shared): State<Shared>,
    Path(Which { chart }): Path<Which>,
    visit: Visit,
) -> Result<Response, Problem> {
    let name = chart.strip_suffix(".svg").ok_or_else(Problem::not_found)?;
    let (asking, page) = made(&shared, &visit).await?;
    let tenant = visit.person.scope.tenant().to_string();
    let file = chart_file(&page, &asking.calendar(&page), &tenant, name);
    let file = file.ok_or_else(Problem::not_found)?;
    let kind = HeaderValue::from_static("image/svg+xml; charset=utf-8");
    Ok(([(CONTENT_TYPE, kind)], file).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_goes_to_own_pages_only() {
        assert_eq!(own_pages("/kpis,/alerts"), "/kpis,/alerts");
        assert_eq!(
            own_pages("https://evil.example,//evil.example,/\\evil,javascript:x, /board?range=1h"),
            "/board?range=1h"
        );
        assert_eq!(own_pages(&"/a,".repeat(40)).matches("/a").count(), MOST_PAGES);
    }

    #[test]
    fn a_zone_is_the_address_else_the_browsers_else_utc() {
        let of = |zone: &'static str, cookie: &'static str| {
            let headers =
                HeaderMap::from_iter([(axum::http::header::COOKIE, HeaderValue::from_static(cookie))]);
            let get = |name: &str| match name {
                "zone" => zone.to_owned(),
                _ => String::new(),
            };
            Asking::of(get, &headers).map(|asking| asking.question.zone)
        };
        assert_eq!(of("Asia/Tokyo", "fb_zone=Europe/Berlin").unwrap(), "Asia/Tokyo");
        assert_eq!(of("", "fb_zone=Europe/Berlin").unwrap(), "Europe/Berlin");
        assert_eq!(of("", "fb_zone=Mars/Olympus").unwrap(), "UTC");
        assert_eq!(of("", "a=b").unwrap(), "UTC");
        let refused = of("Mars/Olympus", "a=b").unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(field(refused.field()), "zone");
        assert_eq!(field("to"), "period");
    }
}
