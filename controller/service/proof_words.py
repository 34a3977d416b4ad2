"""A proof of glow in words, for the command and the page."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from controller.events.models import Text
from controller.events.words import days_words
from controller.locale import Language, texts
from controller.service.proof import Gap, GapCause, Glow, Proof

MEANING = Text("past", "proof.meaning")


def glow_words(glow: Glow, language: Language) -> str:
    """`114 h 41 min of 114 h 55 min confirmed (99.8 %)`; that nothing was planned where that is so."""
    if glow.percent is None:
        return Text("past", "proof.nothing_planned").say(language, {})
    share = f"{glow.percent:g}".replace(".", str(texts(language, "values")["decimal_mark"]))
    fields = {"confirmed": hours_words(glow.confirmed_s), "planned": hours_words(glow.planned_s), "percent": share}
    confirmed = Text("past", "proof.confirmed").say(language, fields)
    if glow.measured_s is None:
        return confirmed
    measured = Text("past", "proof.measured").say(language, {"measured": hours_words(glow.measured_s)})
    return f"{confirmed}, {measured}"


def hours_words(seconds: float) -> str:
    """`7 h 58 min`, whole minutes that are full."""
    hours, minutes = divmod(int(seconds // 60), 60)
    return f"{hours} h {minutes:02} min"


def period_words(proof: Proof, language: Language, zone: tzinfo) -> str:
    """`Fri 20 – Thu 26 Nov 2026`, the days of a period."""
    first, last = (at.astimezone(zone).date() for at in (proof.start, proof.end - timedelta(minutes=1)))
    return days_words(first, last, language)


def gap_words(gap: Gap, language: Language, zone: tzinfo, names: Mapping[str, str] | None = None) -> str:
    """`02:10–02:14 bowl, shaft: TWL-G104 mast`."""
    zones = ", ".join((names or {}).get(name, name) for name in gap.zones)
    causes = "; ".join(cause_words(cause, language) for cause in gap.causes)
    span_s = (gap.end - gap.start).total_seconds()
    fields = {"from": _clock(gap.start, zone), "until": _clock(gap.end, zone), "zones": zones, "because": causes}
    if gap.missing_s < span_s:
        missing = f"{gap.missing_s:.0f} s" if gap.missing_s < 120 else hours_words(gap.missing_s)
        return Text("past", "proof.gap_in_part").say(language, {**fields, "missing": missing})
    return Text("past", "proof.gap").say(language, fields)


def cause_words(cause: GapCause, language: Language) -> str:
    """What kept the light from being confirmed."""
    if cause.code is not None:
        told = cause.event.text(language) if cause.event is not None else cause.gateway
        return f"{cause.code} {told}" if told else cause.code
    return Text("past", f"cause.{cause.kind}").say(
        language, {"owner": cause.owner or "–", "reason": cause.reason or "–"}
    )


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"
