//! Objectives as OpenSLO v1 files, and back.
//!
//! What is asked travels as `spec.indicator.spec.ratioMetric.raw` with the metric source `fuseboard`: our indicator, its
//! limit and the filter. A file that asks another system is refused, as is what would be lost on the way: nothing is read
//! half. The name of an object is made from ours; ours is its display name. Deliberately absent: services, data sources and
//! alert policies.

use std::collections::BTreeSet;

use protocol::kpis::slo::{SloDoc, SloIndicator, SloWindow};
use serde_json::{Map, Value, json};

/// The version of the format.
const VERSION: &str = "openslo/v1";
/// What we are called as a source of figures.
const SOURCE: &str = "fuseboard";
/// Where an owner is noted; OpenSLO has no field for it.
const OWNER: &str = "fuseboard/owner";
/// The longest name of an object, as every implementation takes it.
const MAX_NAME: usize = 63;
/// How much of what was found an error repeats, in characters.
const ECHOED: usize = 64;

/// Objectives as OpenSLO objects, in their order.
pub(crate) fn export(docs: &[SloDoc]) -> Vec<Value> {
    let mut names = BTreeSet::new();
    docs.iter()
        .map(|doc| object(doc, own_name(&doc.name, &mut names)))
        .collect()
}

/// `chat-answers`, and `chat-answers-2` where that is taken.
fn own_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut plain = String::new();
    for letter in name.chars().map(|letter| letter.to_ascii_lowercase()) {
        match letter {
            'a'..='z' | '0'..='9' => plain.push(letter),
            _ if plain.ends_with('-') || plain.is_empty() => {}
            _ => plain.push('-'),
        }
    }
    plain.truncate(MAX_NAME - 4);
    let plain = match plain.trim_end_matches('-') {
        "" => "objective",
        plain => plain,
    };
    let mut nth = 1;
    loop {
        let name = match nth {
            1 => plain.to_owned(),
            nth => format!("{plain}-{nth}"),
        };
        if taken.insert(name.clone()) {
            return name;
        }
        nth += 1;
    }
}

fn object(doc: &SloDoc, name: String) -> Value {
    let mut metadata = json!({ "name": name, "displayName": doc.name });
    if !doc.owner.is_empty() {
        metadata["annotations"] = json!({ OWNER: doc.owner });
    }
    let mut asked = json!({ "metric": doc.indicator });
    if let Some(limit) = doc.limit {
        asked["limit"] = json!(limit);
    }
    if !doc.filter.is_empty() {
        asked["filter"] = json!(doc.filter);
    }
    let raw = json!({ "metricSource": { "type": SOURCE, "spec": asked } });
    let ratio = json!({ "counter": false, "rawType": "success", "raw": raw });
    let mut objective = json!({ "displayName": doc.name, "target": doc.objective });
    if by_slices(&doc.indicator) {
        objective["timeSliceTarget"] = json!(1.0);
        objective["timeSliceWindow"] = json!("1m");
    }
    let mut spec = json!({
        "service": service(&doc.filter),
        "indicator": {
            "metadata": { "name": format!("{name}-indicator") },
            "spec": { "ratioMetric": ratio },
        },
        "timeWindow": [window(&doc.window)],
        "budgetingMethod": method(&doc.indicator),
        "objectives": [objective],
    });
    if !doc.about.is_empty() {
        spec["description"] = json!(doc.about);
    }
    json!({ "apiVersion": VERSION, "kind": "SLO", "metadata": metadata, "spec": spec })
}

/// The one service of a filter; the format wants a name.
fn service(filter: &str) -> String {
    let mut services = filter.split(' ').filter_map(|term| term.strip_prefix("service:"));
    match (services.next(), services.next()) {
        (Some(service), None) if !service.starts_with(['!', '~', '"']) => service.to_owned(),
        _ => "all".to_owned(),
    }
}

/// Minutes are good or bad as a whole.
fn by_slices(indicator: &str) -> bool {
    SloIndicator::of(indicator).is_some_and(|known| known.events == "minutes")
}

fn method(indicator: &str) -> &'static str {
    match by_slices(indicator) {
        true => "Timeslices",
        false => "Occurrences",
    }
}

/// Periods with the first of them that began on a Monday which was the first of a quarter.
const PERIODS: [(&str, &str); 3] = [("week", "1w"), ("month", "1M"), ("quarter", "1Q")];
const START: &str = "2024-01-01 00:00:00";

fn window(window: &SloWindow) -> Value {
    match window {
        SloWindow::Rolling { days } => json!({ "duration": format!("{days}d"), "isRolling": true }),
        SloWindow::Calendar { unit, zone } => {
            let known = PERIODS.iter().find(|(name, _)| name == unit);
            let duration = known.map_or("1M", |(_, duration)| *duration);
            json!({
                "duration": duration,
                "isRolling": false,
                "calendar": { "startTime": START, "timeZone": zone },
            })
        }
    }
}

/// Reads objects; an error names the object by its place, from 1, and the field.
///
/// # Errors
/// One of them is no objective of ours.
pub(crate) fn import(objects: &[Value]) -> Result<Vec<SloDoc>, String> {
    let read = |(nth, object): (usize, &Value)| {
        one(object).map_err(|why| {
            let name = object.pointer("/metadata/name").and_then(Value::as_str);
            let name = name.map_or_else(String::new, |name| format!(" ({})", cut(name)));
            format!("document {}{name}: {why}", nth + 1)
        })
    };
    objects.iter().enumerate().map(read).collect()
}

fn one(object: &Value) -> Result<SloDoc, String> {
    let of = |path: &str| At {
        object,
        path: path.to_owned(),
    };
    known(&of(""), &["apiVersion", "kind", "metadata", "spec"])?;
    of("apiVersion").is(VERSION)?;
    let kind = of("kind").text()?;
    if kind != "SLO" {
        return Err(format!(
            "kind: must be SLO, got `{}`; other objects are not kept here",
            cut(kind)
        ));
    }
    let own = of("metadata.name").text()?;
    let name = of("metadata.displayName").optional()?.unwrap_or(own);
    let owner = object["metadata"]["annotations"]
        .get(OWNER)
        .and_then(Value::as_str);
    known(
        &of("spec"),
        &[
            "description",
            "service",
            "indicator",
            "timeWindow",
            "budgetingMethod",
            "objectives",
        ],
    )?;
    known(&of("spec.indicator.spec"), &["ratioMetric", "description"])?;
    let ratio = of("spec.indicator.spec.ratioMetric");
    known(&ratio, &["counter", "rawType", "raw"])?;
    ratio.at("rawType").is("success")?;
    let source = ratio.at("raw.metricSource");
    known(&source, &["type", "spec"])?;
    let system = source.at("type").text()?;
    if !system.eq_ignore_ascii_case(SOURCE) {
        return Err(format!(
            "{}.type: must be {SOURCE}, got `{}`; figures of other systems are not asked",
            source.path,
            cut(system)
        ));
    }
    let asked = source.at("spec");
    known(&asked, &["metric", "limit", "filter"])?;
    let indicator = asked.at("metric").text()?.to_owned();
    of("spec.budgetingMethod").is(method(&indicator))?;
    Ok(SloDoc {
        name: name.to_owned(),
        about: of("spec.description").optional()?.unwrap_or_default().to_owned(),
        limit: match asked.at("limit").value() {
            None => None,
            Some(_) => Some(asked.at("limit").number()?),
        },
        filter: asked.at("filter").optional()?.unwrap_or_default().to_owned(),
        objective: objective(&of("spec.objectives"), by_slices(&indicator))?,
        indicator,
        window: read_window(&of("spec.timeWindow"))?,
        owner: owner.unwrap_or_default().to_owned(),
    })
}

fn objective(at: &At<'_>, slices: bool) -> Result<f64, String> {
    let one = at.only()?;
    known(
        &one,
        &[
            "displayName",
            "target",
            "targetPercent",
            "timeSliceTarget",
            "timeSliceWindow",
        ],
    )?;
    let target = match (one.at("target").value(), one.at("targetPercent").value()) {
        (Some(_), None) => one.at("target").number()?,
        (None, Some(_)) => one.at("targetPercent").number()? / 100.0,
        _ => return Err(format!("{}: must have either target or targetPercent", one.path)),
    };
    if slices {
        let minute = match one.at("timeSliceWindow").value() {
            Some(Value::Number(minutes)) => minutes.as_f64() == Some(1.0),
            Some(Value::String(text)) => text == "1m",
            _ => false,
        };
        let whole = one.at("timeSliceTarget").number()?;
        if !minute || whole != 1.0 {
            return Err(format!(
                "{}: must have timeSliceWindow 1m and timeSliceTarget 1, as minutes are good or bad as a whole",
                one.path
            ));
        }
    }
    Ok(target)
}

fn read_window(at: &At<'_>) -> Result<SloWindow, String> {
    let one = at.only()?;
    known(&one, &["duration", "isRolling", "calendar"])?;
    let duration = one.at("duration").text()?;
    let wrong = |must: &str| format!("{}.duration: must be {must}, got `{}`", one.path, cut(duration));
    let rolls = one.at("isRolling").value().and_then(Value::as_bool);
    let Some(_) = one.at("calendar").value() else {
        if rolls != Some(true) {
            return Err(format!("{}: must have isRolling true, or a calendar", one.path));
        }
        let days = |text: &str, of: u16| text.parse::<u16>().ok().and_then(|count| count.checked_mul(of));
        let days = match (duration.strip_suffix('d'), duration.strip_suffix('w')) {
            (Some(count), _) => days(count, 1),
            (_, Some(count)) => days(count, 7),
            _ => None,
        };
        let days = days.ok_or_else(|| wrong("days or weeks, such as 30d or 4w"))?;
        return Ok(SloWindow::Rolling { days });
    };
    if rolls == Some(true) {
        return Err(format!("{}: must not roll and have a calendar", one.path));
    }
    let unit = PERIODS.iter().find(|(_, known)| *known == duration);
    let (unit, _) = unit.ok_or_else(|| wrong("1w, 1M or 1Q with a calendar"))?;
    let calendar = one.at("calendar");
    known(&calendar, &["startTime", "timeZone"])?;
    begins_a_period(&calendar.at("startTime"), unit)?;
    Ok(SloWindow::Calendar {
        unit: (*unit).to_owned(),
        zone: calendar.at("timeZone").text()?.to_owned(),
    })
}

/// Weeks begin on Monday, months and quarters on their first: other periods are not computed here.
fn begins_a_period(at: &At<'_>, unit: &str) -> Result<(), String> {
    let text = at.text()?;
    let date = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text)
        .or_else(|_| text.parse::<jiff::civil::DateTime>());
    let begins = date.is_ok_and(|shown| {
        let midnight = shown.time() == jiff::civil::Time::midnight();
        let day = match unit {
            "week" => shown.weekday() == jiff::civil::Weekday::Monday,
            "month" => shown.day() == 1,
            _ => shown.day() == 1 && (shown.month() - 1) % 3 == 0,
        };
        midnight && day
    });
    match begins {
        true => Ok(()),
        false => Err(format!(
            "{}: must be midnight at the beginning of a {unit}, such as {START}, got `{}`",
            at.path,
            cut(text)
        )),
    }
}

/// A place in an object.
struct At<'a> {
    object: &'a Value,
    path: String,
}

impl<'a> At<'a> {
    fn at(&self, below: &str) -> At<'a> {
        At {
            object: self.object,
            path: format!("{}.{below}", self.path),
        }
    }

    fn value(&self) -> Option<&'a Value> {
        let pointer: String = self
            .path
            .split('.')
            .filter(|part| !part.is_empty())
            .map(|part| format!("/{part}"))
            .collect();
        self.object.pointer(&pointer).filter(|value| !value.is_null())
    }

    fn text(&self) -> Result<&'a str, String> {
        self.optional()?
            .ok_or_else(|| format!("{}: must be given", self.path))
    }

    fn optional(&self) -> Result<Option<&'a str>, String> {
        match self.value() {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{}: must be a text", self.path)),
        }
    }

    fn number(&self) -> Result<f64, String> {
        let number = self.value().and_then(Value::as_f64);
        number.ok_or_else(|| format!("{}: must be a number", self.path))
    }

    fn is(&self, wanted: &str) -> Result<(), String> {
        match self.text()? {
            text if text == wanted => Ok(()),
            text => Err(format!("{}: must be {wanted}, got `{}`", self.path, cut(text))),
        }
    }

    /// The one item of a list.
    fn only(&self) -> Result<At<'a>, String> {
        match self.value().and_then(Value::as_array).map(Vec::len) {
            Some(1) => Ok(self.at("0")),
            Some(count) => Err(format!("{}: must have one item, got {count}", self.path)),
            None => Err(format!("{}: must be a list with one item", self.path)),
        }
    }
}

/// Nothing else may stand there: it would be lost.
fn known(at: &At<'_>, names: &[&str]) -> Result<(), String> {
    let path = match at.path.as_str() {
        "" => String::new(),
        path => format!("{path}."),
    };
    let empty = Map::new();
    let map = match at.value() {
        Some(Value::Object(map)) => map,
        Some(_) => return Err(format!("{}: must have fields", at.path.trim_end_matches('.'))),
        None => &empty,
    };
    match map.keys().find(|key| !names.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!(
            "{path}{}: is not read here; known are {}",
            cut(key),
            names.join(", ")
        )),
    }
}

fn cut(text: &str) -> String {
    let clean = text.chars().filter(|letter| !letter.is_control());
    clean.take(ECHOED).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn yaml(docs: &[SloDoc]) -> String {
        serde_saphyr::to_string_multiple(&export(docs)).unwrap()
    }

    fn read(text: &str) -> Result<Vec<SloDoc>, String> {
        let objects: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
        import(&objects)
    }

    fn chat() -> SloDoc {
        SloDoc {
            name: "Chat answers".into(),
            about: "What users feel.".into(),
            indicator: "answered".into(),
            limit: None,
            filter: "service:chat".into(),
            objective: 0.995,
            window: SloWindow::Rolling { days: 30 },
            owner: "Ada".into(),
        }
    }

    fn quick() -> SloDoc {
        SloDoc {
            name: "Quick first token".into(),
            about: String::new(),
            indicator: "ttft".into(),
            limit: Some(800.0),
            filter: String::new(),
            objective: 0.95,
            window: SloWindow::Calendar {
                unit: "quarter".into(),
                zone: "Europe/Berlin".into(),
            },
            owner: String::new(),
        }
    }

    const GOLDEN: &str = include_str!("openslo.golden.yaml");

    #[test]
    fn the_golden_file_is_what_is_exported_and_reads_the_same() {
        let docs = [chat(), quick()];
        let golden: Vec<Value> = serde_saphyr::from_multiple(GOLDEN).unwrap();
        assert_eq!(export(&docs), golden);
        assert_eq!(read(GOLDEN).unwrap(), docs);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_document() {
        for (from, to, why) in [
            (
                "kind: SLO",
                "kind: Service",
                "document 1 (chat-answers): kind: must be SLO",
            ),
            (
                "openslo/v1",
                "openslo/v2",
                "document 1 (chat-answers): apiVersion: must be openslo/v1",
            ),
            (
                "type: fuseboard",
                "type: prometheus",
                "document 1 (chat-answers): spec.indicator.spec.ratioMetric.raw.metricSource.type: must be fuseboard, got \
                 `prometheus`",
            ),
            (
                "duration: 30d",
                "duration: 12h",
                "spec.timeWindow.0.duration: must be days or weeks",
            ),
            (
                "target: 0.995",
                "target: lots",
                "spec.objectives.0.target: must be a number",
            ),
            (
                "metric: answered",
                "query: up",
                "metricSource.spec.query: is not read here",
            ),
            (
                "  service: chat",
                "  alertPolicies: []",
                "spec.alertPolicies: is not read here",
            ),
            (
                "2024-01-01 00:00:00",
                "2024-02-01 00:00:00",
                "document 2 (quick-first-token): spec.timeWindow",
            ),
            (
                "Occurrences",
                "Timeslices",
                "spec.budgetingMethod: must be Occurrences",
            ),
        ] {
            assert!(GOLDEN.contains(from), "{from}");
            let told = read(&GOLDEN.replacen(from, to, 1)).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn percent_and_weeks_are_read_too() {
        let text = GOLDEN
            .replacen("target: 0.995", "targetPercent: 99.5", 1)
            .replacen("30d", "4w", 1);
        let found = read(&text).unwrap().remove(0);
        assert!((found.objective - 0.995).abs() < 1e-12);
        assert_eq!(found.window, SloWindow::Rolling { days: 28 });
    }

    #[test]
    fn names_of_objects_are_plain_and_apart() {
        let mut taken = BTreeSet::new();
        let mut name = |text: &str| own_name(text, &mut taken);
        assert_eq!(name("Chat: 99.5% – answers"), "chat-99-5-answers");
        assert_eq!(name("chat 99.5 answers"), "chat-99-5-answers-2");
        assert_eq!(name("日本"), "objective");
        assert!(name(&"x".repeat(200)).len() <= MAX_NAME);
    }

    fn docs() -> impl Strategy<Value = SloDoc> {
        let window = prop_oneof![
            (1u16..=90).prop_map(|days| SloWindow::Rolling { days }),
            (0usize..3, 0usize..2).prop_map(|(unit, zone)| SloWindow::Calendar {
                unit: PERIODS[unit].0.into(),
                zone: ["UTC", "America/New_York"][zone].into(),
            }),
        ];
        let words = "[A-Za-z0-9:#'\"&*!|>{}%@, é-]{0,30}";
        (
            words,
            words,
            words,
            0usize..6,
            1u32..100_000,
            1u32..100_000,
            window,
        )
            .prop_map(|(name, about, owner, nth, limit, objective, window)| {
                let indicator = protocol::kpis::slo::INDICATORS[nth];
                SloDoc {
                    name: format!("N {}", name.trim()).trim().to_owned(),
                    about: about.trim().to_owned(),
                    indicator: indicator.name.into(),
                    limit: (!indicator.is_ratio()).then(|| f64::from(limit) / 1_000.0),
                    filter: if limit % 2 == 0 {
                        "model:\"a: b\"".into()
                    } else {
                        String::new()
                    },
                    objective: f64::from(objective) / 100_000.0,
                    window,
                    owner: owner.trim().to_owned(),
                }
            })
    }

    proptest! {
        #[test]
        fn what_is_exported_is_imported_the_same(docs in prop::collection::vec(docs(), 1..5)) {
            prop_assert_eq!(read(&yaml(&docs)).unwrap(), docs);
        }
    }
}
