//! The routes of alerts: pages, rules, silences, channels and what was told through them. A part of the table in
//! [`super::routes`].

use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, delete, get, post, put};
use tower_http::compression::CompressionLayer;

use super::routes::{DELETE, GET, POST, PUT_DELETE, Route, form_limit, route};
use super::{alerts, people};
use crate::desk;
use crate::edge::Policy;
use crate::state::Shared;

/// Who looks and who acts have different policies: an address may stand here once for each.
pub(super) const ROUTES: &[Route] = &[
    route("/alerts", Policy::OwnPage, GET, || get(desk::alerts_page)),
    route("/alerts/rail", Policy::OwnPage, GET, || get(desk::rail_fragment)),
    route("/alerts/rules", Policy::OwnPage, GET, || get(desk::rules_page)),
    route("/alerts/rules", Policy::AdminPage, POST, rules_form),
    route("/alerts/rules/new", Policy::OperatePage, GET, || {
        get(desk::new_rule_page)
    }),
    route("/alerts/rules/new", Policy::AdminPage, POST, new_rule_form),
    route("/alerts/rules/{rule}", Policy::OperatePage, GET, || {
        get(desk::rule_page)
    }),
    route("/alerts/rules/{rule}", Policy::AdminPage, POST, rule_form),
    route("/alerts/silences", Policy::OwnPage, GET, || {
        get(desk::silences_page)
    }),
    route("/alerts/silences", Policy::OperatePage, POST, silences_form),
    route("/alerts/channels", Policy::OperatePage, GET, || {
        get(desk::channels_page)
    }),
    route("/alerts/channels", Policy::AdminPage, POST, channels_form),
    route("/alerts/deliveries", Policy::OperatePage, GET, || {
        get(desk::deliveries_page)
    }),
    route("/alerts/deliveries/{delivery}", Policy::OperatePage, GET, || {
        get(desk::delivery_page)
    }),
    route(
        "/alerts/deliveries/{delivery}",
        Policy::OperatePage,
        POST,
        delivery_form,
    ),
    route("/alerts/elsewhere", Policy::OwnPage, GET, || {
        get(desk::elsewhere_page)
    }),
    route("/t/{slug}/alerts/elsewhere", Policy::OwnPage, GET, || {
        get(desk::elsewhere_page)
    }),
    route("/alerts/{alert}", Policy::OwnPage, GET, || get(desk::alert_page)),
    route("/alerts/{alert}", Policy::OperatePage, POST, alert_form),
    route("/t/{slug}/alerts", Policy::OwnPage, GET, || {
        get(desk::alerts_page)
    }),
    route("/t/{slug}/alerts/rail", Policy::OwnPage, GET, || {
        get(desk::rail_fragment)
    }),
    route("/t/{slug}/alerts/rules", Policy::OwnPage, GET, || {
        get(desk::rules_page)
    }),
    route("/t/{slug}/alerts/rules", Policy::AdminPage, POST, rules_form),
    route("/t/{slug}/alerts/rules/new", Policy::OperatePage, GET, || {
        get(desk::new_rule_page)
    }),
    route(
        "/t/{slug}/alerts/rules/new",
        Policy::AdminPage,
        POST,
        new_rule_form,
    ),
    route("/t/{slug}/alerts/rules/{rule}", Policy::OperatePage, GET, || {
        get(desk::rule_page)
    }),
    route(
        "/t/{slug}/alerts/rules/{rule}",
        Policy::AdminPage,
        POST,
        rule_form,
    ),
    route("/t/{slug}/alerts/silences", Policy::OwnPage, GET, || {
        get(desk::silences_page)
    }),
    route(
        "/t/{slug}/alerts/silences",
        Policy::OperatePage,
        POST,
        silences_form,
    ),
    route("/t/{slug}/alerts/channels", Policy::OperatePage, GET, || {
        get(desk::channels_page)
    }),
    route(
        "/t/{slug}/alerts/channels",
        Policy::AdminPage,
        POST,
        channels_form,
    ),
    route("/t/{slug}/alerts/deliveries", Policy::OperatePage, GET, || {
        get(desk::deliveries_page)
    }),
    route(
        "/t/{slug}/alerts/deliveries/{delivery}",
        Policy::OperatePage,
        GET,
        || get(desk::delivery_page),
    ),
    route(
        "/t/{slug}/alerts/deliveries/{delivery}",
        Policy::OperatePage,
        POST,
        delivery_form,
    ),
    route("/t/{slug}/alerts/{alert}", Policy::OwnPage, GET, || {
        get(desk::alert_page)
    }),
    route("/t/{slug}/alerts/{alert}", Policy::OperatePage, POST, alert_form),
    route("/api/v1/alerts", Policy::ReadApi, GET, alert_list),
    route("/api/v1/alerts", Policy::Operate, POST, many_alerts),
    route("/api/v1/alerts/{alert}", Policy::ReadApi, GET, one_alert),
    route("/api/v1/alerts/{alert}/{do}", Policy::Operate, POST, an_act),
    route("/api/v1/rules", Policy::ReadApi, GET, rule_list),
    route("/api/v1/rules", Policy::Admin, POST, new_rule),
    route("/api/v1/rules/export", Policy::ReadApi, GET, rule_file),
    route("/api/v1/rules/import", Policy::Admin, POST, rules_from_file),
    route("/api/v1/rules/backtest", Policy::Operate, POST, would_have_fired),
    route("/api/v1/rules/{rule}", Policy::ReadApi, GET, one_rule),
    route("/api/v1/rules/{rule}", Policy::Admin, PUT_DELETE, another_rule),
    route("/api/v1/silences", Policy::ReadApi, GET, silence_list),
    route("/api/v1/silences", Policy::Operate, POST, new_silence),
    route("/api/v1/silences/preview", Policy::Operate, POST, would_hide),
    route("/api/v1/silences/{silence}", Policy::Operate, DELETE, a_silence),
    route("/api/v1/channels", Policy::Operate, GET, channel_list),
    route("/api/v1/channels", Policy::Admin, POST, new_channel),
    route("/api/v1/channels/kinds", Policy::Operate, GET, channel_kinds),
    route("/api/v1/channels/preview", Policy::Operate, POST, preview_channel),
    route("/api/v1/channels/{channel}", Policy::Operate, GET, one_channel),
    route(
        "/api/v1/channels/{channel}",
        Policy::Admin,
        PUT_DELETE,
        another_channel,
    ),
    route(
        "/api/v1/channels/{channel}/test",
        Policy::Admin,
        POST,
        test_channel,
    ),
    route("/hooks/slack", Policy::Signed, POST, || {
        // The payload repeats the whole message.
        post(alerts::pressed_in_slack).layer(DefaultBodyLimit::max(256 << 10))
    }),
    route("/api/v1/deliveries", Policy::Operate, GET, delivery_list),
    route(
        "/api/v1/deliveries/{delivery}",
        Policy::Operate,
        GET,
        one_delivery,
    ),
    route(
        "/api/v1/deliveries/{delivery}/replay",
        Policy::Operate,
        POST,
        replay_delivery,
    ),
    route("/t/{slug}/api/v1/alerts", Policy::ReadApi, GET, alert_list),
    route("/t/{slug}/api/v1/alerts", Policy::Operate, POST, many_alerts),
    route("/t/{slug}/api/v1/alerts/{alert}", Policy::ReadApi, GET, one_alert),
    route(
        "/t/{slug}/api/v1/alerts/{alert}/{do}",
        Policy::Operate,
        POST,
        an_act,
    ),
    route("/t/{slug}/api/v1/rules", Policy::ReadApi, GET, rule_list),
    route("/t/{slug}/api/v1/rules", Policy::Admin, POST, new_rule),
    route("/t/{slug}/api/v1/rules/export", Policy::ReadApi, GET, rule_file),
    route(
        "/t/{slug}/api/v1/rules/import",
        Policy::Admin,
        POST,
        rules_from_file,
    ),
    route(
        "/t/{slug}/api/v1/rules/backtest",
        Policy::Operate,
        POST,
        would_have_fired,
    ),
    route("/t/{slug}/api/v1/rules/{rule}", Policy::ReadApi, GET, one_rule),
    route(
        "/t/{slug}/api/v1/rules/{rule}",
        Policy::Admin,
        PUT_DELETE,
        another_rule,
    ),
    route("/t/{slug}/api/v1/silences", Policy::ReadApi, GET, silence_list),
    route("/t/{slug}/api/v1/silences", Policy::Operate, POST, new_silence),
    route(
        "/t/{slug}/api/v1/silences/preview",
        Policy::Operate,
        POST,
        would_hide,
    ),
    route(
        "/t/{slug}/api/v1/silences/{silence}",
        Policy::Operate,
        DELETE,
        a_silence,
    ),
    route("/t/{slug}/api/v1/channels", Policy::Operate, GET, channel_list),
    route("/t/{slug}/api/v1/channels", Policy::Admin, POST, new_channel),
    route(
        "/t/{slug}/api/v1/channels/kinds",
        Policy::Operate,
        GET,
        channel_kinds,
    ),
    route(
        "/t/{slug}/api/v1/channels/preview",
        Policy::Operate,
        POST,
        preview_channel,
    ),
    route(
        "/t/{slug}/api/v1/channels/{channel}",
        Policy::Operate,
        GET,
        one_channel,
    ),
    route(
        "/t/{slug}/api/v1/channels/{channel}",
        Policy::Admin,
        PUT_DELETE,
        another_channel,
    ),
    route(
        "/t/{slug}/api/v1/channels/{channel}/test",
        Policy::Admin,
        POST,
        test_channel,
    ),
    route("/t/{slug}/api/v1/deliveries", Policy::Operate, GET, delivery_list),
    route(
        "/t/{slug}/api/v1/deliveries/{delivery}",
        Policy::Operate,
        GET,
        one_delivery,
    ),
    route(
        "/t/{slug}/api/v1/deliveries/{delivery}/replay",
        Policy::Operate,
        POST,
        replay_delivery,
    ),
];

fn channel_list() -> MethodRouter<Shared> {
    get(alerts::channels).layer(CompressionLayer::new())
}

fn new_channel() -> MethodRouter<Shared> {
    post(alerts::make_channel).layer(people::limit())
}

fn channel_kinds() -> MethodRouter<Shared> {
    get(alerts::kinds).layer(CompressionLayer::new())
}

fn preview_channel() -> MethodRouter<Shared> {
    post(alerts::preview_channel).layer(people::limit())
}

fn one_channel() -> MethodRouter<Shared> {
    get(alerts::channel)
}

fn another_channel() -> MethodRouter<Shared> {
    put(alerts::change_channel)
        .delete(alerts::delete_channel)
        .layer(people::limit())
}

fn test_channel() -> MethodRouter<Shared> {
    post(alerts::test_channel)
}

fn delivery_list() -> MethodRouter<Shared> {
    get(alerts::deliveries).layer(CompressionLayer::new())
}

fn one_delivery() -> MethodRouter<Shared> {
    get(alerts::delivery)
}

fn replay_delivery() -> MethodRouter<Shared> {
    post(alerts::replay_delivery)
}

fn channels_form() -> MethodRouter<Shared> {
    post(desk::channels_form).layer(form_limit())
}

fn delivery_form() -> MethodRouter<Shared> {
    post(desk::delivery_form).layer(form_limit())
}

fn alert_form() -> MethodRouter<Shared> {
    post(desk::act).layer(form_limit())
}

fn rules_form() -> MethodRouter<Shared> {
    post(desk::rules_form).layer(form_limit())
}

fn new_rule_form() -> MethodRouter<Shared> {
    post(desk::new_rule_form).layer(form_limit())
}

fn rule_form() -> MethodRouter<Shared> {
    post(desk::rule_form).layer(form_limit())
}

fn silences_form() -> MethodRouter<Shared> {
    post(desk::silences_form).layer(form_limit())
}

fn alert_list() -> MethodRouter<Shared> {
    get(alerts::alerts).layer(CompressionLayer::new())
}

fn many_alerts() -> MethodRouter<Shared> {
    post(alerts::act_on_many).layer(people::limit())
}

fn one_alert() -> MethodRouter<Shared> {
    get(alerts::alert).layer(CompressionLayer::new())
}

fn an_act() -> MethodRouter<Shared> {
    post(alerts::act).layer(people::limit())
}

fn rule_list() -> MethodRouter<Shared> {
    get(alerts::rules).layer(CompressionLayer::new())
}

fn new_rule() -> MethodRouter<Shared> {
    post(alerts::make_rule).layer(people::limit())
}

fn rule_file() -> MethodRouter<Shared> {
    get(alerts::export)
}

fn rules_from_file() -> MethodRouter<Shared> {
    post(alerts::import).layer(alerts::limit())
}

fn would_have_fired() -> MethodRouter<Shared> {
    post(alerts::backtest).layer(people::limit())
}

fn one_rule() -> MethodRouter<Shared> {
    get(alerts::rule)
}

fn another_rule() -> MethodRouter<Shared> {
    put(alerts::change_rule)
        .delete(alerts::delete_rule)
        .layer(people::limit())
}

fn silence_list() -> MethodRouter<Shared> {
    get(alerts::silences)
}

fn new_silence() -> MethodRouter<Shared> {
    post(alerts::make_silence).layer(people::limit())
}

fn would_hide() -> MethodRouter<Shared> {
    post(alerts::preview_silence).layer(people::limit())
}

fn a_silence() -> MethodRouter<Shared> {
    delete(alerts::end_silence)
}
