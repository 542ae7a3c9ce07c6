//! Correcting the record: hide, forget, erase, do not count, call otherwise, and undo what can be undone.
//!
//! What somebody did is answered when it is stored; from then on it holds, also after a restart. To hide and to forget change
//! nothing that is kept (`live::hidden`), so that undoing them restores what was there; neither do times that do not count
//! ([`marks`]) and names that stand for others ([`renames`]). An erasure is answered when it is certain to be done, and done
//! by [`crate::erase`].
//!
//! Deliberately absent: who may do what (the server's policies).

mod effects;
mod marks;
mod reach;
mod renames;

use domain::Millis;
use domain::alert::RuleError;
use domain::breaker::BreakerId;
use domain::erasure::{MAX_NAME, Selection};
use domain::rollup::Rung;
use protocol::record::{CorrectionDoc, CorrectionItem, ErasurePreview, LabelDoc, RenameDoc};
use serde::{Deserialize, Serialize};
use store::{CorrectionDraft, CorrectionKind, CorrectionState, StoreError, StoredCorrection, TenantScope};

use crate::{AlertError, Engine, Hand};

use effects::effect_of;
pub(crate) use effects::hold_again;
pub(crate) use marks::{Mark, Marks};
pub(crate) use renames::{Rename, Renames};

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
    /// What kind of thing is erased, does not count or is called otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    what: String,
    /// What does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    /// What is called otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rename: Option<RenameDoc>,
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

fn wrong(field: &str, must: impl Into<String>) -> AlertError {
    AlertError::Invalid(RuleError::new(field, must))
}

/// A field that does not go with what is asked for.
fn misplaced(doc: &CorrectionDoc, kind: CorrectionKind) -> Option<&'static str> {
    use CorrectionKind::{Erase, Forget, Hide, Rename, Uncount};
    let fields: [(&'static str, bool, &[CorrectionKind]); 8] = [
        ("breaker", doc.breaker.is_some(), &[Hide, Forget]),
        ("instance", doc.instance.is_some(), &[Hide, Forget]),
        ("service", doc.service.is_some(), &[Erase]),
        ("label", doc.label.is_some(), &[Erase]),
        ("from", doc.from.is_some(), &[Erase, Uncount]),
        ("to", doc.to.is_some(), &[Erase, Uncount]),
        ("filter", doc.filter.is_some(), &[Uncount]),
        ("rename", doc.rename.is_some(), &[Rename]),
    ];
    let wrong = fields
        .iter()
        .find(|(_, given, kinds)| *given && !kinds.contains(&kind));
    wrong.map(|(name, ..)| *name)
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

    /// Corrects the record. It holds when this returns; an erasure is on its way.
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
        let tenant = self.tenant(scope);
        let _one = tenant.correcting.lock().await;
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
            CorrectionKind::Uncount => self.uncounting(scope, doc)?,
            CorrectionKind::Rename => self.renaming(scope, doc)?,
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
        match effect_of(&stored)? {
            Some(effect) => {
                effect.apply(&tenant);
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
            return Err(wrong(
                "kind",
                "must be erase, uncount or rename to be looked at before",
            ));
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
        let tenant = self.tenant(scope);
        // What is stored and what is held in memory agree when the next begins.
        let _one = tenant.correcting.lock().await;
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
        tenant.live().unhide(id);
        tenant.marks.take(id);
        tenant.mark(true);
        tenant.cross();
        Ok(item(&undone, now)?)
    }

    fn kind_of(&self, doc: &CorrectionDoc) -> Result<CorrectionKind, AlertError> {
        let kind = CorrectionKind::parse(&doc.kind)
            .ok_or_else(|| wrong("kind", "must be hide, forget, erase, uncount or rename"))?;
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

    fn uncounting(&self, scope: &TenantScope, doc: &CorrectionDoc) -> Result<Body, AlertError> {
        if doc.note.trim().is_empty() {
            return Err(wrong("note", "is missing: why it does not count"));
        }
        self.room_for_a_mark(scope)?;
        let (from, to, filter) = marks::read(doc)?;
        let filter = Some(filter.to_string()).filter(|text| !text.is_empty());
        Ok(Body {
            from: Some(from),
            to: Some(to),
            what: filter.clone().unwrap_or_else(|| "everything".to_owned()),
            filter,
            ..Body::default()
        })
    }

    fn renaming(&self, scope: &TenantScope, doc: &CorrectionDoc) -> Result<Body, AlertError> {
        let rename = self.renamed(scope, doc)?;
        Ok(Body {
            what: format!("{} {} is {}", rename.dimension.as_str(), rename.old, rename.new),
            rename: doc.rename.clone(),
            ..Body::default()
        })
    }

    /// The renaming that is asked for, where it can be.
    fn renamed(&self, scope: &TenantScope, doc: &CorrectionDoc) -> Result<Rename, AlertError> {
        let asked = doc
            .rename
            .as_ref()
            .ok_or_else(|| wrong("rename", "is missing: dimension, old and new name"))?;
        let known = self.tenant(scope).live().renames();
        known.check(asked).map_err(|(field, must)| wrong(field, must))
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
        filter: body.filter,
        rename: body.rename,
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
