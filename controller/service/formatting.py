"""What is wished and what is shown, in the few words of a log line or a status table."""

from collections.abc import Mapping

from controller.gateways.base import ReportedLook
from controller.service.gateway_state import DesiredLooks, ReportedState

MOST_LEVELS = 12
UNSTEADY = " (own effect or mode)"
NEARLY = " (not exactly)"


def shows(desired_looks: DesiredLooks, dark: str = "dark") -> str:
    """A goal in words for a log line, or for people with their word for dark: `bowl #FF6A00 100%, shaft dark`."""
    return ", ".join(f"{zone} {state.words(dark)}" for zone, state in desired_looks.items())


def says(heard: ReportedState) -> str:
    """What was heard in words for a log line, and what the gateway says is wrong: `nothing; TWL-X102`."""
    shown = ", ".join(f"{zone} {say(shown)}" for zone, shown in heard.zones.items()) or "nothing"
    return "; ".join((shown, *heard.problems))


def difference(desired_looks: DesiredLooks, heard: ReportedState, likeness: Mapping[str, bool]) -> dict[str, str]:
    """The zones that are not alike, as fields of an event: what is `wanted`, and what is `shown` of it. The two never
    read the same; where all are alike, all are told."""
    apart = [zone for zone, alike in likeness.items() if not alike] or list(desired_looks)
    if not heard.zones:
        return {"wanted": shows({zone: desired_looks[zone] for zone in apart}), "shown": says(heard)}
    told = {zone: say(heard.zones.get(zone, ReportedLook())) for zone in apart}
    for zone in apart:
        if told[zone] == desired_looks[zone].words() and not likeness[zone]:
            told[zone] += NEARLY
    shown = ", ".join(f"{zone} {words}" for zone, words in told.items())
    return {
        "wanted": shows({zone: desired_looks[zone] for zone in apart}),
        "shown": "; ".join((shown, *heard.problems)),
    }


def say(shown: ReportedLook) -> str:
    """One zone as the gateway tells it, in words: `#FF6A00 100%`, `dark`, `?`."""
    if shown.levels is not None:
        told = " ".join(f"{channel}={level}" for channel, level in shown.levels[:MOST_LEVELS])
        return told if len(shown.levels) <= MOST_LEVELS else f"{told} …"
    if shown.on is not True:
        return "?" if shown.on is None else "dark"
    color = shown.light.hex if shown.light else (f"xy {shown.xy[0]:.3f} {shown.xy[1]:.3f}" if shown.xy else "")
    color = color or (f"{shown.kelvin} K" if shown.kelvin else "on")
    told = f"{color} {shown.brightness:.0%}" if shown.brightness is not None else color
    return told if shown.steady is not False else told + UNSTEADY


def span(seconds: float) -> tuple[float, str]:
    """A length of time as a person says it, at least 2 of its unit: `3, "days"`."""
    units = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0))
    unit, length_s = next(((unit, long_s) for unit, long_s in units if seconds >= 2 * long_s), ("seconds", 1.0))
    count = round(seconds / length_s, 1)
    return int(count) if count.is_integer() else count, unit
