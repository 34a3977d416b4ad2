"""What is known of a gateway, from one message to the next: what is fresh, what is whole, what is only known."""

from datetime import UTC, datetime

from controller.gateways.base import Order, Report, ReportedLook
from controller.lighting.color import Color
from controller.service.gateway_state import ReportedState

ORANGE = Color("#FF6A00")
AT = datetime(2026, 11, 20, 18, tzinfo=UTC)


def test_parts_reported_live_are_combined() -> None:
    """Brightness in one message, colour in another."""
    state = ReportedState().after(Report({"bowl": ReportedLook(on=True, brightness=1.0)}), 1.0, fresh=True)
    state = state.after(Report({"bowl": ReportedLook(color=ORANGE)}), 2.0, fresh=True)
    assert state.zones == {"bowl": ReportedLook(on=True, brightness=1.0, color=ORANGE)}
    assert state.reported_s == {"bowl": 2.0}


def test_a_retained_part_is_not_combined_with_a_live_one() -> None:
    """Else the colour of yesterday would confirm with the brightness of now."""
    state = ReportedState().after(Report({"bowl": ReportedLook(color=ORANGE)}), 1.0, fresh=False)
    assert state.zones == {"bowl": ReportedLook(color=ORANGE)}
    state = state.after(Report({"bowl": ReportedLook(on=True, brightness=1.0)}), 2.0, fresh=True)
    assert state.zones == {"bowl": ReportedLook(on=True, brightness=1.0)}


def test_a_retained_part_makes_a_zone_stale() -> None:
    """Mixed with live reports nobody could know its age."""
    state = ReportedState().after(Report({"bowl": ReportedLook(on=True)}), 1.0, fresh=True)
    state = state.after(Report({"bowl": ReportedLook(color=ORANGE)}), 2.0, fresh=False)
    assert state.reported_s == {}
    assert state.alive_s == 1.0


def test_no_report_from_before_a_goodbye_counts() -> None:
    """A lamp may have lost its power since, and sends `online` before it reports that it shows something else."""
    reported = ReportedState().after(Report({"bowl": ReportedLook(on=True, color=ORANGE)}), 1.0, fresh=True)
    assert reported.after(Report(online=False), 2.0, fresh=False).reported_s == {"bowl": 1.0}
    reported = reported.after(Report(online=False), 2.0, fresh=True).after(Report(online=True), 3.0, fresh=True)
    assert (reported.reported_s, reported.last_reported_s) == ({}, {"bowl": 1.0})
    reported = reported.after(Report({"bowl": ReportedLook(on=True)}), 4.0, fresh=True)
    assert reported.zones == {"bowl": ReportedLook(on=True)}


def test_one_zone_does_not_make_another_fresh() -> None:
    """After a new connection each zone must be reported again."""
    report = Report({"bowl": ReportedLook(on=True), "shaft": ReportedLook(on=True)})
    state = ReportedState().after(report, 1.0, fresh=True).forgotten()
    state = state.after(Report({"bowl": ReportedLook(on=False)}), 5.0, fresh=True)
    assert state.reported_s == {"bowl": 5.0}
    assert state.zones["shaft"] == ReportedLook(on=True)


def test_a_report_of_ours_is_whole() -> None:
    """A zone that it leaves out is not known any more, nor is a problem that it does not repeat."""
    first = Report(
        {"bowl": ReportedLook(on=True), "shaft": ReportedLook(on=True)},
        order=Order(1, 1),
        problems=("TWL-X111",),
        at=AT,
    )
    state = ReportedState().after(first, 1.0, fresh=True).after(Report({}, order=Order(1, 1), at=AT), 2.0, fresh=True)
    assert (state.zones, state.reported_s, state.problems) == ({}, {}, ())


def test_who_speaks_is_online_and_who_said_goodbye_is_not() -> None:
    """A live word is proof, but for the last one; a retained word proves nothing."""
    assert ReportedState().after(Report({"bowl": ReportedLook(on=True)}), 1.0, fresh=True).online is True
    assert ReportedState().after(Report({"bowl": ReportedLook(on=True)}), 1.0, fresh=False).online is None
    gone = ReportedState().after(Report(online=False), 3.0, fresh=True)
    assert (gone.online, gone.alive_s) == (False, None)
    assert ReportedState().after(Report(online=True), 3.0, fresh=False).alive_s is None
