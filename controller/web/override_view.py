"""Ändra ljuset nu: another light until an end, or a campaign left out; and back to the schedule. What is typed is read
back before the request is made, with its effect and its mistakes, by the functions that check the request later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import ValidationError

from controller.clock import Trust
from controller.errors import Mistake, Unreachable
from controller.events import Event
from controller.events.models import Advice
from controller.events.words import dated
from controller.service.clauses import clause, color_word, look_phrase, names_of
from controller.service.override_preview import ENDS, Foreseen, foresee, offered_ends
from controller.service.override_request import OverridePolicy, Request, StoredOverride, override_policy
from controller.service.overrides import REFUSED
from controller.state.audit import Act
from controller.web.color_choices import DARK, color_choices
from controller.web.forms import FieldFault, Form, FormOf, fault_in, fault_of
from controller.web.visit import ForOperator, Visit

router = APIRouter()
OWN, OTHER, SKIP = "own", "other", "skip:"
"""Choices: a typed colour, a typed end, a campaign to leave out."""
LONGEST_REASON = 200
FIELDS = {
    **dict.fromkeys(("TWL-O120", "TWL-O121", "TWL-O122", "TWL-O123", "TWL-O124", "TWL-O137", "TWL-O138"), "until_text"),
    **dict.fromkeys(("TWL-S131", "TWL-S132", "TWL-S133", "TWL-S134", "TWL-S145"), "own"),
    **dict.fromkeys(("TWL-S137", "TWL-S138"), "brightness"),
    "TWL-O125": "zones",
    "TWL-O139": "color",
}
"""The field that a refusal is about, by its code; all others are about none."""
SKIPPED_AHEAD = timedelta(hours=24)
"""A campaign that begins within this time can be left out."""
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class OverrideForm:
    """What is typed and chosen. `color` is the value of a choice, OWN, or SKIP with a campaign; `until` a key of ENDS,
    or OTHER."""

    color: str = ""
    own: str = ""
    zones: tuple[str, ...] = ()
    brightness: str = "100 %"
    until: str = ""
    until_text: str = ""
    reason: str = ""

    @classmethod
    def of(cls, form: Form) -> "OverrideForm":
        """The form as submitted, with the chosen cure applied."""
        names = ("color", "own", "brightness", "until", "until_text", "reason")
        given = cls(**{name: form.get(name) for name in names}, zones=form.all("zone"))
        match form.get("apply").split("=", 1):
            case ["own", cure]:
                return replace(given, color=OWN, own=cure)
            case ["brightness", cure]:
                return replace(given, brightness=cure)
            case ["until_text", cure]:
                return replace(given, until=OTHER, until_text=cure)
        return given

    @property
    def request(self) -> dict[str, object]:
        """The fields of the request."""
        until = ENDS.get(self.until, self.until_text)
        common = {"until": until, "reason": " ".join(self.reason.split())}
        if self.color.startswith(SKIP):
            return {"action": "skip", "campaign": self.color.removeprefix(SKIP), **common}
        color = self.own if self.color == OWN else self.color
        look = dict.fromkeys(self.zones, color) if self.zones else color
        return {"action": "override", "look": look, "brightness": self.brightness or "100 %", **common}

    @property
    def has_color(self) -> bool:
        """Whether a colour is given."""
        return bool(self.own if self.color == OWN else self.color)

    @property
    def has_end(self) -> bool:
        """Whether an end is given."""
        return bool(self.until_text if self.until == OTHER else self.until)

    def missing(self, visited: Visit) -> tuple[FieldFault, ...]:
        """Required fields that are empty, and a reason that is too long."""
        found = []
        if not self.has_color:
            found.append(FieldFault("own" if self.color == OWN else "color", visited.text("override.fault.color")))
        if not self.has_end:
            found.append(
                FieldFault("until_text" if self.until == OTHER else "until", visited.text("override.fault.until"))
            )
        if not self.reason or len(self.reason) > LONGEST_REASON:
            key = "reason_long" if self.reason else "reason"
            found.append(FieldFault("reason", visited.text(f"override.fault.{key}", most=LONGEST_REASON)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The effect of a form, in words: `result` before the act, `answer` after it, `act` on the button."""

    result: str
    answer: str
    act: str


@router.get("/override", include_in_schema=False)
def override(visited: ForOperator) -> Response:
    """The form; the most common end is selected."""
    ends = offered_ends(_policy_of(visited), visited.snapshot.now)
    return _page(visited, OverrideForm(until=next(iter(ends), OTHER)))


@router.post("/fragment/override", include_in_schema=False)
def read(visited: ForOperator, form: FormOf) -> Response:
    """The form with its effect. Nothing is changed."""
    given = OverrideForm.of(form)
    return _page(visited, given, _faults_of_typed(visited, given))


@router.post("/override", include_in_schema=False)
async def act(visited: ForOperator, form: FormOf) -> Response:
    """Makes the request; if it is refused, shows the form with the reasons."""
    given = OverrideForm.of(form)
    if form.get("apply"):
        return await run_in_threadpool(read, visited, form)
    faults, effect = await run_in_threadpool(_check, visited, given)
    if not faults:
        try:
            await ask(visited, given.request, Act.OVERRIDE_SET, after=given.request)
        except NotGranted as refused:
            faults = (refused.fault,)
    if faults or effect is None:
        return await run_in_threadpool(_page, visited, given, faults, 422)
    return visited.to("/", effect.answer)


@router.post("/override/end", include_in_schema=False)
async def resume(visited: ForOperator, form: FormOf) -> Response:
    """Ends all overrides."""
    reason = " ".join(form.get("reason").split())[:LONGEST_REASON] or visited.text("override.resumed_on_page")
    before = [each.said for each in visited.snapshot.overrides]
    try:
        await ask(visited, {"action": "resume", "reason": reason}, Act.OVERRIDE_ENDED, before, {"reason": reason})
    except NotGranted as refused:
        return await run_in_threadpool(_page, visited, OverrideForm(), (refused.fault,), refused.status)
    return visited.to("/", visited.text("override.resumed"))


def _page(visited: Visit, given: OverrideForm, faults: tuple[FieldFault, ...] = (), status: int = 200) -> Response:
    tower = visited.snapshot.setup.tower
    ends = offered_ends(_policy_of(visited), visited.snapshot.now)
    now, zone = visited.snapshot.now, visited.snapshot.zone
    return visited.page(
        "override",
        status,
        form=given,
        faults=faults,
        colors=color_choices(tower, visited.language),
        skips=_skippable(visited),
        zones={each: tower.landmark.zone_names(visited.language).get(each, each) for each in tower.zones},
        ends={name: dated(at.astimezone(zone), now, visited.language) for name, at in ends.items()},
        read=_read_back(visited, given) if not faults else None,
        waits=_waits(visited),
        not_reached=_not_reached(visited),
        overrides=[_in_force(visited, each) for each in reversed(visited.snapshot.overrides)],
    )


def _skippable(visited: Visit) -> tuple[str, ...]:
    """Campaigns that show now or soon, and are not left out already."""
    health, now = visited.snapshot.health, visited.snapshot.now
    soon = health.next is not None and health.next.at - now <= SKIPPED_AHEAD
    looks = [*health.now.looks.values(), *(health.next.looks.values() if soon and health.next is not None else ())]
    rules = [look.rule for look in looks if look.rule is not None]
    names = dict.fromkeys(rule.name for rule in rules if rule.kind in {"campaign", "every_night"} and rule.name)
    return tuple(name for name in names if name not in {each.skips for each in visited.snapshot.overrides})


def _not_reached(visited: Visit) -> str:
    """Gateways that a change does not reach now; empty if all answer."""
    statuses = visited.snapshot.statuses
    names = [name for name, status in statuses.items() if status in {"silent", "differs"}]
    if not names:
        return ""
    if len(names) > MOST_NAMED:
        return visited.text("override.not_reached_count", count=len(names))
    return visited.text("override.not_reached", gateways=", ".join(names))


def _in_force(visited: Visit, stored: StoredOverride) -> str:
    """`Kim: blå till ons 25 nov 08:02 (sorg)`."""
    until = dated(stored.override.end.astimezone(visited.snapshot.zone), visited.snapshot.now, visited.language)
    fields = {
        "owner": stored.owner,
        "until": until,
        "look": color_word(stored.said, visited.language) or stored.said,
        "reason": stored.reason or "–",
    }
    return visited.text(f"override.held_by.{'skip' if stored.skips else 'look'}", **fields)


# What a request would do


def _policy_of(visited: Visit) -> OverridePolicy:
    """The override policy of the controller, with the nights that it has already computed."""
    snapshot = visited.snapshot
    return replace(override_policy(snapshot.setup), program=snapshot.program.with_overrides((), None))


def _check(visited: Visit, given: OverrideForm) -> tuple[tuple[FieldFault, ...], ReadBack | None]:
    """The mistakes of a form, or its effect."""
    faults = (*_waits(visited), *given.missing(visited))
    faults += tuple(
        each for each in _faults_of_typed(visited, given) if each.field not in {one.field for one in faults}
    )
    if faults:
        return faults, None
    return (), _read_back(visited, given)


def _waits(visited: Visit) -> tuple[FieldFault, ...]:
    """Why no request can be granted now, whatever it asks for."""
    if visited.snapshot.stop is not None:
        return (FieldFault("form", visited.text("override.fault.stopped")),)
    if visited.snapshot.reading.trust is Trust.SUSPECT:
        return (FieldFault("form", visited.text("override.fault.clock")),)
    return ()


def _faults_of_typed(visited: Visit, given: OverrideForm) -> tuple[FieldFault, ...]:
    """What the controller would find wrong with the filled-in parts, each by itself."""
    found: dict[str, FieldFault] = {}
    for each in (
        replace(given, until="hour", brightness="") if given.has_color else None,
        replace(given, color=DARK, zones=(), brightness="") if given.has_end else None,
        replace(given, color="white", zones=(), until="hour"),
    ):
        mistake = _foreseen(visited, each) if each is not None else None
        if isinstance(mistake, Mistake):
            field = FIELDS.get(mistake.code, "form")
            found.setdefault(field, fault_of(mistake, field, visited.language))
    return tuple(found.values())


def _foreseen(visited: Visit, given: OverrideForm) -> Foreseen | Mistake:
    reason = given.reason[:LONGEST_REASON]
    try:
        request = Request.model_validate({"id": "page", "owner": "page", **replace(given, reason=reason).request})
        return foresee(request, _policy_of(visited), visited.snapshot.program, visited.snapshot.now)
    except ValidationError:  # a line too long, or with characters that no keyboard types
        return (
            Mistake("TWL-S145", value=given.own, example=DARK)
            if given.own
            else Mistake("TWL-O121", until=given.until_text)
        )
    except Mistake as mistake:
        return mistake


def _read_back(visited: Visit, given: OverrideForm) -> ReadBack | None:
    """None while the effect is unknown."""
    foreseen = _foreseen(visited, given) if given.has_color and given.has_end else None
    if not isinstance(foreseen, Foreseen):
        return None
    names, language = names_of(visited.snapshot.setup.tower), visited.language
    until_words = dated(foreseen.until.astimezone(visited.snapshot.zone), visited.snapshot.now, language)
    fields = {
        "shown": clause(foreseen.shown, "is", names, language),
        "should": names.started(clause(foreseen.shown, "should", names, language), language),
        "until": until_words,
        "following": clause(foreseen.following, "is", names, language),
        "campaign": foreseen.skips,
    }
    if foreseen.skips:
        return ReadBack(*(visited.text(f"override.skip.{key}", **fields) for key in ("result", "answer", "act")))
    looks = dict.fromkeys(
        look_phrase(foreseen.shown[zone], names.palette, language) for zone in given.zones or foreseen.shown
    )
    only = next(iter(looks)) if len(looks) == 1 else None
    key = "parts" if only is None or given.zones else "dark" if only.kind == "dark" else "color"
    how = only.how if only is not None else ""
    return ReadBack(
        visited.text("override.result", **fields),
        visited.text("override.answer", **fields),
        visited.text(f"override.act.{key}", how=how),
    )


# The request itself


class NotGranted(Exception):  # noqa: N818
    """A request did not reach the controller, or was refused: `fault` is the reason, at its field."""

    def __init__(self, fault: FieldFault, status: int) -> None:
        super().__init__(fault.text)
        self.fault = fault
        self.status = status


async def ask(
    visited: Visit, request: Mapping[str, object], act: Act, before: object = None, after: object = None
) -> Event:
    """The controller's answer to a request of the visitor; a granted request is recorded in the audit. Raises
    NotGranted."""
    try:
        answer = await visited.service.request(visited.visitor.owner, **request)
    except Unreachable as error:
        raise NotGranted(fault_of(error, "form", visited.language), 503) from error
    if answer.code == REFUSED:
        raise NotGranted(_reason_of(visited, answer), 422)
    await run_in_threadpool(visited.audit, act, before, after)
    return answer


def _reason_of(visited: Visit, answer: Event) -> FieldFault:
    """The reason, at its field."""
    reason = answer.fields["reason"]
    event = reason.event if isinstance(reason, Advice) else reason if isinstance(reason, Event) else answer
    return fault_in(event, FIELDS.get(event.code, "form"), visited.language)
