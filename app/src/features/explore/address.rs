//! The address of the page: the question, and how its answer is looked at. Everything that can be chosen is in it.

use leptos_router::params::ParamsMap;
use protocol::view::ExploreQuestion;

use crate::browser::encode;

/// How the answer is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Lines.
    #[default]
    Lines,
    /// Areas on top of each other; only where values add up.
    Stacked,
    /// A row of cells per group.
    Heat,
    /// Numbers.
    Table,
}

impl Look {
    /// In the order of the switch: name in the address, words.
    pub const ALL: [(Look, &'static str, &'static str); 4] = [
        (Look::Lines, "lines", "Lines"),
        (Look::Stacked, "stacked", "Stacked"),
        (Look::Heat, "heat", "Heat map"),
        (Look::Table, "table", "Table"),
    ];

    fn key(self) -> &'static str {
        let found = Look::ALL.iter().find(|(look, ..)| *look == self);
        found.map_or("lines", |(_, key, _)| key)
    }

    fn parse(text: &str) -> Look {
        let found = Look::ALL.iter().find(|(_, key, _)| *key == text);
        found.map_or_else(Look::default, |(look, ..)| *look)
    }
}

/// What the address of the page says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// What is asked.
    pub question: ExploreQuestion,
    /// How the answer is looked at.
    pub look: Look,
    /// The one group that is drawn, by its name in the legend.
    pub only: Option<String>,
}

impl Address {
    /// Of a query string.
    pub fn of(query: &ParamsMap) -> Address {
        Address {
            question: ExploreQuestion::of(|name| query.get(name)),
            look: query
                .get("as")
                .map_or_else(Look::default, |text| Look::parse(&text)),
            only: query.get("only").filter(|text| !text.is_empty()),
        }
    }

    /// As text, below a base. What is usual is left out.
    pub fn below(&self, base: &str) -> String {
        let question = &self.question;
        let mut text = [base, "/explore?metric=", &encode(&question.metric)].concat();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&["&", name, "=", &encode(value)].concat());
            }
        };
        add("group_by", &question.group_by);
        add("filter", &question.filter);
        add("from", &question.from);
        add("to", &question.to);
        if self.look != Look::Lines {
            add("as", self.look.key());
        }
        if question.compare {
            add("compare", "1");
        }
        add("only", self.only.as_deref().unwrap_or_default());
        text
    }

    /// The dimensions it groups by.
    pub fn groups(&self) -> Vec<&str> {
        let parts = self.question.group_by.split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Address {
        let mut query = ParamsMap::new();
        for pair in text.split('&').filter_map(|pair| pair.split_once('=')) {
            query.insert(pair.0.to_owned(), pair.1.to_owned());
        }
        Address::of(&query)
    }

    #[test]
    fn an_address_says_everything_and_nothing_usual() {
        let text = "metric=cost&group_by=provider,model&from=now-7d&to=now&as=stacked&compare=1&only=x";
        assert_eq!(read(text).below(""), ["/explore?", text].concat());
        assert_eq!(read(text).groups(), ["provider", "model"]);
        assert_eq!(
            read("").below("/t/x"),
            "/t/x/explore?metric=requests&group_by=provider&from=now-24h&to=now"
        );
        assert_eq!(read("as=nonsense&metric=x").look, Look::Lines);
    }
}
