//! Words of one's own: what names stand for, what is refused, and that what is told stays text.

use channels::{Kind, LABEL_PLACEHOLDER, LONGEST_TITLE_TEMPLATE, Notice, PLACEHOLDERS, Template};

use crate::setup::{body, mail, message};

fn filled(template: &str, notice: Notice) -> String {
    let template = Template::parse(template, 2_000).unwrap().unwrap();
    template.fill(&message(notice))
}

fn refused(template: &str) -> String {
    Template::parse(template, LONGEST_TITLE_TEMPLATE).unwrap_err()
}

#[test]
fn names_stand_for_what_the_message_says() {
    assert_eq!(
        filled("{severity}: {title} at {provider}, {model}", Notice::Fired),
        "critical: Breaker open: claude-sonnet at anthropic, claude-sonnet"
    );
    assert_eq!(
        filled("[{state}] {by}: {note}", Notice::Resolved),
        "[resolved] Zoë: switched to the other region"
    );
    assert_eq!(
        filled("on {label.instance} for {lasted}", Notice::Fired),
        "on eu-1 for 38 min"
    );
    assert_eq!(filled("{since}", Notice::Fired), "2026-11-21 08:03:07 UTC");
    assert_eq!(
        filled("{link} {runbook}", Notice::Acknowledged),
        "https://ops.example.com/alerts/12 https://wiki.example.com/runbooks/breaker"
    );
    // Only while it needs somebody.
    assert_eq!(
        filled("take: {ack_link}", Notice::Fired),
        "take: https://ops.example.com/ack/c2lnbmVk"
    );
    assert_eq!(filled("take: {ack_link}", Notice::Resolved), "take:");
    // What is not there is empty, and braces are braces.
    assert_eq!(
        filled("a {service} {label.team} b {{title}}", Notice::Fired),
        "a b {title}"
    );
    for (name, about) in PLACEHOLDERS {
        let template = Template::parse(&format!("{{{name}}}"), 200);
        assert!(template.is_ok() && !about.is_empty(), "{name}");
    }
    assert_eq!(LABEL_PLACEHOLDER, "label.");
}

#[test]
fn what_is_no_template_is_refused_by_name() {
    let unknown = refused("{severty}: {title}");
    assert!(
        unknown.starts_with("name what there is: {severty} is none of {title}, {summary}"),
        "{unknown}"
    );
    for wrong in [
        "{title",
        "title}",
        "{",
        "}",
        "{}",
        "{ title }",
        "{{title}",
        "{label.}",
        "{title:upper}",
        "{{{",
    ] {
        assert!(!refused(wrong).is_empty(), "{wrong}");
    }
    assert_eq!(refused(&"x".repeat(201)), "have at most 200 characters, got 201");
    assert_eq!(refused("a\u{7}b"), "hold no control characters");
    assert_eq!(Template::parse(" \n ", 10), Ok(None));
}

#[test]
fn what_is_filled_in_is_not_read_again() {
    let template = Template::parse("{title}", 200).unwrap().unwrap();
    let mut told = message(Notice::Fired);
    told.title = "{summary} {{x}} {label.instance}".into();
    assert_eq!(template.fill(&told), told.title);
    // However often something long is named, what comes out is bounded.
    let many = Template::parse(&"{summary}".repeat(200), 2_000).unwrap().unwrap();
    told.summary = "long ".repeat(100_000);
    assert!(many.fill(&told).encode_utf16().count() <= 16_000);
}

#[test]
fn own_words_take_the_place_of_the_usual_ones_and_what_happened_stays() {
    let mut told = message(Notice::Resolved);
    told.headline = Some("anthropic is well".into());
    told.text = Some("It took 38 min".into());
    let slack = body(Kind::Slack, &told).to_string();
    assert!(slack.contains("*Resolved: anthropic is well*"), "{slack}");
    assert!(
        slack.contains("It took 38 min") && !slack.contains("2 of 3 instances"),
        "{slack}"
    );
    assert!(
        slack.contains("Zoë") && !slack.contains("eu-1"),
        "who resolved it, and no list of labels: {slack}"
    );
    let letter = String::from_utf8(mail(&told).raw).unwrap();
    assert!(
        letter.contains("Subject: [resolved] anthropic is well"),
        "{letter}"
    );

    told.notice = Notice::Fired;
    let event = body(Kind::PagerDuty, &told);
    assert_eq!(event["payload"]["summary"], "anthropic is well");
    let details = &event["payload"]["custom_details"];
    assert_eq!(
        (&details["Summary"], &details["instance"]),
        (&"It took 38 min".into(), &"eu-1".into())
    );
    let hook = body(Kind::Webhook, &told);
    let data = &hook["data"];
    assert_eq!(
        (&data["heading"], &data["text"]),
        (&"anthropic is well".into(), &"It took 38 min".into())
    );
    assert_eq!(
        data["title"], "Breaker open: claude-sonnet",
        "machines get what it is called"
    );

    // A heading that comes out empty is none.
    told.headline = Some(" \n ".into());
    assert!(
        body(Kind::Slack, &told)
            .to_string()
            .contains("Breaker open: claude-sonnet")
    );
    told.simulated = true;
    told.headline = Some("all real".into());
    let slack = body(Kind::Slack, &told).to_string();
    assert!(slack.contains("[simulated] all real"), "{slack}");
}
