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

mod accounts;
mod backends;
mod challenges;
mod crash;
mod outbox;
mod quotas;
mod races;
mod samples;
mod sessions;
mod upkeep;

/// Makes a test of each promise, each over a fresh store of the backend.
macro_rules! promises {
    ($backend:ident, $($topic:ident: [$($promise:ident),* $(,)?])*) => {$(
        mod $topic {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                use crate::backends::Backend;
                crate::$topic::$promise(crate::backends::$backend::Fresh::fresh().await).await;
            }
        )*}
    )*};
}

/// What a store of accounts promises.
macro_rules! accounts_contract {
    ($backend:ident) => {
        promises! { $backend, accounts: [
            an_account_is_found_by_its_name_and_its_address_in_any_letter_case,
            a_name_never_finds_an_account_by_its_address_nor_the_other_way_round,
            a_name_or_address_in_use_is_refused_in_any_letter_case,
            of_many_that_want_one_name_at_once_exactly_one_gets_it,
            accounts_are_listed_in_order_page_by_page,
            s39_disabling_begins_a_new_epoch_and_enabling_does_not,
            s33_a_new_password_begins_a_new_epoch,
            a_better_hash_takes_the_place_of_the_one_it_was_made_for_alone,
            nothing_is_changed_of_an_account_that_is_not_there,
            accounts_outlast_a_restart,
        ]}
    };
}

/// What a store of what passes promises.
macro_rules! flow_contract {
    ($backend:ident) => {
        promises! { $backend,
            sessions: [
                a_session_is_found_by_its_token_alone_as_it_was_made,
                s28_a_new_session_ends_the_one_that_it_replaces,
                s34_an_ended_session_is_gone,
                s38_a_later_use_is_noted_and_an_earlier_one_is_not,
                s35_all_sessions_of_an_account_end_but_the_one_excepted,
                sessions_are_listed_the_latest_used_first_and_ended_ones_are_not,
                a_creation_that_is_broken_off_has_happened_or_not,
                sessions_outlast_a_restart,
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
                an_expired_code_can_be_replaced,
                s26_a_decoy_counts_like_any_other_and_is_never_accepted,
                s12_nothing_that_is_kept_holds_a_code_a_token_or_an_address,
                a_clock_that_is_put_back_revives_nothing,
                challenges_outlast_a_restart,
            ]
            races: [
                s2_of_fifty_parallel_right_codes_exactly_one_is_accepted,
                s3_of_fifty_parallel_wrong_codes_five_are_compared_and_then_the_right_one_fails,
                s2_two_processes_accept_a_code_once,
                s10_of_fifty_parallel_resends_exactly_one_is_sent,
                parallel_leases_never_overlap,
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
                what_another_process_writes_is_seen_and_told,
                a_change_between_two_calls_is_not_missed,
                waiting_for_a_change_can_be_broken_off,
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
            flow_contract!($backend);
        }
    )*};
}

store_contract!(sqlite);
