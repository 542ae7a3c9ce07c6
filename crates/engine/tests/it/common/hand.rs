//! Somebody who does something.

use domain::alert::Who;
use engine::Hand;

/// Somebody of this name, from this machine.
pub fn hand(name: &str) -> Hand {
    Hand {
        who: Who {
            id: format!("account:{name}"),
            name: name.to_owned(),
        },
        address: "127.0.0.1".into(),
    }
}
