//! How those who find alerts elsewhere are pointed here: what to paste, with this server's own address.

use leptos::prelude::*;

use super::frame::{Frame, Section, still};
use super::source::SOURCES;
use crate::plain::form::heading;

/// The page.
#[derive(Debug, Clone)]
pub struct ElsewhereView {
    /// Around it.
    pub frame: Frame,
    /// `https://board.example`, with the path of a host that we stand below: how whoever looks sees us.
    pub origin: String,
    /// How many open alerts each source has found, by its name in the API.
    pub open: Vec<(String, usize)>,
}

/// The page's HTML.
pub fn elsewhere(view: &ElsewhereView) -> String {
    let (frame, origin) = (&view.frame, view.origin.as_str());
    let (scheme, host) = origin.split_once("://").unwrap_or(("http", origin));
    let (target, below) = match host.find('/') {
        Some(end) => host.split_at(end),
        None => (host, ""),
    };
    let prometheus = format!(
        "alerting:\n  alertmanagers:\n    - scheme: {scheme}\n      path_prefix: {below}/am\n      authorization:\n        \
         credentials_file: /etc/prometheus/fuseboard.key\n      static_configs:\n        - targets: [\"{target}\"]"
    );
    let alertmanager = format!(
        "receivers:\n  - name: fuseboard\n    webhook_configs:\n      - url: {origin}/api/v1/webhooks/alertmanager\n        \
         send_resolved: true\n        max_alerts: 2000\n        http_config:\n          authorization:\n            \
         credentials_file: /etc/alertmanager/fuseboard.key"
    );
    let grafana = format!("{origin}/api/v1/webhooks/grafana");
    let amtool = format!(
        "# fuseboard.yml\nauthorization:\n  credentials_file: /etc/fuseboard.key\n\n# then\namtool \
         --alertmanager.url={origin}/am --http.config.file=fuseboard.yml alert query"
    );
    let content = view! {
        <div class="doc settings desk-guide">
            <section class="card">
                {heading("A key", "one for each sender")}
                <p>
                    "Whoever sends shows a key with the scope " <code>"ingest:write"</code>
                    ", as a bearer token or as the password of any user. An owner or an admin makes one under "
                    <a href=[&frame.base, "/settings/keys"].concat()>"API keys"</a>
                    ", or on the server:"
                </p>
                {command("fuseboard keys create --name prometheus --scope ingest:write > fuseboard.key".into())}
                <p>
                    "Its alerts live as those of our own rules do: somebody has them, they are put off, silenced and told
                    through the channels. One alert is one set of labels of one sender; the label "
                    <code>"severity"</code> " says how urgent it is (critical or page, warning, anything else), and an alert
                    without it counts as a warning."
                </p>
            </section>
            <section class="card">
                {source(view, "prometheus")}
                <p>
                    "Prometheus takes Fuseboard for an Alertmanager. It sends what fires again each minute; an alert that is
                    not sent any more is over when the end that was named with it has passed."
                </p>
                {command(prometheus)}
            </section>
            <section class="card">
                {source(view, "alertmanager")}
                <p>
                    "Keep your Alertmanager, and let it send here what its routes choose. It says when an alert is over, so "
                    <code>"send_resolved"</code> " stays on."
                </p>
                {command(alertmanager)}
            </section>
            <section class="card">
                {source(view, "grafana")}
                <p>
                    "In Grafana, under Alerting, Contact points, add one of the type Webhook with this address. Put the key
                    into the field for the credentials of the authorization header, and leave its scheme at Bearer. A test
                    from there is an alert like any other: resolve it by hand."
                </p>
                {command(grafana)}
            </section>
            <section class="card">
                {heading("amtool", "and whatever else speaks the Alertmanager's API v2")}
                <p>
                    "It asks for alerts and silences with a key that has " <code>"api:read"</code>
                    ", adds silences with " <code>"api:admin"</code> " and alerts with " <code>"ingest:write"</code>
                    ". Alerts of our own rules have their rule as " <code>"alertname"</code> "."
                </p>
                {command(amtool)}
            </section>
        </div>
    };
    still(
        frame,
        Section::Elsewhere.title(),
        "/settings.js",
        content.into_any(),
    )
}

/// A sender's heading, with what is open of it.
fn source(view: &ElsewhereView, name: &str) -> AnyView {
    let title = SOURCES.iter().find(|(known, _)| *known == name);
    let title = title.map_or("", |(_, words)| *words);
    let count = view.open.iter().find(|(known, _)| known == name);
    let words = match count.map_or(0, |(_, count)| *count) {
        0 => "nothing open".to_owned(),
        count => format!("{count} open"),
    };
    let href = [&view.frame.href(Section::Alerts), "?source=", name].concat();
    view! {
        <header>
            <h2>{title}</h2>
            <span class="sub">
                <a href=href>{words}</a>
            </span>
        </header>
    }
    .into_any()
}

fn command(text: String) -> AnyView {
    view! {
        <div class="command">
            <pre tabindex="0">
                <code>{text}</code>
            </pre>
            <button type="button" class="btn copy" data-copy="">"Copy"</button>
        </div>
    }
    .into_any()
}
