//! What people have marked: told at once, found again after a restart.

use crate::common::{House, START, scope};
use protocol::Span;
use protocol::markers::{MAX_MARKERS, Markers};

fn marker(title: &str, age: i64) -> String {
    let time = START - age;
    format!(
        r#"{{"type":"marker","time":{time},"title":"{title}","kind":"deploy","url":"https://example.com/1","service":"chat","environment":"prod"}}"#
    )
}

async fn markers(house: &House, from: i64, to: i64) -> Markers {
    house
        .engine
        .markers(&scope(), Span { from, to })
        .await
        .expect("an answer")
}

fn titles(markers: &Markers) -> Vec<&str> {
    markers.items.iter().map(|item| item.title.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_are_told_in_order_of_time_within_the_range() {
    let house = House::new().await;
    house
        .push(&format!("[{},{}]", marker("b", 1_000), marker("a", 5_000)))
        .await;
    assert_eq!(titles(&markers(&house, START - 10_000, START).await), ["a", "b"]);
    // Asked once, new ones come by themselves; also late ones.
    house.push(&format!("[{}]", marker("late", 3_000))).await;
    let found = markers(&house, START - 10_000, START).await;
    assert_eq!(titles(&found), ["a", "late", "b"]);
    assert_eq!(
        (
            found.items[0].kind.as_str(),
            found.items[0].service.as_deref(),
            found.left_out
        ),
        ("deploy", Some("chat"), 0)
    );
    assert_eq!(
        titles(&markers(&house, START - 3_000, START - 1_000).await),
        ["late"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_finds_them_in_the_journal_each_once() {
    let house = House::new().await;
    house.push(&format!("[{}]", marker("before", 9_000))).await;
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    house.push(&format!("[{}]", marker("after", 1_000))).await;
    assert_eq!(
        titles(&markers(&house, START - 10_000, START).await),
        ["before", "after"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_the_newest_and_counts_the_rest() {
    let house = House::new().await;
    let many: Vec<String> = (0..MAX_MARKERS as i64 + 5)
        .map(|nth| marker(&nth.to_string(), 1_000 + nth))
        .collect();
    house.push(&format!("[{}]", many.join(","))).await;
    let found = markers(&house, START - 10_000, START).await;
    assert_eq!((found.items.len(), found.left_out), (MAX_MARKERS, 5));
    assert_eq!(titles(&found).last(), Some(&"0"));
}
