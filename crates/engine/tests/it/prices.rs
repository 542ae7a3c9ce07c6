//! Prices over a real engine: calls without a cost get the price of when they happened, and keep it.

use engine::{AlertError, PriceFile, QueryRequest, Resolution};
use protocol::Span;
use protocol::kpis::invoice::InvoiceDoc;
use protocol::kpis::price_list::{Decimal, PriceEntry, PriceListDoc};

use crate::common::hand::hand;
use crate::common::{House, START, scope};

const DAY: i64 = 86_400_000;

/// START is 2025-11-20T12:00Z.
fn list(name: &str, from: &str, input: &str) -> PriceListDoc {
    PriceListDoc {
        name: name.into(),
        from: from.into(),
        source: String::new(),
        entries: vec![PriceEntry {
            provider: "openai".into(),
            model: "m".into(),
            tier: "standard".into(),
            input: Decimal(input.into()),
            output: Decimal("0".into()),
            ..PriceEntry::default()
        }],
    }
}

/// A million tokens at a moment.
fn million(at: i64, cost: &str) -> String {
    format!(
        r#"{{"type":"call","time":{at},"provider":"openai","model":"m","outcome":"ok","duration_ms":5,"input_tokens":1000000{cost}}}"#
    )
}

async fn make(house: &House, doc: &PriceListDoc) -> u64 {
    let made = house.engine.create_document(&scope(), doc, &hand("owner")).await;
    made.expect("the list is made").id
}

/// US dollars of the calls of one day, counted back from today.
async fn cost(house: &House, ago: i64) -> Option<f64> {
    let midnight = START.div_euclid(DAY) * DAY - ago * DAY;
    let request = QueryRequest {
        metric: "cost".into(),
        group_by: vec![],
        filter: String::new(),
        span: Span {
            from: midnight,
            to: midnight + DAY,
        },
        resolution: Resolution::MaxPoints(1),
        compare_previous: false,
        counting: false,
    };
    let answer = house.engine.query(&scope(), &request).await;
    answer.expect("it is answered").series.first()?.points.first()?.1
}

#[tokio::test]
async fn a_call_gets_the_price_of_when_it_happened_and_keeps_it() {
    let house = House::new().await;
    house.push(&million(START - 3 * DAY, "")).await;
    let first = make(&house, &list("spring", "2025-03-01", "2.50")).await;
    make(&house, &list("november", "2025-11-19T00:00:00Z", "4")).await;
    house.push(&million(START - 2 * DAY, "")).await;
    house.push(&million(START - DAY, "")).await;
    house.push(&million(START - 1, r#","cost_usd":0.5"#)).await;
    // What came before there was a list stays without a price.
    assert_eq!(cost(&house, 3).await.filter(|cost| *cost > 0.0), None);
    assert_eq!(cost(&house, 2).await, Some(2.5));
    assert_eq!(cost(&house, 1).await, Some(4.0));
    assert_eq!(cost(&house, 0).await, Some(0.5), "what a sender says stays");

    // A list that is changed changes what comes, not what was.
    let changed = list("spring", "2025-03-01", "100");
    let changed = house
        .engine
        .change_document(&scope(), first, Some(1), &changed, &hand("owner"))
        .await;
    changed.expect("the list is changed");
    assert_eq!(cost(&house, 2).await, Some(2.5));
    house.push(&million(START - 2 * DAY, "")).await;
    assert_eq!(cost(&house, 2).await, Some(102.5));

    // After a start the lists are read before the first batch.
    let (store, clock) = house.stop().await;
    let house = House::on(store, clock).await;
    house.push(&million(START - 2 * DAY, "")).await;
    assert_eq!(cost(&house, 2).await, Some(202.5));
    let gone = house
        .engine
        .delete_document::<PriceListDoc>(&scope(), first, &hand("owner"))
        .await;
    gone.expect("the list is removed");
    house.push(&million(START - 2 * DAY, "")).await;
    assert_eq!(cost(&house, 2).await, Some(202.5));
}

#[tokio::test]
async fn the_page_has_what_lacks_a_price_first() {
    let house = House::new().await;
    house.push(&million(START - 2, "")).await;
    house.push(&million(START - 2, "")).await;
    house
        .push(&million(START - 1, "").replace("\"m\"", "\"other\""))
        .await;
    let page = house.engine.prices(&scope()).await.expect("there is a page");
    assert_eq!(
        (page.lists.len(), page.models.len(), page.unpriced),
        (0, 2, Some(1.0))
    );
    assert!(
        page.models
            .iter()
            .all(protocol::kpis::prices::ModelInUse::lacks_price)
    );
    assert_eq!((page.models[0].model.as_str(), page.models[0].calls), ("m", 2));

    make(&house, &list("spring", "2025-03-01", "2.50")).await;
    make(&house, &list("next year", "2026-03-01", "9")).await;
    let page = house.engine.prices(&scope()).await.expect("there is a page");
    let [first, second] = page.models.as_slice() else {
        panic!("two models are in use: {:?}", page.models);
    };
    assert_eq!((first.model.as_str(), first.lacks_price()), ("other", true));
    let price = second.price.as_ref().expect("it has a price");
    assert_eq!(
        (
            price.input.as_str(),
            price.cache_read.as_str(),
            price.list_name.as_str()
        ),
        ("$2.50", "$2.50", "spring")
    );
    let lists: Vec<(&str, u32)> = page
        .lists
        .iter()
        .map(|list| (list.name.as_str(), list.holds))
        .collect();
    assert_eq!(lists, [("next year", 0), ("spring", 1)]);
}

#[tokio::test]
async fn a_file_is_looked_at_before_it_is_kept() {
    let house = House::new().await;
    house.push(&million(START - 1, "")).await;
    house
        .push(&million(START - 1, "").replace("\"m\"", "\"other\""))
        .await;
    make(&house, &list("spring", "2025-03-01", "2.50")).await;
    let file = PriceFile {
        name: " November ".into(),
        from: "2025-11-01".into(),
        text: r#"{
            "m": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":3e-06,"output_cost_per_token":1e-05},
            "n": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":1e-06,"output_cost_per_token":1e-06,
                  "input_cost_per_token_batches":5e-07,"output_cost_per_token_batches":5e-07},
            "p": {"litellm_provider":"openai","mode":"image_generation","input_cost_per_image":0.04}
        }"#
        .into(),
        ..PriceFile::default()
    };
    let looked = house.engine.preview_prices(&scope(), file.clone()).await;
    let (doc, told) = looked.expect("it can be looked at");
    assert_eq!((doc.name.as_str(), doc.entries.len()), ("November", 3));
    assert_eq!(
        (
            told.list,
            told.entries,
            told.models,
            told.new,
            told.changed,
            told.same
        ),
        (None, 3, 2, 2, 1, 0)
    );
    assert_eq!(told.unpriced, [("openai".to_owned(), "other".to_owned())]);
    assert_eq!((told.skipped.len(), told.skipped[0].names[0].as_str()), (1, "p"));
    assert_eq!(
        house
            .engine
            .documents::<PriceListDoc>(&scope())
            .await
            .expect("it can be read")
            .len(),
        1
    );

    let made = house
        .engine
        .import_prices(&scope(), file.clone(), &hand("owner"))
        .await;
    assert_eq!(made.expect("it is kept").list, Some(2));
    house.push(&million(START - 1, "")).await;
    assert_eq!(cost(&house, 0).await, Some(3.0));

    let again = house
        .engine
        .import_prices(&scope(), file.clone(), &hand("owner"))
        .await;
    assert!(matches!(again, Err(AlertError::Conflict(_))), "the name is taken");
    for (wrong, field) in [
        (
            PriceFile {
                from: "soon".into(),
                ..file.clone()
            },
            "from",
        ),
        (
            PriceFile {
                name: String::new(),
                ..file.clone()
            },
            "name",
        ),
        (
            PriceFile {
                text: "[]".into(),
                ..file.clone()
            },
            "file",
        ),
        (
            PriceFile {
                providers: "nobody".into(),
                ..file.clone()
            },
            "file",
        ),
    ] {
        match house.engine.preview_prices(&scope(), wrong).await {
            Err(AlertError::Invalid(error)) => assert_eq!(error.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn invoices_are_held_against_what_was_counted() {
    let house = House::new().await;
    make(&house, &list("spring", "2025-03-01", "2.50")).await;
    house.push(&million(START - DAY, "")).await;
    let invoice = |number: &str, days: (&str, &str), amount: &str| InvoiceDoc {
        number: number.into(),
        provider: "openai".into(),
        from: days.0.into(),
        to: days.1.into(),
        zone: "UTC".into(),
        amount: Decimal(amount.into()),
        note: String::new(),
    };
    assert_eq!(
        house.engine.reconciled(&scope()).await.expect("it can be read"),
        None
    );
    for doc in [
        invoice("A-1", ("2025-11-19", "2025-11-19"), "1.50"),
        invoice("A-2", ("2025-11-19", "2025-11-19"), "0.50"),
        invoice("A-3", ("2025-11-01", "2025-11-30"), "9"),
    ] {
        let made = house.engine.create_document(&scope(), &doc, &hand("owner")).await;
        made.expect("the invoice is kept");
    }
    let rows = house.engine.invoices(&scope()).await.expect("they can be read");
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.doc.number.as_str(), row.asked, row.counted, row.difference))
        .collect();
    // November is not over yet.
    assert_eq!(
        told,
        [
            ("A-3", 9.0, None, None),
            ("A-2", 2.0, Some(2.5), Some(0.25)),
            ("A-1", 2.0, Some(2.5), Some(0.25)),
        ]
    );
    assert_eq!(
        house
            .engine
            .reconciled(&scope())
            .await
            .expect("it can be read")
            .as_deref(),
        Some(
            "Cost is list price × tokens where no sender says it, reconciled with the invoices of 2025-11-19 to \
             2025-11-19 at +25.0%."
        )
    );
    for (doc, field) in [
        (invoice("B", ("2025-11-19", "2025-11-18"), "1"), "to"),
        (invoice("B", ("2025-11-19", "2025-11-19"), "0"), "amount"),
        (invoice("B", ("2025-11-19", "2025-11-19"), "-1"), "amount"),
        (invoice("", ("2025-11-19", "2025-11-19"), "1"), "number"),
    ] {
        match house.engine.create_document(&scope(), &doc, &hand("owner")).await {
            Err(AlertError::Invalid(error)) => assert_eq!(error.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}
