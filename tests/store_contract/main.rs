//! The contract of the stores: every promise of every role, told once, held against every backend.
//!
//! A promise is a function in one of the modules below. It is listed here to be a test of each backend; one that
//! is forgotten shows as dead code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "these are tests"
)]

#[path = "../support/faults.rs"]
#[allow(dead_code, reason = "the tests through the front door use the rest of it")]
mod faults;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "the tests through the front door use the rest of it")]
mod postgres_server;
#[path = "../support/redis.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod redis_server;

mod account_upkeep;
mod accounts;
mod audit;
mod backends;
mod backup_codes;
mod budgets;
mod challenges;
mod changes;
mod crash;
mod devices;
mod drafts;
mod formats;
mod imports;
mod links;
mod outbox;
mod permits;
mod phones;
mod postgres_nodes;
mod purposes;
mod quotas;
mod races;
mod redis_servers;
mod refresh;
mod registrations;
mod samples;
mod sessions;
mod tickets;
mod upkeep;

/// Makes a test of each promise, each over a fresh store of the backend.
macro_rules! promises {
    ($backend:ident, $($topic:ident: [$($promise:ident),* $(,)?])*) => {$(
        mod $topic {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                use crate::backends::Backend;
                if let Some(store) = crate::backends::$backend::Fresh::fresh().await {
                    crate::$topic::$promise(store).await;
                }
            }
        )*}
    )*};
}

/// Makes one test of all promises, for a backend whose servers take long to start.
macro_rules! together {
    ($backend:ident, $($topic:ident: [$($promise:ident),* $(,)?])*) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn every_promise_holds() {
            use crate::backends::Backend;
            use crate::backends::$backend::Fresh;
            let Some(_servers) = crate::backends::$backend::servers().await else { return };
            let mut broken = Vec::new();
            $($(
                let kept = tokio::spawn(async {
                    crate::$topic::$promise(Fresh::fresh().await.unwrap()).await
                });
                if kept.await.is_err() {
                    broken.push(stringify!($topic::$promise));
                }
            )*)*
            assert!(broken.is_empty(), "{broken:#?}");
        }
    };
}

/// What a store of accounts promises.
macro_rules! accounts_contract {
    ($backend:ident) => {
        promises! { $backend,
            accounts: [
                an_account_is_found_by_its_name_and_its_address_in_any_letter_case,
                a_name_never_finds_an_account_by_its_address_nor_the_other_way_round,
                a_name_or_address_in_use_is_refused_in_any_letter_case,
                of_many_that_want_one_name_at_once_exactly_one_gets_it,
                accounts_are_listed_in_order_page_by_page,
                s39_disabling_begins_a_new_epoch_and_enabling_does_not,
                s33_a_new_password_begins_a_new_epoch,
                s33_of_two_who_change_a_password_in_one_epoch_the_second_is_refused,
                s33_turning_the_second_step_on_or_off_begins_a_new_epoch,
                groups_are_given_and_taken_and_losing_one_begins_a_new_epoch,
                of_groups_that_several_give_at_once_none_is_lost,
                an_address_is_changed_unless_it_belongs_to_another_or_the_epoch_is_over,
                of_many_that_want_one_address_at_once_exactly_one_gets_it,
                a_name_and_a_language_are_set_and_taken_away,
                a_better_hash_takes_the_place_of_the_one_it_was_made_for_alone,
                nothing_is_changed_of_an_account_that_is_not_there,
                accounts_outlast_a_restart,
            ]
            imports: [
                imported_accounts_are_as_they_were_elsewhere,
                an_import_that_is_not_kept_has_never_been,
                of_an_import_each_that_takes_what_belongs_to_another_is_told_why,
                nobody_sees_a_part_of_an_import,
            ]
            backup_codes: [
                s44_a_backup_code_is_used_once_and_by_its_account_alone,
                s44_a_new_set_kills_the_old,
                s44_of_fifty_parallel_uses_of_a_backup_code_exactly_one_succeeds,
                s44_two_processes_take_a_backup_code_once,
                s44_codes_of_a_key_that_still_verifies_are_taken,
                backup_codes_outlast_a_restart_and_none_is_kept_as_it_is,
            ]
            phones: [
                s36_a_number_is_of_one_account_and_an_account_has_one,
                s33_what_codes_come_by_begins_a_new_epoch_and_so_does_taking_it_away,
                s33_nothing_of_a_number_is_changed_in_a_later_epoch,
                of_many_that_want_one_number_at_once_exactly_one_gets_it,
            ]
            registrations: [
                a_registration_is_found_by_no_sign_in_and_takes_no_name_and_no_address,
                a_registration_becomes_the_account_that_was_asked_for,
                s41_once_an_address_is_somebodys_no_other_registration_of_it_lives,
                what_is_taken_meanwhile_is_told_and_another_name_helps,
                a_registration_is_over_a_day_later_to_the_millisecond,
                s41_of_many_that_claim_one_address_at_once_exactly_one_gets_it,
                s16_an_invitation_is_looked_at_any_number_of_times_and_accepted_once,
                what_an_invitation_says_is_not_chosen_otherwise,
                an_invitation_to_a_taken_name_stays,
                an_invitation_ends_at_its_very_millisecond_or_when_it_is_taken_back,
                of_fifty_parallel_acceptances_exactly_one_makes_an_account,
                registrations_and_invitations_outlast_a_restart,
            ]
            budgets: [
                s5_the_eleventh_guess_of_a_day_is_refused_to_the_millisecond,
                s5_whoever_guesses_as_often_as_can_be_gets_thirty_a_month_and_ninety_a_year,
                s5_of_fifty_parallel_guesses_exactly_ten_are_counted,
                s5_a_right_guess_takes_back_itself_and_no_other,
                s56_strangers_spend_no_devices_budget_and_devices_none_but_their_own,
                the_owner_is_told_once_a_day_that_a_budget_is_spent,
                asking_how_a_budget_stands_counts_nothing_and_tells_nobody,
                a_clock_that_is_put_back_refills_no_budget_and_shortens_no_wait,
                failures_outlast_a_restart,
                wrong_passwords_are_free_at_first_and_then_each_doubles_the_wait,
                a_right_password_forgets_the_failures_of_its_key_alone,
                wrong_passwords_are_forgotten_a_day_after_the_last,
                of_many_parallel_wrong_passwords_each_is_counted,
            ]
            devices: [
                a_device_is_found_by_its_token_as_it_was_made,
                s32_each_use_puts_the_next_token_in_force_and_notes_the_client,
                s32_the_token_before_counts_inside_its_grace_and_changes_nothing,
                s32_the_token_before_shown_after_its_grace_is_a_theft,
                s32_an_older_token_is_a_theft_at_any_time,
                s32_a_copy_is_recognised_for_sixty_four_uses,
                s31_a_foreign_token_is_nothing_and_changes_nothing,
                s32_of_fifty_parallel_uses_one_rotates_and_the_others_are_in_grace,
                s32_of_fifty_parallel_thefts_exactly_one_is_told,
                a_device_is_trusted_until_the_instant_last_said,
                devices_are_listed_the_latest_used_first,
                s33_devices_are_removed_one_by_one_or_all_of_an_account,
                a_use_by_a_clock_that_was_put_back_makes_no_device_older,
                devices_outlast_a_restart,
            ]
            audit: [
                entries_are_kept_as_they_were_in_the_order_in_which_they_came,
                the_audit_can_be_read_page_by_page_and_followed,
                the_audit_of_one_account_is_told_apart,
                the_latest_entries_come_the_oldest_first,
                the_latest_of_an_event_are_pushed_out_by_no_other,
                an_entry_never_has_the_number_of_one_that_is_gone,
                of_many_parallel_entries_none_is_lost,
            ]
            account_upkeep: [
                devices_are_purged_ninety_days_after_their_last_use,
                s5_guesses_are_purged_once_they_count_no_more,
                wrong_passwords_are_purged_once_they_are_forgotten,
                the_audit_is_purged_after_ninety_days,
                a_purge_of_accounts_takes_no_more_than_its_limit_of_each_kind,
                s35_a_change_of_an_account_elsewhere_is_told_once,
                s35_waiting_for_a_changed_account_can_be_broken_off,
                ones_own_changes_of_accounts_are_none_elsewhere,
            ]
        }
    };
}

/// What a store of what passes promises.
macro_rules! flow_contract {
    ($tests:ident $backend:ident) => {
        $tests! { $backend,
            sessions: [
                a_session_is_found_by_its_token_alone_as_it_was_made,
                a_session_is_found_where_it_is_known_whose_it_is,
                several_sessions_are_found_at_once_each_where_it_was_asked_for,
                s28_a_new_session_ends_the_one_that_it_replaces,
                s34_an_ended_session_is_gone,
                s38_a_later_use_is_noted_and_an_earlier_one_is_not,
                s38_many_uses_are_noted_at_once_each_by_itself,
                s35_all_sessions_of_an_account_end_but_the_one_excepted,
                sessions_are_listed_the_latest_used_first_and_ended_ones_are_not,
                a_creation_that_is_broken_off_has_happened_or_not,
                sessions_outlast_a_restart,
            ]
            tickets: [
                a_ticket_gives_its_session_and_its_page_once,
                of_fifty_that_show_a_ticket_at_once_exactly_one_is_let_in,
                two_processes_take_a_ticket_once,
                a_ticket_ends_at_its_very_millisecond,
                at_another_host_or_in_another_browser_a_ticket_is_refused_and_gone,
                s34_a_ticket_of_a_session_that_has_ended_is_nothing,
                of_one_session_the_latest_tickets_alone_are_kept,
                tickets_are_purged_at_their_end,
                s34_all_sessions_of_a_family_end_together,
                a_family_that_has_ended_gets_no_new_member,
                of_joining_and_ending_at_once_no_session_is_left_over,
                a_session_of_another_family_ends_all_of_the_one_that_it_replaces,
                s38_who_is_busy_at_one_host_is_idle_at_none,
                s33_the_family_of_the_session_excepted_is_kept,
                tickets_outlast_a_restart,
            ]
            challenges: [
                the_right_code_is_accepted_and_gives_the_challenge,
                s1_a_used_code_is_spent,
                s3_after_five_wrong_codes_the_right_one_fails,
                s4_resending_keeps_the_guesses_that_were_counted,
                s6_the_code_of_one_browser_is_nothing_in_another,
                s8_a_code_ends_at_its_very_millisecond_and_no_guess_is_counted_after,
                s9_after_a_resend_the_old_code_is_wrong_and_its_mail_is_gone,
                s9_a_new_challenge_takes_the_place_of_the_same_browsers_alone,
                s10_a_resend_in_the_cool_down_changes_nothing,
                a_spent_or_exhausted_challenge_sends_no_code,
                s44_a_challenge_that_something_else_has_answered_is_spent_once,
                an_expired_code_can_be_replaced,
                s26_a_decoy_counts_like_any_other_and_is_never_accepted,
                s12_nothing_that_is_kept_holds_a_code_a_token_or_an_address,
                a_clock_that_is_put_back_revives_nothing,
                challenges_outlast_a_restart,
            ]
            links: [
                s16_looking_at_a_link_changes_nothing,
                s17_a_link_finishes_in_the_browser_that_asked_alone,
                s1_a_challenge_is_answered_once_by_code_or_link,
                s2_of_fifty_parallel_uses_of_a_link_exactly_one_is_accepted,
                s2_of_code_relay_code_and_link_in_parallel_exactly_one_is_accepted,
                s9_after_a_resend_or_a_new_challenge_the_old_link_is_void,
                a_link_answers_a_challenge_whose_guesses_are_all_used,
                s8_a_link_ends_at_its_very_millisecond,
                s26_the_link_and_relay_code_of_a_decoy_are_never_accepted,
                s17_a_relay_code_is_as_good_as_the_code_and_counts_like_it,
                s9_after_a_resend_the_old_relay_code_is_wrong,
                a_resend_that_is_refused_leaves_the_link,
                links_outlast_a_restart,
            ]
            drafts: [
                a_draft_is_found_until_it_is_taken_which_one_does,
                a_draft_ends_at_its_very_millisecond_and_is_purged,
                drafts_have_so_much_room_and_no_more,
            ]
            permits: [
                a_permit_is_found_as_it_was_made_and_taken_once,
                s28_a_permit_is_no_challenge_and_a_challenge_no_permit,
                a_permit_ends_at_its_very_millisecond,
                of_fifty_that_take_a_permit_at_once_exactly_one_gets_it,
                s41_permits_are_dropped_with_the_challenges_of_their_account,
            ]
            purposes: [
                a_challenge_is_kept_with_all_that_it_is_for,
                s7_a_code_or_link_for_one_purpose_is_nothing_for_another,
                s41_all_open_challenges_of_an_account_are_dropped_and_no_others,
                s26_the_decoy_that_an_account_asked_for_is_dropped_like_the_real,
                s41_of_codes_and_drops_in_parallel_a_code_comes_before_or_never,
            ]
            races: [
                s2_of_fifty_parallel_right_codes_exactly_one_is_accepted,
                s3_of_fifty_parallel_wrong_codes_five_are_compared_and_then_the_right_one_fails,
                s2_two_processes_accept_a_code_once,
                s10_of_fifty_parallel_resends_exactly_one_is_sent,
                parallel_leases_never_overlap,
            ]
            refresh: [
                s32_each_refresh_token_gives_way_to_the_next,
                a_refresh_token_exchanged_again_inside_its_grace_gives_what_it_gave,
                s32_a_refresh_token_of_before_ends_all_refreshing,
                of_fifty_that_exchange_a_refresh_token_at_once_one_rotates_and_all_agree,
                s34_a_session_that_has_ended_refreshes_nothing,
                refresh_tokens_outlast_a_restart,
            ]
            outbox: [
                a_mail_is_leased_as_it_was_written_and_to_one_worker,
                the_oldest_mails_are_leased_first,
                a_lease_that_runs_out_makes_its_mail_due_again,
                a_postponed_mail_is_due_at_its_instant_and_counts_its_attempts,
                a_mail_past_its_use_is_never_leased,
                a_removed_mail_is_gone_and_nothing_minds_its_absence,
                a_clock_that_is_put_back_leases_nothing_twice,
                mails_and_leases_outlast_a_restart,
            ]
            quotas: [
                a_quota_is_exact_and_told_apart_by_limit_and_key,
                of_many_parallel_events_as_many_fit_as_the_rate_says,
                a_clock_that_is_put_back_does_not_refill_a_quota,
            ]
            upkeep: [
                a_store_that_is_there_answers,
                s38_sessions_past_their_end_or_idle_too_long_are_purged,
                challenges_are_purged_an_hour_after_their_end,
                mails_past_their_use_are_purged,
                a_purge_takes_no_more_than_its_limit_of_each_kind,
                waiting_for_a_change_can_be_broken_off,
            ]
        }
    };
}

/// What a store of both roles promises, that tells its own writes from those of others.
macro_rules! changes_contract {
    ($backend:ident) => {
        promises! { $backend,
            changes: [
                what_another_process_writes_is_seen_and_told,
                a_change_between_two_calls_is_not_missed,
                ones_own_writes_are_no_change_elsewhere,
            ]
        }
    };
}

/// What a backend of both roles promises.
macro_rules! store_contract {
    ($($backend:ident),*) => {$(
        mod $backend {
            accounts_contract!($backend);
            flow_contract!(promises $backend);
            changes_contract!($backend);
        }
    )*};
}

store_contract!(sqlite);

mod postgres {
    accounts_contract!(postgres);
}

mod redis {
    flow_contract!(promises redis);
}

mod redis_cluster {
    flow_contract!(together redis_cluster);
}
