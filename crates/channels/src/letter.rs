//! What is written in a mail, and its bytes. Which rules it keeps stands in `email`.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use sha2::{Digest as _, Sha256};

use crate::facts::{Facts, mark};
use crate::key::key;
use crate::message::{Message, Notice};
use crate::text::{escaped, fit, html};

/// Characters of a subject.
const SUBJECT: usize = 78;

/// What is written.
pub(crate) struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Letter {
    pub fn of(message: &Message) -> Letter {
        let facts = Facts::of(message);
        let again = if message.notice == Notice::Refired {
            " again"
        } else {
            ""
        };
        let subject = format!("{}[{}{again}] {}", mark(message), facts.state, facts.title);
        Letter {
            subject: fit(&subject, SUBJECT).into_owned(),
            text: facts.plain(),
            html: page(&facts, message),
        }
    }

    pub fn raw(&self, message: &Message, from: &Mailbox, to: &[Mailbox]) -> Result<Vec<u8>, String> {
        let domain = from.email.domain();
        let at = Duration::from_millis(u64::try_from(message.at).unwrap_or(0).min(MOST_MS));
        let thread = format!("<{}@{domain}>", dot_atom(&format!("topic.{}", message.topic)));
        let mut mail = lettre::Message::builder()
            .date(UNIX_EPOCH + at)
            .from(from.clone())
            .subject(&self.subject)
            .message_id(Some(format!("<{}@{domain}>", dot_atom(&message.id))))
            .in_reply_to(thread.clone())
            .references(thread);
        for mailbox in to {
            mail = mail.to(mailbox.clone());
        }
        for (name, value) in [
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
        ] {
            let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
            mail = mail.raw_header(HeaderValue::new(name, value.to_owned()));
        }
        // Of all that is told: what is told cannot hold it.
        let mut hash = Sha256::new();
        for part in [&message.id, &self.subject, &self.text, &self.html] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        let boundary = format!("fuseboard-{}", URL_SAFE_NO_PAD.encode(&hash.finalize()[..18]));
        let parts = MultiPart::alternative()
            .boundary(boundary)
            .singlepart(SinglePart::plain(self.text.clone()))
            .singlepart(SinglePart::html(self.html.clone()));
        let mail = mail.multipart(parts).map_err(|error| error.to_string())?;
        Ok(mail.formatted())
    }
}

/// The year 9999: dates of mails have four digits.
const MOST_MS: u64 = 253_402_300_799_000;

/// The left side of a `Message-ID`.
fn dot_atom(text: &str) -> String {
    let key = key(text, 120);
    if key.contains(':') || key.contains("..") || key.starts_with('.') || key.ends_with('.') {
        let hash = Sha256::digest(text.as_bytes());
        return format!("fuseboard.{}", URL_SAFE_NO_PAD.encode(&hash[..18]));
    }
    format!("fuseboard.{key}")
}

fn page(facts: &Facts, message: &Message) -> String {
    let color = facts.tone.color();
    let escape = |text: &str| escaped(text, html);
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head>\n\
         <body style=\"margin:0;padding:16px;background:#f6f6f4;font:15px/1.5 sans-serif;color:#1a1a1a\">\n\
         <table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:640px;background:#ffffff\">\n",
    );
    page.push_str(&format!(
        "<tr><td width=\"6\" style=\"width:6px;background:{color}\" bgcolor=\"{color}\">&nbsp;</td>\n\
         <td style=\"padding:16px\">\n<p style=\"margin:0 0 4px;font-size:13px;color:{color}\"><b>{}</b></p>\n\
         <h1 style=\"margin:0 0 8px;font-size:18px\">{}</h1>\n",
        escape(facts.state),
        escape(&format!("{}{}", mark(message), facts.title)),
    ));
    for text in facts.summary.split('\n').filter(|text| !text.is_empty()) {
        page.push_str(&format!("<p style=\"margin:0 0 8px\">{}</p>\n", escape(text)));
    }
    if !facts.list.is_empty() {
        page.push_str("<table cellpadding=\"0\" cellspacing=\"0\" style=\"margin:8px 0;font-size:14px\">\n");
        for (name, value) in &facts.list {
            page.push_str(&format!(
                "<tr><th align=\"left\" style=\"padding:2px 16px 2px 0;font-weight:normal;color:#5b6370\">{}</th>\
                 <td style=\"padding:2px 0\">{}</td></tr>\n",
                escape(name),
                escape(value),
            ));
        }
        page.push_str("</table>\n");
    }
    if !facts.links.is_empty() {
        page.push_str("<p style=\"margin:12px 0 0\">\n");
        for (at, (name, url)) in facts.links.iter().enumerate() {
            let look = if at == 0 {
                "background:#1a1a1a;color:#ffffff"
            } else {
                "color:#1a1a1a"
            };
            page.push_str(&format!(
                "<a href=\"{}\" style=\"display:inline-block;margin-right:8px;padding:6px 12px;\
                 border:1px solid #1a1a1a;text-decoration:none;{look}\">{name}</a>\n",
                escape(url),
            ));
        }
        page.push_str("</p>\n");
    }
    page.push_str("</td></tr></table>\n</body></html>\n");
    page
}
