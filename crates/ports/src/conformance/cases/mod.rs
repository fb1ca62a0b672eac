//! The list of cases. A function that is named here is a test of every back end.
//!
//! Names say the rule; `B.., C.., S0_..` are the traps that a rule avoids.
#![allow(non_snake_case)]
pub mod accounts;
pub mod asking;
pub mod awaiting;
pub mod charting;
pub mod counting;
pub mod deleting;
pub mod erasing;
pub mod events;
pub mod finding;
pub mod identity;
pub mod keys;
pub mod listing;
pub mod merging;
pub mod money;
pub mod overseeing;
pub mod owning;
pub mod profiles;
pub mod searching;
pub mod sinks;
pub mod time;

/// Hands the list of cases, grouped by module, to a macro: `with_conformance_cases!({name} [arguments])`.
#[doc(hidden)]
#[macro_export]
macro_rules! with_conformance_cases {
    ({$($callback:tt)*} [$($arguments:tt)*]) => {
        $($callback)*! {
            [$($arguments)*]
            identity {
                B05_first_sight_is_race_free,
                B06_same_trace_id_merges,
                B07_two_projects_share_ids_and_nothing_else,
                B03_first_and_last_seen_are_event_times_of_the_traces_now,
                late_identity_moves_the_whole_trace,
                a_correction_moves_everything_and_leaves_the_user,
                the_later_arrival_wins_whatever_is_booked_first,
                a_resend_after_a_correction_is_a_correction,
                the_envelope_and_root_spans_outrank_other_spans,
                ties_inside_a_piece_are_broken_the_same_way,
                every_named_user_and_session_is_known,
                S0_20_no_user_is_unattributed,
                resolve_makes_each_user_once,
                B19_a_batch_beyond_max_users_is_refused_as_a_whole,
            }
            owning {
                B16_a_session_belongs_to_the_user_of_its_latest_identified_trace,
                B17_a_trace_never_takes_its_sessions_user,
                a_session_counts_in_a_period_for_its_owner,
            }
            profiles {
                B01_metadata_merges_on_every_trace,
                B21_the_last_writer_by_event_time_wins,
                of_equal_event_times_the_later_arrival_wins,
                B57_a_patch_merges_and_survives_replays,
                a_patch_wins_over_facts_from_the_future,
                B58_patching_nobody_is_none,
                updated_is_the_last_visible_change,
                B20_metadata_is_bounded_and_loses_no_trace,
                a_session_has_a_name_and_metadata,
                users_are_named_in_the_order_asked,
            }
            merging {
                B06_pieces_merge_field_by_field_in_any_order,
                pieces_of_one_trace_may_share_a_batch_with_its_repeats,
                a_corrected_field_moves_the_totals_by_the_difference,
                an_older_piece_that_comes_late_sets_only_what_is_unset,
                B04_trace_time_is_timestamp_else_start_else_arrival,
                a_trace_is_named_by_rank_then_by_its_earliest_span,
                the_last_arrival_is_known,
                payloads_come_back_token_for_token,
                payloads_follow_the_arrival_in_any_order,
                spans_beyond_the_limit_are_refused_and_said,
            }
            counting {
                usage_counts_once_below_containers,
                one_response_counts_once,
                B42_total_tokens_are_the_total_else_the_sum,
                B40_error_rates_by_span_and_by_trace,
                B41_latency_is_of_what_ended,
                percentiles_are_within_two_percent,
                the_books_balance_by_every_group,
            }
            money {
                B43_the_smallest_cost_is_kept_and_sums_are_exact,
                the_clients_cost_goes_before_the_book,
                every_token_is_priced_or_listed_as_unpriced,
                C06_a_span_is_priced_at_its_start,
                C12_a_new_price_changes_history_only_by_reprice,
                own_prices_go_before_built_in_ones,
                cost_rows_are_ordered_and_paged,
                costs_without_sessions_are_the_same_costs,
            }
            deleting {
                S0_63_unlinking_leaves_traces_and_sessions_unattributed,
                B55_unlinked_traces_stay_unattributed_when_repeated,
                unlinking_does_not_hand_a_trace_to_whom_it_was_corrected_from,
                a_deleted_user_named_elsewhere_harms_nothing,
                B48_a_deleted_trace_takes_its_counts,
                a_zero_character_names_no_trace,
                a_deleted_session_unlinks_its_traces,
                a_deleted_session_gives_its_traces_to_no_other,
                a_session_deleted_while_a_span_names_it_harms_nothing,
                retention_takes_payloads_and_leaves_the_books,
                a_deleted_project_takes_everything,
            }
            erasing {
                B59_erasing_keeps_the_spend_and_nothing_readable,
                erasing_counts_the_same_of_each_response,
                repeats_of_erased_traces_match_and_count_nothing,
                later_data_of_an_erased_id_is_suppressed_until_lifted,
                suppressed_data_counts_the_same_in_any_order,
                a_trace_corrected_to_an_erased_id_leaves_its_user,
            }
            overseeing {
                all_projects_are_counted,
                counts_follow_what_is_deleted_and_corrected,
                suppressed_ids_are_listed_until_lifted,
            }
            listing {
                B31_users_are_sorted_over_the_whole_set,
                B31_users_are_sorted_by_what_they_are_called,
                B33_paging_meets_every_user_once_at_any_limit,
                B34_paging_goes_on_after_a_deletion,
                next_is_null_iff_nothing_follows,
                B37_search_takes_every_character_for_itself,
                search_sees_the_current_profile_only,
                B30_last_seen_bounds_are_inclusive_and_both_hold,
                metadata_filters_match_values_exactly,
                B47_stats_of_a_period_decide_sums_and_order,
                B47_the_active_of_a_period_have_a_trace_in_it,
            }
            finding {
                C05_traces_are_filtered_by_everything_at_once,
                traces_sessions_and_timelines_are_paged,
                B46_a_user_shows_the_ten_latest_sessions,
                sessions_are_searched_and_filtered,
                B54_the_summary_names_who_costs_most,
            }
            searching {
                a_bounded_search_says_how_far_it_came,
                a_session_is_found_by_what_it_is_called_exactly,
            }
            time {
                periods_are_half_open_to_the_microsecond,
                B50_days_are_calendar_days_of_the_zone,
                B49_empty_days_are_there,
                B53_analysing_nobody_is_none,
                costs_by_day_follow_the_zone_and_the_period,
                a_trace_that_changes_time_changes_its_bucket,
            }
            charting {
                a_chart_is_the_sums_of_its_stretches,
                a_chart_without_a_stretch_is_empty,
                charts_follow_the_users_asked_for,
                users_are_counted_by_what_they_did_in_a_period,
                who_has_no_trace_is_new_when_made,
                a_users_costs_are_split_by_model,
                a_chart_of_users_counts_each_once_in_a_stretch,
            }
            keys {
                keys_open_their_project_until_revoked,
                a_key_is_no_other_projects,
                an_expired_key_opens_nothing,
                the_use_of_a_key_is_noted_to_the_minute,
                a_key_says_who_made_it,
            }
            accounts {
                projects_are_unique_in_their_workspace,
                settings_come_back_as_they_were_set,
                prices_replace_those_of_the_same_model_and_date,
                a_price_is_removed_by_model_and_date,
                a_removed_price_prices_nothing_more,
                the_store_says_that_it_is_ready,
            }
            events {
                an_event_is_stored_once_in_its_project,
                events_come_back_as_they_were_stored,
                the_log_is_read_in_order_and_in_parts,
                a_reader_never_misses_what_many_append,
                the_same_event_sent_many_times_at_once_is_stored_once,
                who_is_forgotten_leaves_no_event,
                who_is_erased_between_is_not_stored,
                who_is_forgotten_while_many_append_leaves_no_event,
                old_events_are_removed_by_arrival_in_steps,
                no_place_in_the_log_is_given_twice,
                a_deleted_project_takes_its_events,
                a_workspace_opts_out_with_all_its_projects,
            }
            awaiting {
                events_wait_for_their_session,
            }
            sinks {
                one_holds_a_sink_at_a_time,
                of_many_who_ask_at_once_one_holds_a_sink,
                what_a_sink_gave_up_is_listed,
            }
            asking {
                events_are_listed_latest_first_in_pages,
                events_are_counted_by_what_they_have,
                a_property_counts_as_it_was_given,
                developers_are_ranked_by_their_events,
                activity_is_told_by_quarters_of_an_hour,
            }
        }
    };
}
