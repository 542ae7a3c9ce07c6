//! Breakers and instances that are not shown. Nothing is removed: the registry goes on as if nobody had hidden anything, so
//! what is undone is there again as it would have been.
//!
//! A breaker that is called otherwise goes instance by instance, each as soon as it was heard of under the new name: what is
//! open does not disappear because somebody gave it another name.
//!
//! Whatever is shown or judged goes by [`TenantLive::shown`]. Deliberately absent: history, which was so.

use std::borrow::Cow;
use std::sync::Arc;

use domain::Millis;
use domain::breaker::{Breaker, BreakerId, BreakerKey};
use store::TransitionRow;

use super::TenantLive;
use crate::record::{Rename, Renames};

/// One thing that is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HiddenRow {
    /// The number of the correction.
    pub id: u64,
    pub breaker: BreakerId,
    /// Only this one; `None` all of them.
    pub instance: Option<String>,
    /// Only while nothing has arrived since then.
    pub unheard_since: Option<Millis>,
}

impl HiddenRow {
    fn hides(&self, breaker: BreakerId, instance: &str, heard: Millis) -> bool {
        self.breaker == breaker
            && self.instance.as_deref().is_none_or(|name| name == instance)
            && self.unheard_since.is_none_or(|since| heard <= since)
    }
}

/// All that is hidden of a tenant, and what is called otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    rows: Vec<HiddenRow>,
    renames: Arc<Renames>,
}

impl Hidden {
    fn hides(&self, breaker: BreakerId, instance: &str, heard: Millis) -> bool {
        self.rows.iter().any(|row| row.hides(breaker, instance, heard))
    }

    /// A breaker without its hidden instances and those that `successor` has; `None` when none is left.
    fn shown<'a>(&self, breaker: &'a Breaker, successor: Option<&Breaker>) -> Option<Cow<'a, Breaker>> {
        if successor.is_none() && !self.rows.iter().any(|row| row.breaker == breaker.id) {
            return Some(Cow::Borrowed(breaker));
        }
        let mut shown = breaker.clone();
        shown.instances.retain(|name, instance| {
            !self.hides(breaker.id, name, instance.last_seen)
                && successor.is_none_or(|successor| {
                    // Hosts are shared between services: only one that was heard of since stands for it.
                    let there = successor.instances.get(name);
                    there.is_none_or(|there| there.last_seen < instance.last_seen)
                })
        });
        (!shown.instances.is_empty()).then_some(Cow::Owned(shown))
    }
}

impl TenantLive {
    /// Hides one thing more.
    pub(crate) fn hide(&mut self, row: HiddenRow) {
        self.hidden.rows.retain(|known| known.id != row.id);
        self.hidden.rows.push(row);
        self.version += 1;
    }

    /// What was hidden or renamed by a correction is shown again as it was.
    pub(crate) fn unhide(&mut self, id: u64) {
        self.hidden.rows.retain(|row| row.id != id);
        self.hidden.renames = Arc::new(self.hidden.renames.without(id));
        self.version += 1;
    }

    /// One thing more is called otherwise.
    pub(crate) fn rename(&mut self, rename: Rename) {
        self.hidden.renames = Arc::new(self.hidden.renames.with(rename));
        self.version += 1;
    }

    /// What is called otherwise.
    pub(crate) fn renames(&self) -> Arc<Renames> {
        Arc::clone(&self.hidden.renames)
    }

    /// The breaker that another one is, under its new name.
    fn successor(&self, breaker: &Breaker) -> Option<&Breaker> {
        let key = self.hidden.renames.identity(&breaker.key)?;
        self.registry.find(&key)
    }

    /// An instance is not shown under the name that a transition of it has, but under the one that stands for it.
    pub(crate) fn has_moved(&self, row: &TransitionRow) -> bool {
        let Some(key) = self.hidden.renames.identity(&row.key) else {
            return false;
        };
        let has = |key: &BreakerKey| {
            let breaker = self.registry.find(key);
            breaker.is_some_and(|breaker| breaker.instances.contains_key(&row.instance))
        };
        has(&key) || !has(&row.key)
    }

    /// What is hidden, for a state that shows another moment, or takes the place of this one.
    pub(crate) fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// Hides what another state hides.
    pub(crate) fn hide_all(&mut self, hidden: Hidden) {
        self.hidden = hidden;
        self.version += 1;
    }

    /// All that are known, by what people know them by.
    pub(crate) fn known_breakers(&self) -> Vec<(String, String)> {
        let words = |breaker: &Breaker| {
            let key = &breaker.key;
            let parts = [&key.breaker, &key.service, &key.environment, &key.deployment];
            let parts: Vec<&str> = parts
                .map(String::as_str)
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            (breaker.id.to_string(), parts.join(" · "))
        };
        let mut known: Vec<(String, String)> = self.registry.breakers().map(words).collect();
        known.sort_by(|a, b| a.1.cmp(&b.1));
        known
    }

    /// The breakers that are shown, by id, without what is hidden of them.
    pub(super) fn shown(&self) -> impl Iterator<Item = Cow<'_, Breaker>> {
        self.registry
            .breakers()
            .filter_map(|breaker| self.hidden.shown(breaker, self.successor(breaker)))
    }

    /// One that somebody looks at by itself: without its hidden instances, or, where it is hidden, as it is.
    pub(super) fn looked_at(&self, id: BreakerId) -> Option<Cow<'_, Breaker>> {
        let breaker = self.registry.get(id)?;
        Some(self.hidden.shown(breaker, None).unwrap_or(Cow::Borrowed(breaker)))
    }

    /// A transition is of something that is shown.
    pub(super) fn is_shown(&self, row: &TransitionRow) -> bool {
        !self.hidden.hides(row.breaker, &row.instance, row.received)
    }
}
