//! Correcting the record: hide, forget, erase, and undo what can be undone.
//!
//! What somebody did is answered when it is stored; from then on it holds, also after a restart. To hide and to forget change
//! nothing that is kept (`live::hidden`), so that undoing them restores what was there. An erasure is answered when it is
//! certain to be done, and done by [`crate::erase`].
//!
//! Deliberately absent: who may do what (the server's policies).

use domain::Millis;
use domain::alert::RuleError;
use domain::breaker::BreakerId;
use domain::erasure::{MAX_NAME, Selection};
use domain::rollup::Rung;
use protocol::record::{CorrectionDoc, CorrectionItem, ErasurePreview, LabelDoc};
use serde::{Deserialize, Serialize};
use store::corrections::FORGOTTEN_AFTER;
use store::{
    CorrectionDraft, CorrectionKind, CorrectionState, StoreError, StoredCorrection, SystemScope, TenantScope,
};

use crate::config::Stores;
use crate::live::HiddenRow;
use crate::tenants::Tenants;
use crate::{AlertError, Engine, Hand};

/// What was forgotten can be undone for so long.
pub(crate) const UNDO_FOR: Millis = 24 * 3_600_000;
/// The longest note, in characters.
const MAX_NOTE: usize = 500;
/// The most that are listed at once.
pub(crate) const MOST: usize = 200;

/// What a correction says, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    breaker: Option<String>,
    /// What it was called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<LabelDoc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
    /// What kind of thing is erased.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    what: String,
}

impl Body {
    pub fn read(text: &str) -> Result<Body, StoreError> {
        serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("a correction: {error}")))
    }

    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn of_erasure(selection: &Selection) -> Body {
        let label = selection.label.clone();
        Body {
            service: selection.service.clone(),
            label: label.map(|(name, value)| LabelDoc { name, value }),
            from: selection.from,
            to: selection.to,
            what: selection.kind(),
            ..Body::default()
        }
    }

    pub fn selection(&self) -> Selection {
        let label = self.label.clone();
        Selection {
            service: self.service.clone(),
            label: label.map(|label| (label.name, label.value)),
            from: self.from,
            to: self.to,
        }
    }

    /// Whoever reads it learns that something was erased, and not what.
    pub fn without_what_was_erased(self) -> Body {
        Body {
            service: None,
            label: None,
            ..self
        }
    }
}

/// What is hidden by a correction, if anything.
fn hidden_by(stored: &StoredCorrection) -> Result<Option<HiddenRow>, StoreError> {
    let unheard_since = match stored.kind {
        CorrectionKind::Hide => None,
        CorrectionKind::Forget => Some(stored.made),
        CorrectionKind::Erase => return Ok(None),
    };
    let body = Body::read(&stored.body)?;
    let breaker = body.breaker.as_deref().and_then(BreakerId::parse);
    Ok(breaker.map(|breaker| HiddenRow {
        id: stored.id,
        breaker,
        instance: body.instance,
        unheard_since,
    }))
}

/// What is in force holds from the start.
pub(crate) async fn hide_again(
    stores: &Stores,
    system: &SystemScope,
    tenants: &Tenants,
    now: Millis,
) -> Result<(), StoreError> {
    let holds = |stored: &StoredCorrection| {
        stored.kind != CorrectionKind::Forget || now < stored.made.saturating_add(FORGOTTEN_AFTER)
    };
    for (tenant, stored) in stores.corrections.open_corrections(system).await? {
        if holds(&stored)
            && let Some(row) = hidden_by(&stored)?
        {
            tenants.get(&tenant).live().hide(row);
        }
    }
    Ok(())
}

fn wrong(field: &str, must: impl Into<String>) -> AlertError {
    AlertError::Invalid(RuleError::new(field, must))
}

/// A field that does not go with what is asked for.
fn misplaced(doc: &CorrectionDoc, kind: CorrectionKind) -> Option<&'static str> {
    let of_erasure = [
        ("service", doc.service.is_some()),
        ("label", doc.label.is_some()),
        ("from", doc.from.is_some()),
        ("to", doc.to.is_some()),
    ];
    let of_hiding = [
        ("breaker", doc.breaker.is_some()),
        ("instance", doc.instance.is_some()),
    ];
    let others: &[(&'static str, bool)] = match kind {
        CorrectionKind::Erase => &of_hiding,
        CorrectionKind::Hide | CorrectionKind::Forget => &of_erasure,
    };
    others.iter().find(|(_, given)| *given).map(|(name, _)| *name)
}

impl Engine {
    /// What was corrected, the newest first, before the one named.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn corrections(
        &self,
        scope: &TenantScope,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<CorrectionItem>, AlertError> {
        let limit = limit.clamp(1, MOST);
        let stored = self
            .stores()
            .corrections
            .corrections(scope, before, limit)
            .await?;
        let now = self.clock().now();
        let items: Result<Vec<_>, _> = stored.iter().map(|stored| item(stored, now)).collect();
        Ok(items?)
    }

    /// The breakers that are known, hidden ones among them: id, and what people know each by.
    pub fn known_breakers(&self, scope: &TenantScope) -> Vec<(String, String)> {
        self.tenant(scope).live().known_breakers()
    }

    /// One.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn correction(&self, scope: &TenantScope, id: u64) -> Result<CorrectionItem, AlertError> {
        let stored = self.stores().corrections.correction(scope, id).await?;
        let stored = stored.ok_or(AlertError::Missing)?;
        Ok(item(&stored, self.clock().now())?)
    }

    /// Corrects the record. What is hidden is hidden when this returns; an erasure is on its way.
    ///
    /// # Errors
    /// It is not as it must be, there are too many, or an erasure is not done yet.
    pub async fn correct(
        &self,
        scope: &TenantScope,
        doc: &CorrectionDoc,
        hand: &Hand,
    ) -> Result<CorrectionItem, AlertError> {
        let now = self.clock().now();
        let kind = self.kind_of(doc)?;
        let note = doc.note.chars().count();
        if note > MAX_NOTE {
            return Err(wrong(
                "note",
                format!("must have at most {MAX_NOTE} characters, got {note}"),
            ));
        }
        let body = match kind {
            CorrectionKind::Erase => Body::of_erasure(&self.selection_of(scope, doc, now).await?),
            CorrectionKind::Hide | CorrectionKind::Forget => self.hiding(scope, doc)?,
        };
        // Never what is erased: the log is for ever.
        let target = body.breaker.clone().unwrap_or_else(|| body.what.clone());
        let of = body
            .instance
            .iter()
            .map(|instance| format!("instance {instance}"));
        let range = [("from", body.from), ("to", body.to)];
        let range = range
            .into_iter()
            .filter_map(|(name, at)| Some(format!("{name} {}", crate::wire::time(at?))));
        let note = Some(doc.note.clone()).filter(|note| !note.is_empty());
        let detail: Vec<String> = of.chain(range).chain(note).collect();
        let action = ["record.", kind.as_str()].concat();
        let draft = CorrectionDraft {
            kind,
            body: body.written(),
            words: doc.note.clone(),
            at: now,
            by: hand.who.clone(),
        };
        let entry = hand.entry(now, &action, target, detail.join("; "));
        let stored = self
            .stores()
            .corrections
            .make_correction(scope, draft, entry)
            .await?;
        let tenant = self.tenant(scope);
        match hidden_by(&stored)? {
            Some(row) => {
                tenant.live().hide(row);
                tenant.mark(true);
                tenant.cross();
            }
            None => self.eraser().woken.notify_one(),
        }
        Ok(item(&stored, now)?)
    }

    /// What an erasure would take now.
    ///
    /// # Errors
    /// It is not as it must be, or the store cannot be read.
    pub async fn preview_erasure(
        &self,
        scope: &TenantScope,
        doc: &CorrectionDoc,
    ) -> Result<ErasurePreview, AlertError> {
        let now = self.clock().now();
        if self.kind_of(doc)? != CorrectionKind::Erase {
            return Err(wrong("kind", "only an erasure is looked at before"));
        }
        let selection = self.selection_of(scope, doc, now).await?;
        let _turn = self.turn().await;
        let tenant = self.tenant(scope);
        let erases = self.eraser().preview(&tenant, &selection).await?;
        let mut stays = vec![
            "Backups that were made before hold it still, and so do copies elsewhere.".to_owned(),
            "The audit log is never changed; rules, silences and keys are people's and stay as they are."
                .to_owned(),
        ];
        if let Some((name, _)) = &selection.label {
            let kept = tenant
                .live()
                .label_dimensions()
                .contains(&["label.", name].concat());
            stays.push(match kept {
                true => "Sums of calls before this label was kept say nothing about it and stay.".to_owned(),
                false => "Figures are sums that do not know this label, and stay as they are.".to_owned(),
            });
        }
        Ok(ErasurePreview {
            from: selection.from,
            to: selection.to,
            erases,
            stays,
        })
    }

    /// Undoes a correction: what it hid is there when this returns. `version` is that of the one that was seen.
    ///
    /// # Errors
    /// There is none, it has changed, or it cannot be undone.
    pub async fn undo_correction(
        &self,
        scope: &TenantScope,
        id: u64,
        version: Option<u64>,
        hand: &Hand,
    ) -> Result<CorrectionItem, AlertError> {
        let now = self.clock().now();
        let corrections = &self.stores().corrections;
        let stored = corrections
            .correction(scope, id)
            .await?
            .ok_or(AlertError::Missing)?;
        if let Some(wanted) = version.filter(|wanted| *wanted != stored.version) {
            let found = stored.version;
            return Err(AlertError::Stale { wanted, found });
        }
        if !item(&stored, now)?.can_undo {
            let why = match (stored.kind, stored.state) {
                (CorrectionKind::Erase, _) => "what was erased cannot be brought back",
                (_, CorrectionState::Undone) => "it was undone already",
                _ => "what was forgotten can be brought back for a day",
            };
            return Err(AlertError::Conflict(why.into()));
        }
        let entry = hand.entry(now, "record.undo", id, stored.kind.as_str());
        let by = (now, hand.who.name.clone());
        let undone = corrections
            .undo_correction(scope, (id, stored.version), by, entry)
            .await?;
        let undone = undone.ok_or(AlertError::Missing)?;
        let tenant = self.tenant(scope);
        tenant.live().unhide(id);
        tenant.mark(true);
        tenant.cross();
        Ok(item(&undone, now)?)
    }

    fn kind_of(&self, doc: &CorrectionDoc) -> Result<CorrectionKind, AlertError> {
        let kind =
            CorrectionKind::parse(&doc.kind).ok_or_else(|| wrong("kind", "must be hide, forget or erase"))?;
        match misplaced(doc, kind) {
            Some(field) => Err(wrong(field, format!("does not go with {}", kind.as_str()))),
            None => Ok(kind),
        }
    }

    /// Over whole hours, or whole days where a part of a day cannot be told from the rest of it any more.
    async fn selection_of(
        &self,
        scope: &TenantScope,
        doc: &CorrectionDoc,
        now: Millis,
    ) -> Result<Selection, AlertError> {
        let label = doc.label.clone();
        let selection = Selection {
            service: doc.service.clone(),
            label: label.map(|label| (label.name, label.value)),
            from: doc.from,
            to: doc.to,
        };
        selection.check(now)?;
        let offset = Millis::from(self.utc_offset_min()) * 60_000;
        let hours = selection.widened(Rung::Hour, offset);
        let eraser = self.eraser();
        let usage = self
            .stores()
            .rollups
            .rollup_usage(&eraser.system, scope.tenant())
            .await?;
        let begin = |rung: Rung| {
            let of = usage.iter().find(|usage| usage.rung == rung);
            of.and_then(|usage| usage.oldest)
        };
        let (Some(oldest_day), oldest_hour) = (begin(Rung::Day), begin(Rung::Hour)) else {
            return Ok(hours);
        };
        // Hours were dropped up to here.
        let dropped = oldest_hour.is_none_or(|hour| hour >= oldest_day + Rung::Day.nominal_width());
        let until = oldest_hour.map_or(Millis::MAX, |hour| hour + Rung::Day.nominal_width());
        let cuts_what_is_gone = [hours.from, hours.to].iter().flatten().any(|end| *end < until);
        Ok(match dropped && cuts_what_is_gone {
            true => selection.widened(Rung::Day, offset),
            false => hours,
        })
    }

    fn hiding(&self, scope: &TenantScope, doc: &CorrectionDoc) -> Result<Body, AlertError> {
        let text = doc
            .breaker
            .clone()
            .ok_or_else(|| wrong("breaker", "is missing: whom to hide, b_…"))?;
        let tenant = self.tenant(scope);
        let live = tenant.live();
        let there = BreakerId::parse(&text).and_then(|id| Some((id, live.key_of(id)?)));
        let (id, key) = there.ok_or_else(|| wrong("breaker", "there is none of this id"))?;
        if let Some(instance) = &doc.instance {
            let length = instance.chars().count();
            if length == 0 || length > MAX_NAME {
                return Err(wrong(
                    "instance",
                    format!("must have 1 to {MAX_NAME} characters, got {length}"),
                ));
            }
            let known = live.held_instances(id).iter().any(|held| held.name == *instance);
            if !known {
                return Err(wrong("instance", "the breaker has none of this name"));
            }
        }
        Ok(Body {
            breaker: Some(text),
            name: key.breaker,
            instance: doc.instance.clone(),
            ..Body::default()
        })
    }
}

fn item(stored: &StoredCorrection, now: Millis) -> Result<CorrectionItem, StoreError> {
    let body = Body::read(&stored.body)?;
    let undo_until = (stored.kind == CorrectionKind::Forget).then(|| stored.made.saturating_add(UNDO_FOR));
    let in_force = stored.state == CorrectionState::InForce;
    let what = match &body.instance {
        Some(instance) => format!("instance {instance} of {}", body.name),
        None if body.what.is_empty() => body.name.clone(),
        None => body.what.clone(),
    };
    let (ended, ended_by) = stored.ended.clone().unzip();
    Ok(CorrectionItem {
        id: stored.id,
        version: stored.version,
        kind: stored.kind.as_str().to_owned(),
        state: stored.state.as_str().to_owned(),
        what,
        breaker: body.breaker,
        instance: body.instance,
        from: body.from,
        to: body.to,
        note: stored.words.clone(),
        made: stored.made,
        made_by: stored.made_by.name.clone(),
        ended,
        ended_by,
        can_undo: in_force && undo_until.is_none_or(|until| now < until),
        undo_until: undo_until.filter(|_| in_force),
        erased: serde_json::from_str(&stored.outcome).ok(),
    })
}
