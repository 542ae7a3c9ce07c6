//! Kinds of channels.

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::{discord, email, opsgenie, pagerduty, slack, slack_bot, teams, telegram, twilio, webhook};

/// A kind of channel. The names are part of the API and of what is stored.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Signed JSON to an address of one's own.
    Webhook,
    /// An incoming webhook of Slack.
    Slack,
    /// A bot in Slack, whose messages change when something changes.
    SlackBot,
    /// A webhook of a Discord channel.
    Discord,
    /// A workflow of Microsoft Teams.
    Teams,
    /// A service of PagerDuty.
    #[serde(rename = "pagerduty")]
    PagerDuty,
    /// Opsgenie, and Jira Service Management, which took it over.
    Opsgenie,
    /// A bot in a chat of Telegram.
    Telegram,
    /// Mail over SMTP.
    Email,
    /// Text messages through Twilio.
    Twilio,
}

impl Kind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Kind; 10] = [
        Kind::Slack,
        Kind::SlackBot,
        Kind::Teams,
        Kind::Discord,
        Kind::Email,
        Kind::PagerDuty,
        Kind::Opsgenie,
        Kind::Telegram,
        Kind::Twilio,
        Kind::Webhook,
    ];

    /// Its name in the API and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Webhook => "webhook",
            Kind::Slack => "slack",
            Kind::SlackBot => "slack_bot",
            Kind::Discord => "discord",
            Kind::Teams => "teams",
            Kind::PagerDuty => "pagerduty",
            Kind::Opsgenie => "opsgenie",
            Kind::Telegram => "telegram",
            Kind::Email => "email",
            Kind::Twilio => "twilio",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// People read it, and each message costs their attention; what is not keeps its own alerts, and must get each.
    pub const fn is_read(self) -> bool {
        !matches!(self, Kind::Webhook | Kind::PagerDuty | Kind::Opsgenie)
    }

    /// A message opens an incident of the service's own, which stays open until another closes it.
    pub const fn opens_incidents(self) -> bool {
        matches!(self, Kind::PagerDuty | Kind::Opsgenie)
    }

    /// A message changes in place when its alert is taken or over.
    pub const fn changes_in_place(self) -> bool {
        matches!(self, Kind::SlackBot | Kind::Discord)
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Kind::Webhook => "Webhook",
            Kind::Slack => "Slack",
            Kind::SlackBot => "Slack bot",
            Kind::Discord => "Discord",
            Kind::Teams => "Microsoft Teams",
            Kind::PagerDuty => "PagerDuty",
            Kind::Opsgenie => "Jira Service Management and Opsgenie",
            Kind::Telegram => "Telegram",
            Kind::Email => "Email",
            Kind::Twilio => "Text messages (Twilio)",
        }
    }

    /// What it does, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Kind::Webhook => "Signed JSON to an address of yours, as Standard Webhooks describes it.",
            Kind::Slack => "Messages to one Slack channel, through an incoming webhook.",
            Kind::SlackBot => {
                "Messages of a Slack app's bot, which change in place when an alert is taken or over."
            }
            Kind::Discord => {
                "Messages to one Discord channel, which change in place when an alert is taken or over."
            }
            Kind::Teams => "Cards in a Microsoft Teams channel or chat, through a workflow.",
            Kind::PagerDuty => {
                "Incidents of a PagerDuty service, acknowledged and resolved along with alerts."
            }
            Kind::Opsgenie => {
                "Alerts in Jira Service Management or Opsgenie, acknowledged and closed along with ours."
            }
            Kind::Telegram => "Messages of a Telegram bot to a person, a group or a channel.",
            Kind::Email => "Mail through your SMTP server, one thread for each alert.",
            Kind::Twilio => "Short text messages to one phone, through Twilio.",
        }
    }

    /// What it is set up with.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Kind::Webhook => webhook::FIELDS,
            Kind::Slack => slack::FIELDS,
            Kind::SlackBot => slack_bot::FIELDS,
            Kind::Discord => discord::FIELDS,
            Kind::Teams => teams::FIELDS,
            Kind::PagerDuty => pagerduty::FIELDS,
            Kind::Opsgenie => opsgenie::FIELDS,
            Kind::Telegram => telegram::FIELDS,
            Kind::Email => email::FIELDS,
            Kind::Twilio => twilio::FIELDS,
        }
    }

    /// The field of this name.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name == name)
    }
}
