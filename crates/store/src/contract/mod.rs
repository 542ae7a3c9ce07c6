//! The contract suite: what every adapter must do, as cases that run against any of them.
//!
//! An adapter's test file writes a [`Subject`] and stamps one test per case:
//!
//! ```ignore
//! async fn subject() -> MySubject { … }
//! store::contract_suite!(crate::subject);
//! ```
//!
//! A port method has no meaning beyond what its documentation says and these cases check. Deliberately absent: crash
//! points and anything else that only one adapter can have; those are in the adapter's own tests.
#![expect(
    clippy::disallowed_methods,
    reason = "the suite stands in for the auth layer and the supervisor"
)]

pub mod accounts;
pub mod alert_rules;
pub mod alerts;
pub mod append;
pub mod audit;
pub mod calls;
pub mod channels;
pub mod corrections;
pub mod deliveries;
pub mod documents;
pub mod duties;
pub mod erasures;
pub mod flush;
pub mod identities;
pub mod keyframes;
pub mod keys;
pub mod quotas;
pub mod read;
pub mod repeats;
pub mod retention;
pub mod rollups;
pub mod samples;
pub mod second;
pub mod secrets;
pub mod sessions;
pub mod shares;
pub mod transitions;

use async_trait::async_trait;

use crate::{
    Accounts, Alerts, Appended, AuditEntry, AuditQuery, Audits, Corrections, Deliveries, Documents, Duties,
    Erasures, Identities, Journal, Keys, LiveStore, NewBatch, Offset, Rollups, SecondFactors, Secrets,
    Sessions, Shares, StoreError, StoredBatch, SystemScope, TenantId, TenantScope,
};

/// An adapter under test, over data of its own.
#[async_trait]
pub trait Subject: Send + Sync {
    /// The adapter.
    type Store: Journal
        + LiveStore
        + Rollups
        + Keys
        + Audits
        + Accounts
        + Sessions
        + Secrets
        + SecondFactors
        + Alerts
        + Deliveries
        + Documents
        + Shares
        + Duties
        + Corrections
        + Erasures
        + Identities;

    /// The store as it is open now.
    fn store(&self) -> &Self::Store;

    /// Drops the store without closing it, and opens the same data again.
    async fn reopen(&mut self);
}

/// Stamps one `#[tokio::test]` per case. Takes the path, from the crate's root, of an `async fn() -> impl Subject`.
#[macro_export]
macro_rules! contract_suite {
    ($make:path) => {
        $crate::contract_suite! { @cases $make;
            append {
                events_of_every_kind_come_back_exactly,
                a_batch_without_events_is_kept,
                one_append_takes_many_batches_in_order,
                an_empty_append_changes_nothing,
                the_sequence_has_no_gaps_across_reopening,
                tenants_share_one_sequence,
            }
            repeats {
                an_id_counts_once_within_a_batch,
                an_id_counts_once_within_an_append,
                an_id_counts_once_across_appends,
                an_id_counts_once_across_reopening,
                an_id_is_forgotten_after_an_hour,
                an_hour_is_counted_from_the_first_arrival,
                ids_are_known_per_tenant,
                events_without_ids_are_never_repeats,
                a_replay_is_answered_and_writes_nothing,
                a_replay_within_one_append_is_answered,
                a_key_with_another_body_is_refused,
                a_key_with_another_body_is_refused_within_one_append,
                keys_are_scoped_by_tenant_and_api_key,
                a_replay_works_across_reopening,
                keys_are_forgotten_after_seven_days,
                a_replay_remembers_no_ids,
                remembered_knows_what_was_answered,
            }
            read {
                reading_starts_after_the_offset_and_stops_at_the_limit,
                reading_past_the_end_gives_nothing,
                reading_compares_writers_first,
                reading_crosses_midnight,
                a_clock_that_moves_back_keeps_the_order,
                the_head_of_an_empty_journal_is_zero,
                before_time_finds_the_first_that_arrived,
                before_time_is_the_head_when_all_is_older,
                before_time_crosses_midnight,
            }
            calls {
                batches_come_newest_first,
                a_page_stops_at_the_limit_and_tells_where_to_go_on,
                a_page_stops_when_it_holds_many_events,
                reading_back_starts_before_the_offset,
                the_window_is_half_open_over_event_time,
                batches_of_other_tenants_are_not_seen,
                zone_maps_skip_batches,
                guarded_calls_are_read_alone,
                late_events_are_found_across_midnight,
                a_clock_that_moves_back_hides_nothing,
                a_sparse_walk_goes_on_page_by_page,
                dropped_days_are_no_error,
            }
            retention {
                days_older_than_the_limit_are_dropped,
                a_day_that_is_only_partly_older_is_kept,
                too_many_bytes_drop_the_oldest_days_but_never_today,
                enough_room_drops_nothing,
                the_head_survives_when_everything_is_dropped,
                idempotency_outlives_dropped_days,
                ids_outlive_dropped_days,
                usage_counts_what_is_there,
                usage_of_an_empty_journal_is_nothing,
                what_each_tenant_stores_is_counted,
            }
            flush {
                a_flush_comes_back_exactly,
                series_with_labels_come_back_apart,
                a_flush_survives_reopening,
                seconds_are_told_whole_and_dropped_by_age,
                a_flush_that_does_not_follow_is_refused_whole,
                a_flush_of_another_writer_is_refused,
                a_flush_that_steps_back_is_refused,
                a_flush_with_a_clash_writes_nothing,
                a_flush_may_repeat_the_sequence_without_partials,
                the_newest_checkpoint_wins,
                partials_are_not_merged,
                partials_are_half_open_in_time,
                partials_of_other_rungs_are_apart,
                many_series_in_one_flush,
                tenants_are_those_with_a_checkpoint,
                tenants_are_apart,
                the_store_answers,
            }
            keyframes {
                a_keyframe_comes_back_exactly,
                the_newest_that_is_not_later_is_found,
                a_second_one_of_a_moment_is_left_out,
                old_keyframes_are_dropped,
                too_many_bytes_drop_the_oldest_keyframes,
                keyframes_of_tenants_are_apart,
                what_keyframes_take_is_told,
            }
            rollups {
                a_compaction_takes_the_partials,
                a_compaction_writes_every_rung,
                a_compaction_that_misses_a_flush_is_refused_whole,
                a_sequence_is_compacted_once,
                chunks_are_found_by_time,
                only_the_parts_that_were_asked_for_come,
                merged_chunks_take_the_place_of_their_parts,
                a_merge_of_chunks_that_are_gone_is_refused_whole,
                dropped_chunks_tell_what_they_freed,
                usage_counts_the_chunks,
                chunks_of_tenants_are_apart,
            }
            transitions {
                transitions_come_newest_first,
                equal_times_are_ordered_by_id,
                paging_meets_every_transition_once,
                transitions_are_filtered,
                a_transition_id_is_used_once,
                transitions_of_tenants_are_apart,
                transitions_survive_reopening,
            }
            keys {
                a_key_comes_back_exactly,
                keys_survive_reopening,
                a_name_is_used_once_among_keys_that_are_not_revoked,
                an_id_or_hash_is_used_once,
                a_refused_key_leaves_no_audit_entry,
                a_key_of_another_tenant_is_refused,
                a_key_is_revoked_by_id_or_name,
                revoking_again_changes_nothing,
                an_id_comes_before_a_name,
                keys_are_listed_oldest_first,
                keys_of_tenants_are_apart,
                a_key_makes_room_for_another_of_its_name,
                only_a_key_in_use_is_replaced,
                a_key_ends_with_what_it_replaced,
                when_a_key_was_seen_last_only_moves_on,
            }
            audit {
                entries_come_back_as_they_were_sealed,
                entries_are_fitted_before_they_are_sealed,
                a_chain_goes_on_across_reopening,
                changes_and_events_share_one_chain,
                chains_of_tenants_are_apart,
                writers_at_once_make_one_chain,
                entries_are_found,
                a_log_can_be_sealed_anew,
            }
            accounts {
                an_account_comes_back_exactly,
                there_is_one_first_account,
                an_address_has_one_account,
                a_new_password_ends_other_sessions,
                an_account_is_renamed,
                members_change_and_an_owner_stays,
                owners_cannot_remove_each_other_at_once,
                tenants_are_made,
                invitations_are_listed_while_they_count,
                an_invitation_is_taken_up_once,
                a_password_is_reset_once,
            }
            quotas {
                a_quota_is_given_and_taken_away,
            }
            sessions {
                a_session_comes_back_exactly,
                a_session_has_the_roles_of_now,
                a_session_takes_the_place_of_one,
                when_a_session_was_seen_only_moves_on,
                a_confirmed_session_has_another_cookie,
                sessions_are_listed_and_ended,
                old_sessions_are_swept,
            }
            alert_rules {
                rules_come_back_exactly,
                a_rules_name_is_its_own,
                a_rule_that_changed_meanwhile_is_not_overwritten,
                defaults_are_made_once_and_do_not_come_back,
                rules_have_a_limit,
            }
            alerts {
                an_alert_comes_back_exactly,
                an_alert_is_written_with_its_events_and_what_must_be_told,
                a_group_has_one_open_alert,
                writes_of_the_system_are_all_or_nothing,
                of_two_who_acknowledge_at_once_one_wins,
                what_is_acknowledged_is_durable,
                open_alerts_have_a_limit,
                history_is_found_by_what_is_wanted,
                silences_come_back_and_end,
                silences_have_a_limit,
                alerts_of_tenants_are_apart,
            }
            channels {
                channels_come_back_and_change,
                channels_have_names_and_a_limit,
                a_channel_in_trouble_is_off_until_it_is_changed,
            }
            documents {
                documents_come_back_and_change,
                documents_of_kinds_and_tenants_are_apart,
            }
            shares {
                a_shared_document_is_found_by_its_address,
                an_address_is_one_of_the_installation,
                the_first_opening_of_a_day_is_logged,
            }
            duties {
                a_ladder_follows_its_alert,
                a_step_is_told_once,
            }
            deliveries {
                what_must_be_told_leaves_the_outbox_once,
                a_claim_is_a_lease,
                a_yes_always_counts,
                a_topic_is_told_in_order,
                a_dead_delivery_can_be_tried_again,
                a_removed_channel_drops_what_waits,
                a_delivery_that_somebody_asks_for_is_logged,
                deliveries_are_found_by_what_is_wanted,
                what_was_never_tried_can_be_gathered,
                old_deliveries_are_forgotten,
                an_end_is_told_after_its_beginning,
            }
            corrections {
                corrections_come_back_exactly,
                a_correction_is_undone_once,
                marks_and_names_hold_until_they_are_undone,
                an_erasure_ends_before_the_next_begins,
                corrections_of_tenants_are_apart,
            }
            erasures {
                erased_events_are_gone,
                a_range_takes_events_of_every_kind,
                an_erasure_walks_page_by_page,
                erased_rows_go_with_live_state,
                names_of_series_go_when_nothing_needs_them,
                alerts_are_erased_by_their_labels,
                alerts_are_erased_without_a_checkpoint,
                numbers_of_what_is_erased_are_not_given_again,
                a_message_about_many_goes_with_each_of_them,
                a_keyframe_is_replaced,
            }
            second {
                a_second_factor_comes_back_exactly,
                a_second_factor_is_begun_anew_until_it_is_enabled,
                a_step_is_used_once,
                a_step_is_used_once_by_many_at_once,
                recovery_codes_are_used_once,
                a_second_factor_is_removed,
            }
            identities {
                an_identity_comes_back_exactly,
                an_identity_opens_one_account,
                an_identity_is_linked_once_by_many_at_once,
                an_identity_is_unlinked,
                a_new_account_comes_with_its_identity,
            }
            secrets {
                a_secret_comes_back_exactly,
                a_master_key_follows_the_last,
                a_master_key_in_use_stays,
                a_data_key_is_wrapped_with_the_last_master_key,
                a_data_key_in_use_stays,
                a_secret_needs_its_data_key,
                a_secret_takes_the_place_of_one,
                secrets_are_listed_by_place,
                what_is_sealed_otherwise_is_sealed_anew,
                what_changed_meanwhile_is_not_sealed_anew,
                secrets_go_with_their_owner,
                a_destination_that_changes_drops_what_was_for_the_old,
                what_a_lost_key_sealed_is_forgotten,
                secrets_of_tenants_are_apart,
            }
        }
    };
    (@cases $make:path; $($module:ident { $($case:ident),* $(,)? })*) => {
        $(
            mod $module {
                $(
                    #[tokio::test]
                    async fn $case() {
                        let mut subject = $make().await;
                        $crate::contract::$module::$case(&mut subject).await;
                    }
                )*
            }
        )*
    };
}

fn system() -> SystemScope {
    SystemScope::assume()
}

fn tenant(slug: &str) -> TenantId {
    TenantId::parse(slug).expect("the suite's slugs are good")
}

fn scope(slug: &str) -> TenantScope {
    TenantScope::assume(tenant(slug))
}

/// What was committed, or a failure.
#[track_caller]
fn committed(appended: &Appended) -> (Offset, Vec<domain::Event>, u32) {
    match appended {
        Appended::Committed {
            offset,
            kept,
            duplicates,
        } => (*offset, kept.clone(), *duplicates),
        other => panic!("expected a commit, got {other:?}"),
    }
}

/// The newest entries of a tenant's log, newest first.
async fn log(subject: &impl Subject, slug: &str) -> Vec<AuditEntry> {
    let query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    let found = subject.store().audit(&scope(slug), query).await;
    let found = found.expect("the log can be read");
    found.into_iter().map(|sealed| sealed.entry).collect()
}

#[track_caller]
fn is_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(
        matches!(result, Err(StoreError::Conflict(_))),
        "expected a conflict, got {result:?}"
    );
}

async fn append(subject: &impl Subject, batches: Vec<NewBatch>) -> Vec<Appended> {
    let count = batches.len();
    let appended = subject
        .store()
        .append(&system(), batches)
        .await
        .expect("the append works");
    assert_eq!(appended.len(), count, "one answer per batch");
    appended
}

/// Appends one batch that is expected to be committed; its offset, what was kept, and how many were repeats.
async fn append_one(subject: &impl Subject, batch: NewBatch) -> (Offset, Vec<domain::Event>, u32) {
    committed(&append(subject, vec![batch]).await[0])
}

async fn read_all(subject: &impl Subject) -> Vec<StoredBatch> {
    let start = Offset { writer: 0, seq: 0 };
    subject
        .store()
        .read_after(&system(), start, usize::MAX)
        .await
        .expect("the journal can be read")
}

async fn head(subject: &impl Subject) -> Offset {
    subject
        .store()
        .head(&system())
        .await
        .expect("the head can be read")
}
