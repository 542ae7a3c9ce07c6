//! What a kind of channel is set up with, as data: forms and the API are made from it.

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in the API and in what is stored.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// Where to find it, or what it does.
    pub hint: &'static str,
    /// It is written and never shown again.
    pub secret: bool,
    /// It cannot be left out.
    pub required: bool,
    /// What holds when it is left out; may be empty.
    pub default: &'static str,
    /// What may be entered.
    pub input: Input,
}

/// What may be entered into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// One line of at most so many characters.
    Text {
        /// At most so many.
        most: usize,
    },
    /// A web address: `https:`, or `http:` inside a network of one's own.
    Url,
    /// One mail address, with or without a name.
    Email,
    /// Mail addresses, separated by commas.
    Emails,
    /// The name or the address of a machine.
    Host,
    /// A whole number.
    Number {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// One of these values, each with its name for people.
    Choice(&'static [(&'static str, &'static str)]),
}

impl Field {
    /// Public and optional, to be changed by what follows.
    pub(crate) const fn new(
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        input: Input,
    ) -> Field {
        Field {
            name,
            label,
            hint,
            secret: false,
            required: false,
            default: "",
            input,
        }
    }

    pub(crate) const fn required(mut self) -> Field {
        self.required = true;
        self
    }

    pub(crate) const fn secret(mut self) -> Field {
        self.secret = true;
        self
    }

    pub(crate) const fn or(mut self, default: &'static str) -> Field {
        self.default = default;
        self
    }
}

/// Where a service's API is, for gateways and tests.
pub(crate) const fn api_url(default: &'static str) -> Field {
    Field::new(
        "api_url",
        "Address of the API",
        "Leave it empty for the service itself; a gateway of your own goes here.",
        Input::Url,
    )
    .or(default)
}
