//! What Slack sends when somebody presses a button of a bot's message: a form with one field of JSON, signed with the
//! app's signing secret. <https://docs.slack.dev/authentication/verifying-requests-from-slack/>,
//! <https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/>
//!
//! Slack waits three seconds for an answer, and shows people that something failed when its status is not 200. Buttons
//! that lead to an address are told as well; nothing has to be done about them.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::Sha256;

use crate::text::line_of;
use crate::webhook::{TOLERANCE_S, Unverified};

/// What the button is called that acknowledges.
pub(crate) const ACKNOWLEDGE: &str = "acknowledge";

/// What somebody did with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// Pressed the button that acknowledges.
    Acknowledge {
        /// What the button says: the token of the message's link.
        token: String,
        /// The person's number in Slack, `U0123456789`; may be empty.
        user: String,
        /// Their name there; `somebody` when Slack tells none.
        name: String,
    },
    /// Something that needs no answer.
    Other,
}

/// Reads what Slack sends. Nothing of it is to be believed before [`verify_slack`] has been asked. `None` when it is no
/// form of Slack's.
pub fn read_press(body: &[u8]) -> Option<Pressed> {
    let (_, payload) = url::form_urlencoded::parse(body).find(|(name, _)| name == "payload")?;
    let payload: Value = serde_json::from_str(&payload).ok()?;
    let actions = payload.get("actions").and_then(Value::as_array);
    let token = actions.into_iter().flatten().find_map(|action| {
        let named = action.get("action_id").and_then(Value::as_str) == Some(ACKNOWLEDGE);
        action.get("value").and_then(Value::as_str).filter(|_| named)
    });
    let Some(token) = token else {
        return Some(Pressed::Other);
    };
    let of_user = |name: &str| {
        let text = payload.pointer(&format!("/user/{name}")).and_then(Value::as_str);
        Some(line_of(text?, 80)).filter(|text| !text.is_empty())
    };
    let user: String = of_user("id").unwrap_or_default();
    Some(Pressed::Acknowledge {
        token: token.to_owned(),
        user: user
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(32)
            .collect(),
        name: of_user("name")
            .or_else(|| of_user("username"))
            .unwrap_or_else(|| "somebody".to_owned()),
    })
}

/// Whether Slack sent it: the headers `x-slack-request-timestamp` and `x-slack-signature`, the body as it came, and the
/// time in seconds.
///
/// # Errors
/// It is not signed with this secret, or not within the last five minutes.
pub fn verify_slack(
    secret: &SecretString,
    (timestamp, signature): (&str, &str),
    body: &[u8],
    now_s: i64,
) -> Result<(), Unverified> {
    let at: i64 = timestamp.parse().map_err(|_| Unverified::Timestamp)?;
    if at.abs_diff(now_s) > TOLERANCE_S.unsigned_abs() {
        return Err(Unverified::Time);
    }
    let given = signature.strip_prefix("v0=").and_then(bytes_of);
    let given = given.ok_or(Unverified::Signature)?;
    let key = secret.expose_secret().trim().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Unverified::Secret)?;
    mac.update(format!("v0:{timestamp}:").as_bytes());
    mac.update(body);
    mac.verify_slice(&given).map_err(|_| Unverified::Signature)
}

/// Of hexadecimal digits.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}
