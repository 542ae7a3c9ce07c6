//! Second factors in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::Millis;

use super::MemoryStore;
use crate::{Logged, RecoveryHash, SecondFactor, SecondFactors, StoreError, SystemScope};

/// Each recovery code, and when it was used.
type Codes = Vec<(RecoveryHash, Option<Millis>)>;

/// By account.
#[derive(Default)]
pub(super) struct Seconds(BTreeMap<String, (SecondFactor, Codes)>);

impl Seconds {
    fn get(&self, account: &str) -> Option<SecondFactor> {
        let (second, codes) = self.0.get(account)?;
        let left = codes.iter().filter(|(_, used)| used.is_none()).count();
        Some(SecondFactor {
            recovery_codes: u32::try_from(left).unwrap_or(u32::MAX),
            ..second.clone()
        })
    }
}

fn unused(codes: &[RecoveryHash]) -> Codes {
    codes.iter().map(|code| (*code, None)).collect()
}

#[async_trait]
impl SecondFactors for MemoryStore {
    async fn second_factor(
        &self,
        _: &SystemScope,
        account: &str,
    ) -> Result<Option<SecondFactor>, StoreError> {
        Ok(self.state.lock().seconds.get(account))
    }

    async fn begin_second_factor(
        &self,
        _: &SystemScope,
        account: &str,
        seed: &str,
        at: Millis,
        audit: Logged,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let enabled = state
            .seconds
            .get(account)
            .is_some_and(|second| second.enabled.is_some());
        if enabled || state.people.account(account).is_none() {
            return Ok(false);
        }
        let second = SecondFactor {
            seed: seed.to_owned(),
            begun: at,
            enabled: None,
            step: 0,
            recovery_codes: 0,
        };
        state.seconds.0.insert(account.to_owned(), (second, Vec::new()));
        state.log_to(audit);
        Ok(true)
    }

    async fn enable_second_factor(
        &self,
        _: &SystemScope,
        account: &str,
        (seed, step): (&str, i64),
        codes: &[RecoveryHash],
        at: Millis,
        audit: Logged,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        match state.seconds.0.get_mut(account) {
            Some((second, own)) if second.seed == seed && second.enabled.is_none() => {
                (second.enabled, second.step) = (Some(at), step);
                *own = unused(codes);
            }
            _ => return Ok(false),
        }
        state.log_to(audit);
        Ok(true)
    }

    async fn use_step(
        &self,
        _: &SystemScope,
        account: &str,
        seed: &str,
        step: i64,
    ) -> Result<bool, StoreError> {
        match self.state.lock().seconds.0.get_mut(account) {
            Some((second, _)) if second.seed == seed && second.enabled.is_some() && second.step < step => {
                second.step = step;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn use_recovery_code(
        &self,
        _: &SystemScope,
        account: &str,
        code: &RecoveryHash,
        at: Millis,
        audit: Logged,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let found = match state.seconds.0.get_mut(account) {
            Some((second, codes)) if second.enabled.is_some() => {
                codes.iter_mut().find(|(own, used)| own == code && used.is_none())
            }
            _ => None,
        };
        let Some((_, used)) = found else {
            return Ok(false);
        };
        *used = Some(at);
        state.log_to(audit);
        Ok(true)
    }

    async fn replace_recovery_codes(
        &self,
        _: &SystemScope,
        account: &str,
        codes: &[RecoveryHash],
        audit: Logged,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        match state.seconds.0.get_mut(account) {
            Some((second, own)) if second.enabled.is_some() => *own = unused(codes),
            _ => return Ok(false),
        }
        state.log_to(audit);
        Ok(true)
    }

    async fn remove_second_factor(
        &self,
        _: &SystemScope,
        account: &str,
        audit: Logged,
    ) -> Result<Option<SecondFactor>, StoreError> {
        let state = &mut *self.state.lock();
        let was = state.seconds.get(account);
        if was.is_some() {
            state.seconds.0.remove(account);
            state.log_to(audit);
        }
        Ok(was)
    }
}
