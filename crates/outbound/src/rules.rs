//! What a caller may ask for beyond the ordinary, and how far that goes.

use std::time::Duration;

use crate::error::Refusal;

/// No call takes longer, whatever its rules say.
pub const LONGEST_TOTAL: Duration = Duration::from_secs(60);

/// No answer is read further than this, whatever the rules say.
pub const MOST_ANSWER: usize = 8 * 1024 * 1024;

/// How one call is made. The default is what a webhook needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether `http:` will do for a target that the allow-list does not name. Addresses are judged all the same.
    pub http: bool,
    /// From the start until there is a connection, the look-up included.
    pub connect: Duration,
    /// From the start until the last byte of the answer.
    pub total: Duration,
    /// Bytes of the answer's body; more is an error.
    pub most_answer: usize,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            http: false,
            connect: Duration::from_secs(10),
            total: Duration::from_secs(15),
            most_answer: 64 * 1024,
        }
    }
}

impl Rules {
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let wrong = |field, limit: String| Err(Refusal::Rule { field, limit });
        if self.total.is_zero() || self.total > LONGEST_TOTAL {
            return wrong("total", format!("between 0 and {} s", LONGEST_TOTAL.as_secs()));
        }
        if self.connect.is_zero() || self.connect > self.total {
            return wrong("connect", "above 0, and no longer than `total`".into());
        }
        if self.most_answer > MOST_ANSWER {
            return wrong("most_answer", format!("{MOST_ANSWER} bytes at most"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rules: Rules) -> String {
        rules.check().unwrap_err().to_string()
    }

    #[test]
    fn the_ordinary_and_the_limits_themselves_are_taken() {
        Rules::default().check().unwrap();
        let most = Rules {
            http: true,
            connect: LONGEST_TOTAL,
            total: LONGEST_TOTAL,
            most_answer: MOST_ANSWER,
        };
        most.check().unwrap();
    }

    #[test]
    fn what_goes_further_is_told_by_field_and_limit() {
        let rules = Rules::default();
        let total = LONGEST_TOTAL + Duration::from_millis(1);
        assert!(told(Rules { total, ..rules }).contains("`total` must be between 0 and 60 s"));
        let total = Duration::ZERO;
        assert!(told(Rules { total, ..rules }).contains("`total`"));
        let connect = Duration::from_secs(16);
        assert!(told(Rules { connect, ..rules }).contains("`connect` must be above 0"));
        let most_answer = MOST_ANSWER + 1;
        assert!(told(Rules { most_answer, ..rules }).contains("`most_answer` must be 8388608 bytes at most"));
    }
}
