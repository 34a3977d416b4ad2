"""The faults that the tower must outlive, and where each is put to the test.

Who changes what happens under a fault finds its tests here; a test that is renamed or dropped fails here until the
table says what has taken its place.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

FAULTS: dict[str, tuple[str, ...]] = {
    # processes
    "the controller is killed": (
        "nights/test_restarts.py::test_any_part_may_die_in_any_order",
        "service/test_restarts.py::test_a_restart_at_any_moment",
        "dmx/test_killed_in_olad.py::test_what_was_killed_comes_back_without_a_flash",
    ),
    "the gateway is killed, or loses power in a fade": (
        "nights/test_restarts.py::test_any_part_may_die_in_any_order",
        "service/test_fades.py::test_a_gateway_that_starts_in_the_midst_of_a_fade_finds_it_under_way",
        "service/test_restarts.py::test_a_gateway_that_lost_everything_in_the_night",
        "service/test_restarts.py::test_a_gateway_that_starts_without_anybody",
    ),
    "the controller hangs": ("nights/test_hangs.py::test_a_controller_that_hangs_is_found_out",),
    "the controller runs out of memory": (
        "nights/test_hangs.py::test_a_controller_without_memory_ends_and_is_started_again",
    ),
    "systemd kills or refuses a system call": (
        "test_documents.py::test_the_units_let_the_clock_be_judged_but_not_set",  # .ci/booted-debian runs both units
    ),
    "nobody reads the log": ("bench/test_turns.py::test_turns_beside_a_locked_store_and_an_unread_log",),
    "two controllers on one prefix": ("service/test_rivals.py::test_two_controllers_do_not_storm",),
    # the broker and the way to it
    "the broker is killed and has kept its messages": (
        "nights/test_restarts.py::test_any_part_may_die_in_any_order",
        "mqtt/test_faults.py::test_a_killed_broker_is_noticed_and_found_again",
        "broker/test_broker_file.py::test_all_is_there_after_a_power_cut",
    ),
    "the broker comes back empty": (
        "service/test_restarts.py::test_a_broker_that_forgets",
        "mqtt/test_faults.py::test_a_broker_that_forgot_is_reported",
        "cli/test_two_brokers.py::test_a_broker_that_returns_empty_gets_everything_again",
    ),
    "the file of the embedded broker is cut or damaged": (
        "broker/test_broker_file.py::test_a_damaged_file_is_set_aside",
    ),
    "the file of the embedded broker is huge, or its disk hangs": (
        "broker/test_broker_file.py::test_a_huge_file_is_set_aside_unread",
        "broker/test_broker_file.py::test_a_disk_that_hangs_delays_neither_start_nor_stop",
    ),
    "clients of the embedded broker that stay away, or do not read, or send halves": (
        "broker/test_limits.py::test_the_queues_of_all_absent_clients_are_bounded",
        "broker/test_limits.py::test_the_queues_of_all_connected_clients_are_bounded",
        "broker/test_limits.py::test_packets_that_come_in_part_are_bounded_together",
        "broker/test_broker_file.py::test_neither_the_service_nor_an_absent_client_wears_the_disk",
    ),
    "the embedded broker is full": (
        "broker/test_limits.py::test_a_full_broker_lets_in_the_service_and_its_commands",
        "broker/test_limits.py::test_nobody_pushes_out_what_the_service_retains",
    ),
    "somebody guesses passwords": (
        "broker/test_login.py::test_guessing_is_slowed_and_reported",
        "broker/test_login.py::test_whoever_was_let_in_before_is_not_kept_out",
    ),
    "the broker is frozen": (
        "nights/test_restarts.py::test_the_gateway_keeps_the_plan_alone",
        "mqtt/test_faults.py::test_a_frozen_broker_is_noticed_and_only_the_newest_waits",
        "cli/test_two_brokers.py::test_the_tower_obeys_through_the_broker_that_is_left",
    ),
    "one of two brokers dies": (
        "simulation/test_two_brokers.py::test_a_cue_is_confirmed_through_the_broker_that_is_left",
        "cli/test_two_brokers.py::test_the_tower_obeys_through_the_broker_that_is_left",
    ),
    "the broker is slow": ("mqtt/test_faults.py::test_a_slow_line_is_not_dead",),
    "a connection only looks whole": (
        "mqtt/test_faults.py::test_a_silent_line_is_dead_within_18_tenths_of_the_keepalive",
        "simulation/test_two_brokers.py::test_a_cue_is_confirmed_past_a_line_that_only_looks_whole",
    ),
    "controller and broker are gone over a border of the schedule": (
        "service/test_autonomy.py::test_alone_over_a_border",
        "service/test_autonomy.py::test_past_the_plan",
        "simulation/test_properties.py::test_a_plan_kept_ahead_outlives_what_lies_between",
    ),
    "all clients seek a broker that returns": (
        "mqtt/test_reconnect.py::test_the_pause_grows_to_a_cap_and_is_longer_where_a_person_must_act",
        "broker/test_limits.py::test_too_many_strangers_do_not_keep_out_who_logs_in",
    ),
    "messages are lost, come twice, or overtake each other": (
        "service/test_restarts.py::test_messages_lost_doubled_and_out_of_order",
        "simulation/test_two_brokers.py::test_an_order_that_one_broker_brings_late_is_never_applied",
        "broker/test_conformance.py::test_what_was_not_acknowledged_comes_again",
    ),
    "the broker never acknowledges": ("mqtt/test_faults.py::test_a_broker_that_never_acknowledges_is_left",),
    "an access rule swallows what is published": (
        "nights/test_access_rules.py::test_a_forgotten_access_rule_harms_its_own_lamp_only",
        "broker/test_access.py::test_a_user_writes_what_is_his_alone",
        "service/test_liveness.py::test_silence_is_noticed_by_the_age_of_the_last_report",
    ),
    "an access rule refuses a subscription": (
        "mqtt/test_faults.py::test_a_refused_subscription_is_reported_and_the_others_hold",
    ),
    "a wrong password": (
        "mqtt/test_faults.py::test_a_refused_login_is_reported_with_its_cause_and_tried_again_rarely",
    ),
    "a certificate that is over, too early, of another name or unknown": (
        "mqtt/test_tls.py::test_a_flaw_of_the_certificate_is_reported_by_its_cause",
        "service/test_certificates.py::test_one_that_ends_is_reported_once_a_day_with_the_days_left",
    ),
    "the name of the broker is not known": ("mqtt/test_faults.py::test_a_name_that_nobody_knows_is_reported",),
    "the broker has another address": (
        "mqtt/test_embedded.py::test_a_broker_whose_name_fails_and_then_changes_its_address_is_found",
    ),
    # gateways
    "a gateway reboots into a colour of its own": (
        "nights/test_every_gateway.py::test_every_kind_of_gateway_confirms_the_shipped_week",
        "service/test_vendors.py::test_a_power_cut_at_night",
    ),
    "a lamp's goodbye is outdated": (
        "service/test_reconcile_fresh.py::test_a_goodbye_that_the_broker_kept_too_long_does_not_keep_a_lamp_dark",
        "service/test_reconcile_fresh.py::test_a_lamp_whose_return_was_not_heard_is_found",
    ),
    "a lamp returns to a session that was kept for it": (
        "service/test_reconcile_fresh.py::test_a_broker_keeps_few_commands_for_a_lamp_that_has_not_answered",
    ),
    "a gateway obeys and does not do it": (
        "service/test_lamps.py::test_lamps_that_do_not_obey_are_never_called_right",
    ),
    "a lamp counts on another scale, or in other words, than its keys say": (
        "service/test_wrong_lamps.py::test_a_lamp_on_another_scale_is_named_and_never_confirmed",
        "service/test_wrong_lamps.py::test_a_bridge_on_another_scale_is_named_and_never_confirmed",
        "service/test_wrong_lamps.py::test_words_for_being_gone_that_nobody_named",
    ),
    "a device is another than its keys say, and refuses": (
        "service/test_wrong_lamps.py::test_a_device_that_refuses_is_named_with_its_own_words",
        "service/test_wrong_lamps.py::test_one_component_that_refuses_does_not_put_the_other_in_doubt",
    ),
    "a bridge says that its lamp obeyed, and the lamp did not": (
        "service/test_wrong_lamps.py::test_a_bulb_that_takes_only_a_part_is_never_confirmed",
        "service/test_wrong_lamps.py::test_a_bulb_out_of_reach_is_named_by_its_bridge",
    ),
    "a lamp goes wrong by itself": (
        "service/test_lamps.py::test_lamps_that_go_wrong_at_rest",
        "service/test_vendors.py::test_a_lamp_changed_by_an_app",
    ),
    "a gateway is slow": ("service/test_vendors.py::test_a_slow_lamp_is_not_swamped",),
    "a gateway comes and goes": ("service/test_liveness.py::test_flapping_fills_no_log",),
    "a gateway is dead, and `online` stays": (
        "service/test_liveness.py::test_what_was_retained_never_confirms",
        "service/test_liveness.py::test_silence_is_noticed_by_the_age_of_the_last_report",
    ),
    "a gateway loses power for seconds and comes back without a word": (
        "service/test_reconcile_fresh.py::test_a_lamp_that_came_back_without_a_word_is_not_confirmed_for_long",
    ),
    "a gateway dies without a will": (
        "service/test_reconcile_fresh.py::test_a_lamp_that_is_dead_without_a_word_is_silent_and_reported",
        "service/test_reconcile_fresh.py::test_a_lamp_that_is_silent_gets_one_command_a_minute_that_no_broker_keeps",
        "service/test_reconcile_fresh.py::test_the_steps_of_a_sequence_do_not_heap_up_for_a_silent_lamp",
    ),
    "a gateway says goodbye": (
        "service/test_reconcile_fresh.py::test_who_said_goodbye_is_sent_nothing_until_it_is_back",
    ),
    "a gateway tells only what has changed": (
        "service/test_reconcile_fresh.py::test_a_lamp_that_cannot_be_asked_is_unknown_after_a_while_and_alarms_nobody",
    ),
    "one lamp of a gateway stops speaking": (
        "service/test_reconcile_fresh.py::test_one_zone_that_falls_silent_is_confirmed_no_longer_than_its_own_report",
    ),
    "a typo in a topic of a gateway": (
        "service/test_reconcile_fresh.py::test_a_gateway_that_was_never_heard_is_unknown_and_reported_within_three_minutes",
        "service/test_reconcile_fresh.py::test_a_lamp_of_which_only_the_state_is_never_heard",
        "service/test_reconcile_fresh.py::test_a_write_only_lamp_whose_availability_was_never_heard_is_reported",
    ),
    "the broker is back before the gateways": (
        "service/test_reconcile_fresh.py::test_a_brokers_return_alarms_nobody_before_the_gateway_had_time_to_find_it",
        "service/test_liveness.py::test_one_that_is_late_after_a_restart_of_the_broker_is_not_called_disobedient",
    ),
    "two devices, or two controllers, with one client id": (
        "broker/test_limits.py::test_two_devices_with_one_id_do_not_fill_the_log",
        "mqtt/test_faults.py::test_two_clients_of_one_client_id_are_reported",
    ),
    # messages that are not ours
    "somebody else writes to a gateway": (
        "service/test_rivals.py::test_a_foreign_writer",
        "service/test_rivals.py::test_a_foreign_writer_who_does_not_give_up",
    ),
    "garbage on any topic": (
        "service/test_rivals.py::test_garbage_on_any_topic",
        "gateways/test_every_vendor.py::test_any_payload_gives_a_report_or_a_reason",
        "gateways/test_wire.py::test_any_bytes_give_a_document_or_a_reason",
    ),
    "a document from before, or of a higher epoch": (
        "service/test_rivals.py::test_an_old_document_of_ours_is_no_rival",
        "service/test_rivals.py::test_a_gateway_that_knows_a_higher_order",
        "service/test_rivals.py::test_a_poisonous_epoch",
    ),
    "an order that would lead the controller to what gateways refuse": (
        "service/test_orders.py::test_whatever_is_seen_no_gateway_refuses_what_is_issued",
        "service/test_rivals.py::test_a_report_cannot_lead_the_controller_to_what_gateways_refuse",
        "service/test_rivals.py::test_a_gateway_that_took_the_highest_document_there_is_obeys_again",
        "service/test_rivals.py::test_a_state_on_disk_that_was_led_too_far_heals_by_itself",
        "simulation/test_rehearsal.py::test_orders_far_ahead_put_out_no_light",
        "nights/test_led_astray.py::test_an_order_far_ahead_locks_no_gateway_out",
    ),
    "a document under our own order, or dated ahead": (
        "service/test_rivals.py::test_a_document_under_our_own_order_and_id_is_no_echo",
        "dmx/test_gateway.py::test_no_look_outlives_its_end_however_its_document_is_dated",
        "dmx/test_gateway.py::test_what_is_dated_ahead_ends_though_the_gateway_starts_again_and_again",
    ),
    "a flood of messages": (
        "service/test_override_queue.py::test_a_flood_of_refusals_is_counted",
        "service/test_override_queue.py::test_no_flood_of_what_is_granted_fills_disk_and_log",
        "service/test_override_queue.py::test_a_flood_of_anything_delays_no_stop_and_no_lift",
        "mqtt/test_flood.py::test_a_flood_on_one_topic_leaves_the_others_alone",
        "broker/test_limits.py::test_a_flood_does_not_starve_the_others",
        "broker/test_client_session.py::test_a_flood_does_not_hold_back_a_retained_message",
        "broker/test_fairness.py::test_the_rest_of_the_program_has_its_turn_between_slices",
        "bench/test_jitter.py::test_a_tick_beside_a_flood",
        "dmx/test_gateway.py::test_a_flood_of_documents_is_answered_in_bounds",
    ),
    "a message of five megabytes": (
        "mqtt/test_faults.py::test_an_oversized_message_is_thrown_away_and_reported",
        "broker/test_conformance.py::test_five_megabytes_do_not",
    ),
    # files and disk
    "a file is saved in parts, renamed into place, or swapped behind a link": (
        "nights/test_files.py::test_a_good_schedule_is_taken_however_it_is_saved",
    ),
    "a file cannot be read for a while": (
        "app/test_reload.py::test_a_good_schedule_saved_during_a_read_error_is_taken_when_it_can_be_read",
        "app/test_reload.py::test_a_start_during_a_read_error_takes_the_file_when_it_can_be_read",
        "app/test_reload.py::test_a_folder_of_profiles_that_cannot_be_read_ends_nothing",
    ),
    "the last good copy cannot be written": (
        "app/test_reload.py::test_a_copy_that_could_not_be_written_is_written_as_soon_as_it_can_be",
    ),
    "the program may open nothing more": (
        "nights/test_status.py::test_a_program_that_can_open_nothing_more_goes_on_and_reports_it_once",
    ),
    "somebody writes over the controller's own word": (
        "service/test_presence.py::test_what_somebody_else_wrote_is_overwritten_and_reported",
        "nights/test_status.py::test_a_word_that_somebody_else_retained_is_overwritten_and_reported",
        "service/test_health_report.py::test_what_somebody_else_wrote_or_deleted_is_written_over",
    ),
    "a gateway leaves tower.yaml": (
        "service/test_health_report.py::test_the_document_of_a_gateway_that_is_in_tower_yaml_no_more_is_removed",
    ),
    "a gateway does not keep our contract": (
        "cli/test_check_gateway.py::test_a_gateway_that_takes_any_document_and_does_nothing_alone_is_found_out",
        "cli/test_check_gateway.py::test_each_broken_promise_is_found",
    ),
    "who asks has a wrong clock": (
        "service/test_health_watch.py::test_a_dead_controller_is_not_alive_by_any_clock",
        "service/test_health_watch.py::test_a_living_controller_is_alive_by_any_clock_within_a_beat",
        "nights/test_status.py::test_a_dead_controller_does_not_answer_by_any_clock",
        "simulation/test_rehearsal.py::test_by_any_clock_the_answer_is_right_whether_the_controller_runs",
    ),
    "a file is saved with a mistake": (
        "nights/test_status.py::test_a_rejected_file_is_shown_until_it_is_right_again",
        "nights/test_files.py::test_a_bad_schedule_is_reported_and_the_last_good_one_stays",
        "nights/test_files.py::test_the_technicians_file_is_taken_too",
    ),
    "the database is locked": (
        "state/test_faults.py::test_a_locked_history_stops_neither_the_loop_nor_an_override_and_catches_up",
        "bench/test_turns.py::test_turns_beside_a_locked_store_and_an_unread_log",
    ),
    "the database is damaged": (
        "state/test_faults.py::test_no_flipped_byte_of_the_history_loses_an_override_or_stops_the_store",
        "nights/test_ends.py::test_what_is_lost_in_the_state_folder_is_no_traceback",
    ),
    "the file of overrides is damaged": (
        "state/test_faults.py::test_a_damaged_file_of_overrides_is_an_error_and_set_aside",
        "state/test_faults.py::test_what_was_set_by_hand_survives_damage_of_either_file",
    ),
    "the disk is full": (
        "state/test_faults.py::test_a_full_disk_gives_up_history_for_an_override_and_for_nothing_else",
        "state/test_faults.py::test_a_disk_without_any_room_refuses_and_recovers",
        "service/test_overrides.py::test_a_stop_or_its_end_that_the_disk_refused_is_written_when_it_can_be",
        "dmx/test_runtime.py::test_a_disk_that_takes_nothing",
    ),
    "the disk becomes read-only, or fails to sync": (
        "state/test_faults.py::test_a_disk_that_became_read_only",
        "state/test_atomic.py::test_an_error_of_any_call_leaves_the_old_or_the_new",
        "nights/test_ends.py::test_a_state_folder_that_cannot_be_written_is_reported",
    ),
    "power goes in the middle of a write": (
        "state/test_atomic.py::test_a_process_that_dies_at_any_call_leaves_the_old_or_the_new",
        "broker/test_broker_file.py::test_a_write_that_fails_anywhere_leaves_old_or_new",
    ),
    "the process dies over an override": (
        "nights/test_by_hand.py::test_an_acknowledged_override_outlives_the_controller",
        "state/test_override_file.py::test_a_kill_loses_nothing_that_was_acknowledged",
        "simulation/test_rehearsal.py::test_nothing_acknowledged_is_lost",
    ),
    "a request by hand comes again": (
        "service/test_overrides.py::test_a_stop_that_is_acknowledged_holds_whatever_its_id",
        "service/test_overrides.py::test_a_lift_that_comes_again_lifts_no_later_stop",
        "service/test_overrides.py::test_a_resume_that_comes_again_ends_no_later_override",
        "service/test_override_queue.py::test_a_stop_after_a_lift_that_still_waits_is_a_stop_of_its_own",
        "nights/test_led_astray.py::test_one_button_stops_each_time_and_old_requests_undo_nothing",
    ),
    "a gateway does not go dark under a safety stop": (
        "service/test_stopping.py::test_a_gateway_that_does_not_confirm_dark_is_named_within_seconds",
        "cli/test_override.py::test_a_stop_that_is_not_confirmed_dark_is_no_success",
    ),
    "a hand, or a restart, in the middle of a sequence or a fade": (
        "schedule/test_properties.py::test_what_a_hand_sets_moves_no_step_of_the_schedule",
        "service/test_sequences.py::test_a_gateway_that_is_left_alone_under_a_hand_finds_back_to_the_step",
        "service/test_overrides.py::test_a_restart_in_the_fade_after_an_override_finds_it_under_way",
        "simulation/test_rehearsal.py::test_overrides_move_no_step_of_a_sequence",
    ),
    "somebody asks for light under a safety stop": (
        "service/test_overrides.py::test_nothing_asked_under_a_stop_takes_effect_when_it_is_lifted",
        "nights/test_by_hand.py::test_commands_set_resume_stop_and_lift",
    ),
    "a pipe, a device or a folder stands in the place of a file": (
        "test_plain_file.py::test_what_is_in_the_place_of_a_file_of_ours_is_reported",
        "test_plain_file.py::test_what_is_in_the_place_of_a_secret_is_reported",
    ),
    "a schedule is too large to be sent or worked out": (
        "config/test_sendable.py::test_what_is_accepted_fits_into_the_document_of_a_gateway",
        "config/test_sendable.py::test_a_schedule_that_would_take_minutes_is_refused_at_once",
    ),
    "an advice is followed to the letter": (
        "config/test_advice.py::test_an_advice_about_days_keeps_the_days",
        "config/test_advice.py::test_an_advice_about_hours_keeps_the_hours",
    ),
    "files of an older or a newer program": (
        "state/test_history.py::test_an_older_schema_is_migrated_forward",
        "state/test_faults.py::test_a_newer_history_is_set_aside_whole",
        "state/test_faults.py::test_newer_files_of_overrides_refuse_what_cannot_be_kept",
    ),
    # clocks and the calendar
    "a clock steps by an hour": (
        "service/test_clocks.py::test_while_the_clock_is_suspect_nothing_is_sent",
        "service/test_clocks.py::test_a_step_of_the_gateways_clock_darkens_nothing",
        "service/test_clocks.py::test_a_gateway_whose_clock_is_an_hour_ahead",
    ),
    "a time server steps a clock by seconds": (
        "service/test_clocks.py::test_a_time_servers_step_makes_nobody_deaf",
        "service/test_clocks.py::test_a_step_back_just_after_a_cue_changes_no_lamp_twice",
        "service/test_clocks.py::test_a_step_back_just_after_a_cue_sends_a_vendors_lamp_nothing",
        "test_clock.py::test_time_does_not_go_back_for_small_steps",
        "simulation/test_rehearsal.py::test_a_time_server_that_steps_makes_no_gateway_silent",
    ),
    "a clock gains or loses seconds all the time": (
        "test_clock.py::test_a_clock_that_runs_wrong_is_not_believed",
        "service/test_clocks.py::test_a_clock_that_runs_wrong_is_reported_and_sends_nothing",
    ),
    "two machines go by different times": (
        "service/test_clocks.py::test_a_gateway_that_uses_another_time_is_reported",
        "service/test_clocks.py::test_a_gateway_whose_clock_is_an_hour_ahead",
    ),
    "a clock is years off": ("service/test_clocks.py::test_a_clock_that_is_years_off_and_is_set_right",),
    "a machine starts without the time": (
        "service/test_clocks.py::test_a_gateway_without_any_time_holds_what_was_right_when_it_was_written",
        "test_clock.py::test_a_start_far_from_what_was_known",
        "state/test_history.py::test_the_known_time_goes_back_only_where_a_time_server_vouches_for_it",
        "service/test_clocks.py::test_a_clock_behind_what_the_site_knew_says_by_how_much_and_against_what",
        "nights/test_clock_behind.py::test_a_clock_behind_what_the_site_knew_is_reported_and_stays_known",
    ),
    "a night on which the clocks change": (
        "service/test_clocks.py::test_nights_on_which_the_clocks_change",
        "schedule/test_decisions.py::test_a_time_that_spring_skips",
        "schedule/test_decisions.py::test_a_time_that_autumn_repeats",
    ),
    "the host's zone has a name that nobody knows": (
        "nights/test_time_zone.py::test_the_service_runs_whatever_the_zone_of_the_host_is_called",
        "test_clock.py::test_the_alarm_never_asks_for_the_zone_of_the_host",
    ),
    "the time zones of the system are gone": ("cli/test_run.py::test_time_zones_that_were_taken_away",),
    "29 February, 31 November, week 53": (
        "schedule/test_decisions.py::test_29_february",
        "schedule/test_decisions.py::test_31_november_is_an_error",
        "schedule/test_day_grammar.py::test_week_53_is_in_the_years_that_have_it",
    ),
    "a sun that does not set or does not rise": (
        "schedule/test_decisions.py::test_sunset_that_does_not_occur",
        "schedule/test_golden.py::test_kiruna_where_the_sun_grazes",
    ),
    # the output
    "the network of the output goes and comes back": (
        "dmx/test_network_lost.py::test_a_card_that_is_taken_out_and_put_back",
        "dmx/test_network_lost.py::test_a_card_that_is_down_for_a_while",
    ),
    "a lighting desk at a higher priority": (
        "dmx/test_source_monitor.py::test_a_desk_on_the_network_is_noticed",
        "dmx/test_olad.py::test_the_higher_priority_wins_until_it_says_farewell",
    ),
    "a USB widget is unplugged": ("dmx/test_enttec.py::test_a_widget_is_found_again_after_it_was_unplugged",),
}


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the tests of a file."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_tests(fault: str) -> None:
    """All that the table names are there."""
    for named in FAULTS[fault]:
        path, _, name = named.partition("::")
        assert name in names_in(path), named
