"""A proof of light: for how much of the planned light the gateways confirmed that they showed it, and the cause of each
gap; as values, for documents and in words.

*Confirmed* is what the gateways of a zone reported, *measured* what the meter of a zone measured, where it has one.
Light is planned for the tower where any zone is planned, and confirmed as long as all planned zones are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal

from controller.events import Event
from controller.events.models import Text, plain_value
from controller.events.words import days_words
from controller.locale import Language, texts
from controller.rfc3339 import rfc3339
from controller.service.past_spans import ByHand
from controller.state.versions import ScheduleVersion

CauseKind = Literal[
    "stop", "override", "skip", "gateway", "service", "clock", "not_running", "not_recorded", "change", "unknown"
]
MEANING = Text("past", "proof.meaning")


@dataclass(frozen=True, slots=True)
class GapCause:
    """Why light was not confirmed: an `event` with its `code` and `gateway`, or what was set by hand, with owner and
    reason."""

    kind: CauseKind
    code: str | None = None
    gateway: str | None = None
    owner: str | None = None
    reason: str | None = None
    event: Event | None = field(default=None, compare=False)

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        fields = {name: getattr(self, name) for name in ("code", "gateway", "owner", "reason")}
        return {"kind": self.kind, **{name: value for name, value in fields.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Gap:
    """Consecutive planned minutes that were not wholly confirmed in these zones; `missing_s` is that of the zone with
    the most missing."""

    start: datetime
    end: datetime
    zones: tuple[str, ...]
    missing_s: float
    causes: tuple[GapCause, ...]

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        return {
            "from": rfc3339(self.start),
            "until": rfc3339(self.end),
            "zones": list(self.zones),
            "missing_s": round(self.missing_s, 1),
            "causes": [cause.value for cause in self.causes],
        }


@dataclass(frozen=True, slots=True)
class Glow:
    """Seconds of light planned, confirmed and measured; `measured_s` is None without a meter."""

    planned_s: float = 0.0
    confirmed_s: float = 0.0
    measured_s: float | None = None

    def __add__(self, other: "Glow") -> "Glow":
        measured = [glow.measured_s for glow in (self, other) if glow.measured_s is not None]
        planned_s, confirmed_s = self.planned_s + other.planned_s, self.confirmed_s + other.confirmed_s
        return Glow(planned_s, confirmed_s, sum(measured) if measured else None)

    @property
    def percent(self) -> float | None:
        """With one decimal, never rounded up: 100 only where all is confirmed. None where nothing was planned."""
        return int(1000 * self.confirmed_s / self.planned_s) / 10 if self.planned_s else None

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        return {
            "planned_s": self.planned_s,
            "confirmed_s": round(self.confirmed_s, 1),
            "percent": self.percent,
            "measured_s": round(self.measured_s, 1) if self.measured_s is not None else None,
        }


@dataclass(frozen=True, slots=True)
class NightProof:
    """One night, named after its evening; `start` and `end` are those of its planned light."""

    night: date
    start: datetime
    end: datetime
    tower: Glow
    zones: Mapping[str, Glow]
    gaps: tuple[Gap, ...]

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        return {
            "night": self.night.isoformat(),
            "from": rfc3339(self.start),
            "until": rfc3339(self.end),
            **self.tower.value,
            "zones": {zone: glow.value for zone, glow in self.zones.items()},
            "gaps": [gap.value for gap in self.gaps],
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof of a period, counted up to `until`; of one campaign, or of all planned light."""

    start: datetime
    end: datetime
    until: datetime
    campaign: str | None
    nights: tuple[NightProof, ...]
    by_hand: tuple[ByHand, ...] = ()
    versions: tuple[ScheduleVersion, ...] = ()

    @property
    def tower(self) -> Glow:
        """The sum of the nights."""
        return sum((night.tower for night in self.nights), Glow())

    @property
    def zones(self) -> dict[str, Glow]:
        """The sum of the nights, by zone."""
        names = dict.fromkeys(zone for night in self.nights for zone in night.zones)
        return {zone: sum((night.zones.get(zone, Glow()) for night in self.nights), Glow()) for zone in names}

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        return {
            "version": 1,
            "from": rfc3339(self.start),
            "until": rfc3339(self.end),
            "counted_until": rfc3339(self.until),
            "campaign": self.campaign,
            **self.tower.value,
            "zones": {zone: glow.value for zone, glow in self.zones.items()},
            "nights": [night.value for night in self.nights],
            "by_hand": [each.value | {"what": plain_value(each.what)} for each in self.by_hand],
            "schedule_versions": [_version_value(each) for each in self.versions],
        }


def _version_value(version: ScheduleVersion) -> dict[str, object]:
    saved = rfc3339(version.at)
    return {"number": version.number, "who": version.who or "–", "saved": saved, "sha256": version.sha256}


# In words, for the command and the page


def glow_words(glow: Glow, language: Language) -> str:
    """`114 h 41 min of 114 h 55 min confirmed (99.8 %)`; another text where nothing was planned."""
    if glow.percent is None:
        return Text("past", "proof.nothing_planned").format(language, {})
    share = f"{glow.percent:g}".replace(".", str(texts(language, "values")["decimal_mark"]))
    fields = {"confirmed": hours_words(glow.confirmed_s), "planned": hours_words(glow.planned_s), "percent": share}
    confirmed = Text("past", "proof.confirmed").format(language, fields)
    if glow.measured_s is None:
        return confirmed
    measured = Text("past", "proof.measured").format(language, {"measured": hours_words(glow.measured_s)})
    return f"{confirmed}, {measured}"


def hours_words(seconds: float) -> str:
    """`7 h 58 min`, in full minutes."""
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
        return Text("past", "proof.gap_in_part").format(language, {**fields, "missing": missing})
    return Text("past", "proof.gap").format(language, fields)


def cause_words(cause: GapCause, language: Language) -> str:
    """What kept the light from being confirmed."""
    if cause.code is not None:
        text = cause.event.text(language) if cause.event is not None else cause.gateway
        return f"{cause.code} {text}" if text else cause.code
    return Text("past", f"cause.{cause.kind}").format(
        language, {"owner": cause.owner or "–", "reason": cause.reason or "–"}
    )


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"
