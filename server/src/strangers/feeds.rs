//! Incidents of a page for the public as RSS 2.0 and as JSON Feed 1.1.

use std::fmt::Write as _;

use jiff::Timestamp;
use protocol::kpis::status::{IncidentDoc, StatusView};
use serde_json::{Value, json};

use super::v2::moment;
use super::xml::escaped;

/// Incidents that are told.
const MOST: usize = 50;

/// RSS 2.0. An item is an incident; its number stays, so that readers do not tell it twice.
pub(super) fn rss(view: &StatusView, address: &str) -> String {
    let (title, link) = (escaped(&view.title), escaped(address));
    let about = match view.intro.trim() {
        "" => "Incidents".to_owned(),
        intro => escaped(intro),
    };
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n\
         <title>{title}</title>\n<link>{link}</link>\n<description>{about}</description>\n\
         <atom:link href=\"{link}/feed.rss\" rel=\"self\" type=\"application/rss+xml\"/>\n"
    );
    for incident in view.incidents.iter().take(MOST) {
        let own = escaped(&at(address, incident));
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "<item>\n<title>{}</title>\n<link>{own}</link>\n<guid isPermaLink=\"true\">{own}</guid>\n\
             <pubDate>{}</pubDate>\n<description>{}</description>\n</item>",
            escaped(&titled(incident)),
            mailed(incident.changed()),
            escaped(&words(incident)),
        );
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

/// JSON Feed 1.1.
pub(super) fn json_feed(view: &StatusView, address: &str) -> Value {
    let items = view.incidents.iter().take(MOST).map(|incident| {
        json!({
            "id": at(address, incident),
            "url": at(address, incident),
            "title": titled(incident),
            "content_text": words(incident),
            "date_published": moment(incident.began()),
            "date_modified": moment(incident.changed()),
            "tags": [incident.state(), incident.impact],
        })
    });
    let items: Vec<Value> = items.collect();
    let mut feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": view.title,
        "home_page_url": address,
        "feed_url": format!("{address}/feed.json"),
        "items": items,
    });
    if let (Some(feed), false) = (feed.as_object_mut(), view.intro.trim().is_empty()) {
        feed.insert("description".into(), view.intro.clone().into());
    }
    feed
}

fn at(address: &str, incident: &IncidentDoc) -> String {
    format!("{address}#incident-{}", incident.id)
}

fn titled(incident: &IncidentDoc) -> String {
    format!("{} ({})", incident.title, incident.state())
}

/// All that was said, the newest first.
fn words(incident: &IncidentDoc) -> String {
    let each = incident.updates.iter().rev();
    let each = each.map(|update| format!("{} {}: {}", moment(update.at), update.state, update.text));
    each.collect::<Vec<_>>().join("\n\n")
}

/// As RSS has times: `Mon, 23 Nov 2026 08:00:00 +0000`.
fn mailed(at: i64) -> String {
    Timestamp::from_millisecond(at)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .strftime("%a, %d %b %Y %H:%M:%S +0000")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_rss_has_them() {
        assert_eq!(mailed(1_795_420_800_000), "Mon, 23 Nov 2026 08:00:00 +0000");
    }
}
