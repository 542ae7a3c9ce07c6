//! Every limit that a service documents, with texts that are long, of several bytes, or hostile; and that nothing told is
//! ever more than text.

use std::sync::OnceLock;

use channels::{Kind, Message, Notice};
use serde_json::Value;

use crate::hostile::{FILLERS, PAYLOADS};
use crate::setup::{body, mail, message, request, strings, utf16};

/// A message that says `text` in every place.
fn everywhere(notice: Notice, text: &str, labels: usize) -> Message {
    let mut told = message(notice);
    told.title = text.into();
    told.summary = text.into();
    told.rule = text.into();
    told.by = Some(text.into());
    told.note = Some(text.into());
    told.tenant = text.into();
    told.grouped = vec![text.into(); 30];
    told.id = text.into();
    told.topic = text.into();
    told.labels = (0..labels)
        .map(|n| (format!("{text}{n}"), text.to_owned()))
        .collect();
    told
}

/// The same as a channel's own words.
fn own_words(mut told: Message) -> Message {
    told.headline = Some(told.title.clone());
    told.text = Some(told.summary.clone());
    told
}

/// Hostile ones as they are, and everything long. Made once.
fn messages() -> &'static [Message] {
    static ALL: OnceLock<Vec<Message>> = OnceLock::new();
    ALL.get_or_init(all)
}

fn all() -> Vec<Message> {
    let mut all = Vec::new();
    for notice in Notice::ALL {
        all.push(everywhere(notice, "", 0));
        for text in PAYLOADS {
            all.push(everywhere(notice, text, 3));
            all.push(own_words(everywhere(notice, text, 3)));
        }
    }
    for text in FILLERS.into_iter().chain(PAYLOADS.into_iter().step_by(7)) {
        let long = text.repeat(20_000 / text.len());
        all.push(everywhere(Notice::Fired, &long, 3));
        all.push(own_words(everywhere(Notice::Fired, &long, 3)));
        let many = text.repeat(1_024 / text.len());
        let mut many = everywhere(Notice::Fired, &many, 32);
        for link in [&mut many.link, &mut many.ack_link, &mut many.runbook] {
            *link = Some(format!("https://ops.example.com/{}", "x".repeat(1_900)));
        }
        all.push(many);
    }
    for bad in [
        "javascript:alert(1)",
        "https://a.example/\r\nx",
        "https://a.example/)|>\"'<b>",
        "x",
    ] {
        let mut odd = message(Notice::Fired);
        odd.link = Some(bad.into());
        odd.ack_link = Some(bad.into());
        odd.runbook = Some(bad.into());
        all.push(odd);
    }
    all
}

/// No control characters but the ends of lines, and nothing that turns the direction.
fn is_clean(text: &str) -> bool {
    text.chars().all(|c| {
        (!c.is_control() || c == '\n') && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

fn text<'a>(value: &'a Value, at: &str) -> &'a str {
    value.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, at: &str) -> &'a [Value] {
    value
        .pointer(at)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn is_link(url: &str) -> bool {
    url.starts_with("https://") && !url.contains(|c: char| "|<>\"'() \n\r".contains(c))
}

#[test]
fn slack() {
    for message in messages() {
        for kind in [Kind::Slack, Kind::SlackBot] {
            let body = body(kind, message);
            assert!(utf16(text(&body, "/text")) <= 4_000);
            let blocks = list(&body, "/attachments/0/blocks");
            assert!(blocks.len() <= 50);
            for block in blocks {
                assert!(utf16(text(block, "/text/text")) <= 3_000);
                let fields = list(block, "/fields");
                assert!(fields.len() <= 10);
                assert!(fields.iter().all(|field| utf16(text(field, "/text")) <= 2_000));
                let elements = list(block, "/elements");
                assert!(elements.len() <= 25);
                for element in elements {
                    assert!(utf16(text(element, "/text/text")) <= 75);
                    assert!(utf16(text(element, "/url")) <= 3_000 && is_link(text(element, "/url")));
                }
            }
            let mut all = Vec::new();
            strings(&body, "", &mut all);
            for (name, told) in all {
                assert!(is_clean(told), "{told:?}");
                assert!(!told.contains(['<', '>', '`']), "{told:?}");
                assert!(name == "url" || told.matches('*').count() <= 2, "{told:?}");
                let ampersands = told.matches('&').count();
                let escapes = ["&amp;", "&lt;", "&gt;"].map(|escape| told.matches(escape).count());
                assert!(
                    name == "url" || ampersands == escapes.iter().sum::<usize>(),
                    "{told:?}"
                );
            }
        }
    }
}

#[test]
fn discord() {
    for message in messages() {
        let body = body(Kind::Discord, message);
        assert_eq!(
            body.pointer("/allowed_mentions/parse"),
            Some(&Value::Array(Vec::new()))
        );
        assert!(list(&body, "/embeds").len() == 1);
        let embed = &body["embeds"][0];
        assert!(utf16(text(embed, "/title")) <= 256 && utf16(text(embed, "/description")) <= 4_096);
        assert!(utf16(text(embed, "/footer/text")) <= 2_048);
        let mut total: usize = ["/title", "/description", "/footer/text"]
            .map(|at| utf16(text(embed, at)))
            .iter()
            .sum();
        let fields = list(embed, "/fields");
        assert!(fields.len() <= 25);
        for field in fields {
            let (name, value) = (text(field, "/name"), text(field, "/value"));
            assert!(
                (1..=256).contains(&utf16(name)) && (1..=1_024).contains(&utf16(value)),
                "{field}"
            );
            total += utf16(name) + utf16(value);
        }
        assert!(total <= 6_000, "{total}");
        let mut all = Vec::new();
        strings(embed, "", &mut all);
        for (name, told) in all {
            assert!(is_clean(told), "{told:?}");
            if name == "url" {
                assert!(is_link(told));
                continue;
            }
            assert!(!told.contains("@everyone") && !told.contains("@here"), "{told:?}");
            // Outside of our own links every special character has its backslash.
            let mut told = told.to_owned();
            for own in ["Acknowledge", "Open", "Runbook"] {
                while let Some(at) = told.find(&format!("[{own}](https://ops.example.com/")) {
                    let end = at + told[at..].find(')').unwrap();
                    told.replace_range(at..=end, "");
                }
                if let Some(at) = told.find(&format!("[{own}](https://wiki.example.com/")) {
                    let end = at + told[at..].find(')').unwrap();
                    told.replace_range(at..=end, "");
                }
                if let Some(at) = told.find(&format!("[{own}](https://a.example/")) {
                    let end = at + told[at..].find(')').unwrap();
                    assert!(is_link(&told[at + own.len() + 3..end]));
                    told.replace_range(at..=end, "");
                }
            }
            let mut escaped = false;
            for c in told.chars() {
                assert!(escaped || !"<>[]()*_~`|#".contains(c), "{c} in {told:?}");
                escaped = !escaped && c == '\\';
            }
            assert!(!escaped, "{told:?} ends in half an escape");
        }
    }
}

#[test]
fn teams() {
    for message in messages() {
        let request = request(Kind::Teams, message);
        assert!(request.body.len() <= 24 * 1024, "{}", request.body.len());
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let card = &body["attachments"][0]["content"];
        for block in list(card, "/body") {
            // Nowhere but in text without markdown.
            assert_eq!(block["type"], "RichTextBlock");
            for run in list(block, "/inlines") {
                assert_eq!(run["type"], "TextRun");
                assert!(is_clean(text(run, "/text")) && !text(run, "/text").is_empty());
            }
        }
        for action in list(card, "/actions") {
            assert!(action["type"] == "Action.OpenUrl" && is_link(text(action, "/url")));
        }
    }
}

#[test]
fn pagerduty() {
    for message in messages() {
        let request = request(Kind::PagerDuty, message);
        assert!(request.body.len() <= 512 * 1024);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let key = text(&body, "/dedup_key");
        assert!((1..=255).contains(&utf16(key)) && key.is_ascii(), "{key:?}");
        assert_eq!(text(&body, "/routing_key").len(), 32);
        if body["event_action"] == "trigger" {
            assert!((1..=1_024).contains(&utf16(text(&body, "/payload/summary"))));
            assert!(!text(&body, "/payload/source").is_empty());
            assert!(["critical", "warning", "info"].contains(&text(&body, "/payload/severity")));
            let mut all = Vec::new();
            strings(&body, "", &mut all);
            assert!(all.iter().all(|(_, told)| is_clean(told)));
        }
    }
}

#[test]
fn opsgenie() {
    for message in messages() {
        let request = request(Kind::Opsgenie, message);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert!(utf16(text(&body, "/message")) <= 130 && utf16(text(&body, "/alias")) <= 512);
        assert!(utf16(text(&body, "/description")) <= 15_000 && utf16(text(&body, "/note")) <= 25_000);
        assert!(utf16(text(&body, "/user")) <= 100);
        let details = body["details"].as_object();
        let details: usize = details
            .into_iter()
            .flatten()
            .map(|(name, value)| utf16(name) + utf16(value.as_str().unwrap()))
            .sum();
        assert!(details <= 8_000);
        let url = url::Url::parse(&request.url).unwrap();
        let path = url.path_segments().unwrap().count();
        let depth = if request.url.contains("identifierType") {
            8
        } else {
            5
        };
        assert!(
            path <= depth && url.path().starts_with("/jsm/ops/integration/v2/alerts"),
            "{url}"
        );
    }
}

#[test]
fn telegram() {
    for message in messages() {
        let body = body(Kind::Telegram, message);
        let told = text(&body, "/text");
        assert!((1..=4_096).contains(&utf16(told)), "{}", utf16(told));
        assert!(is_clean(told));
        // Tags of ours alone, each closed by its own; all else is escaped.
        let (mut open, mut rest) = (Vec::new(), told);
        while let Some(at) = rest.find(['<', '>']) {
            let end = at + rest[at..].find('>').unwrap();
            match &rest[at..=end] {
                "<b>" => open.push("</b>"),
                "<i>" => open.push("</i>"),
                link if link.starts_with("<a href=\"https://") => open.push("</a>"),
                closed => assert_eq!(open.pop(), Some(closed), "{told:?}"),
            }
            rest = &rest[end + 1..];
        }
        assert!(open.is_empty(), "{told:?}");
    }
}

#[test]
fn twilio() {
    const BASIC: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    for message in messages()
        .iter()
        .filter(|message| message.notice != Notice::Acknowledged)
    {
        let request = request(Kind::Twilio, message);
        let form: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["To", "From", "Body"]);
        let told = &form[2].1;
        let septets: usize = told
            .chars()
            .map(|c| match c {
                c if BASIC.contains(c) => 1,
                c if "^{}\\[~]|€".contains(c) => 2,
                c => panic!("{c:?} is not in the alphabet"),
            })
            .sum();
        assert!((4..=160).contains(&septets), "{septets}: {told}");
        let link = message.link.as_deref().unwrap_or_default();
        if link == "https://ops.example.com/alerts/12" {
            assert!(told.ends_with(" https://ops.example.com/alerts/12"), "{told}");
        } else if link.len() > 1_000 {
            assert!(!told.contains("https://ops"), "{told}");
        }
    }
}

#[test]
fn webhook() {
    for message in messages() {
        let request = request(Kind::Webhook, message);
        assert!(request.body.len() <= 20 * 1024, "{}", request.body.len());
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        assert!(text(&body, "/type").chars().all(plain));
        for (name, value) in &request.headers {
            let visible = value.chars().all(|c| c == ' ' || c.is_ascii_graphic());
            assert!(visible && value.len() < 1_000, "{name}: {value:?}");
        }
    }
}

/// Names of headers, and the rest of a mail.
fn headers(raw: &[u8]) -> (Vec<String>, String) {
    let raw = String::from_utf8(raw.to_vec()).unwrap();
    let (head, rest) = raw.split_once("\r\n\r\n").unwrap();
    let names = head
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap().0.to_owned())
        .collect();
    (names, rest.to_owned())
}

#[test]
fn email() {
    let expected = headers(&mail(&message(Notice::Fired)).raw).0;
    for message in messages() {
        let mail = mail(message);
        assert!(
            utf16(&mail.subject) <= 78 && !mail.subject.contains(['\r', '\n']),
            "{:?}",
            mail.subject
        );
        let (names, rest) = headers(&mail.raw);
        assert_eq!(names, expected);
        assert!(mail.raw.len() < 512 * 1024 && mail.raw.is_ascii());
        for line in String::from_utf8_lossy(&mail.raw).split("\r\n") {
            assert!(
                line.len() <= 998 && !line.contains(['\r', '\n', '\0']),
                "{line:?}"
            );
        }
        // Two parts, and the end.
        let boundaries = rest
            .lines()
            .filter(|line| line.starts_with("--fuseboard-") && !line.contains("AAAA"));
        assert_eq!(boundaries.count(), 3);
        // No tag that is not ours.
        const TAGS: [&str; 16] = [
            "!doctype", "html", "head", "meta", "body", "table", "tr", "td", "th", "p", "b", "h1", "a", "/",
            "/b", "/h1",
        ];
        for tag in mail.html.split('<').skip(1) {
            let name = tag.split([' ', '>']).next().unwrap();
            assert!(
                TAGS.contains(&name.trim_start_matches('/')),
                "{name} in {}",
                mail.html
            );
        }
        for link in mail.html.split("href=\"").skip(1) {
            assert!(link.starts_with("https://"), "{link}");
        }
        assert!(is_clean(&mail.text));
    }
}

#[test]
fn what_is_simulated_says_so_everywhere() {
    for kind in Kind::ALL {
        for notice in Notice::ALL {
            let mut told = message(notice);
            told.simulated = true;
            let said = match crate::setup::prepared(kind, &told, None) {
                channels::Prepared::Http(request) => {
                    let raw = String::from_utf8(request.body).unwrap();
                    let form = url::form_urlencoded::parse(raw.as_bytes()).into_owned();
                    raw.clone() + &form.map(|(_, value)| value).collect::<String>()
                }
                channels::Prepared::Mail(mail) => {
                    assert!(mail.text.contains("[simulated]") && mail.html.contains("[simulated]"));
                    mail.subject
                }
                channels::Prepared::Skip(_) => continue,
            };
            // At PagerDuty what follows up only names its incident.
            let names_only = kind == Kind::PagerDuty && said.len() < 200;
            let said = said.replace("\\\\[", "[").replace("\\\\]", "]");
            assert!(
                names_only || said.contains("[simulated]"),
                "{kind:?} {notice:?} {said}"
            );
        }
    }
}
