"""What is worth a notice to somebody far away: the first light of a campaign, a fault that lasts and its end, the proof
when a campaign is over, and doubts before one begins.

Pure: compares the present state with what was already noticed. While the clock is suspect, or no broker is connected,
there is no notice about lamps, neither of a fault nor of its end.

What is worth a notice waits for each receiver, and several notices become one message. Nothing is sent in a receiver's
quiet hours. Of several notices about one thing, as a fault that ended before its notice was sent, only the last waits.
At most MOST_FAULTS messages about faults are sent in a day; further ones wait too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from controller.clock import Trust
from controller.config.tower_keys import Receiver
from controller.events.models import Text
from controller.events.words import dated
from controller.locale import Language, languages
from controller.schedule.campaign import Rule
from controller.schedule.hours import Place, night_at
from controller.schedule.lit import lit_nights
from controller.schedule.occurrence import next_occurrence
from controller.service.coming_lights import APART
from controller.service.degradations import key_of
from controller.service.health import Health
from controller.service.lamp_walk import FAILED_LAMPS
from controller.service.notice_words import (
    Notice,
    NoticeFacts,
    PresentFault,
    doubts,
    fault_begun,
    fault_ended,
    first_light,
    notice,
)
from controller.service.proof_period import ProofPeriod, bounds
from controller.service.sentence import TEST_OF_LAMPS, facts_of, sentence
from controller.state.notice_file import CampaignLight, NoticeMemory, ReportedFault, WaitingNotice

LASTS_S = 300.0
"""Seconds after which a fault is noticed, and after which one that has ended counts as over. A first light that is not
confirmed by then is noticed anyway."""
REMEMBERED_EVERY = timedelta(minutes=10)
SETTLED = timedelta(minutes=20)
"""How long after its last light a campaign is over: by then its minutes are in the history."""
PLANNED_EVERY_S, REMINDED_EVERY_S = 600.0, 1800.0
FIRST_HOUR = 9
"""Local hour from which reminders are sent."""
EARLY, LATE = 14, 2
"""Days before a campaign on which reminders are sent."""
WALK_BEGAN, RIGHT_BY_CHANCE = "TWL-G130", "TWL-G117"
LAMPS_FAILED = frozenset(begins for begins, _ in FAILED_LAMPS.values())
"""Lamps that failed a test: reported by whoever tested, and before a campaign."""
OF_NOTICES = "TWL-N"
MOST_FAULTS = 10
MOST_WAITING = 100
"""Notices waiting for one receiver; the oldest is dropped."""
A_DAY = timedelta(days=1)
TOO_OLD = timedelta(days=7)
FRESH = timedelta(minutes=10)
"""An older notice is sent with its time."""
MOST_WHOLE, MOST_TITLES = 5, 30
"""Up to MOST_WHOLE notices are sent in full; above that only the titles, MOST_TITLES at most, and the number of the
others."""
SEVEREST = ("failure", "warning", "success", "info")


@dataclass(frozen=True, slots=True)
class Noticed:
    """The result of one look. `over` are campaigns whose proof is still to be made, until `proof_sent` is called."""

    memory: NoticeMemory
    notices: tuple[Notice, ...] = ()
    over: tuple[ProofPeriod, ...] = ()


class NoticeWatch:
    """Finds notices, look by look; remembers since when a state has lasted (boot time)."""

    def __init__(self) -> None:
        self._wrong_s: dict[str, float] = {}
        self._right_s: dict[str, float] = {}
        self._lit_s: dict[str, float] = {}
        self._stepped_s: float | None = None
        self._planned_s = self._reminded_s = float("-inf")

    def look(self, facts: NoticeFacts, memory: NoticeMemory) -> Noticed:
        """The notices of now, and what to remember."""
        if self._stepped_s not in {None, facts.reading.stepped_s}:
            memory = memory.shifted(facts.reading.stepped_s - (self._stepped_s or 0.0))
        self._stepped_s = facts.reading.stepped_s
        notices: list[Notice] = []
        memory = self._faults(facts, memory, notices)
        if facts.reading.trust is Trust.SUSPECT:
            return Noticed(memory, tuple(notices))
        memory = self._lights(facts, memory, notices)
        memory = self._reminders(facts, memory, notices)
        memory = memory.without_old(facts.reading.wall)
        return Noticed(memory, tuple(notices), tuple(self._over(facts, memory)))

    # Faults

    def _faults(self, facts: NoticeFacts, memory: NoticeMemory, notices: list[Notice]) -> NoticeMemory:
        now_s, noticed = facts.reading.mono, dict(memory.faults)
        wrong = dict(_wrong(facts))
        self._wrong_s = {key: self._wrong_s.get(key, now_s) for key in wrong}
        for key, since_s in self._wrong_s.items():
            if now_s - since_s >= LASTS_S and key not in noticed:
                since = facts.reading.wall - timedelta(seconds=now_s - since_s)
                noticed[key] = ReportedFault(since=since, code=wrong[key].code, what=wrong[key].what)
                notices.append(fault_begun(facts, key, wrong[key], since))
        right = [key for key in noticed if key not in wrong and _is_seen_right(key, facts)]
        self._right_s = {key: self._right_s.get(key, now_s) for key in right}
        for key, right_s in self._right_s.items():
            if now_s - right_s >= LASTS_S:
                until = facts.reading.wall - timedelta(seconds=now_s - right_s)
                notices.append(fault_ended(facts, key, noticed.pop(key), until))
        gone = [key for key in noticed if key not in wrong and _gateway_of(key) not in {None, *_names(facts)}]
        kept = {key: each for key, each in noticed.items() if key not in gone}
        return memory.model_copy(update={"faults": kept}) if kept != memory.faults else memory

    # Campaigns

    def _lights(self, facts: NoticeFacts, memory: NoticeMemory, notices: list[Notice]) -> NoticeMemory:
        now, lights = facts.reading.wall, dict(memory.lights)
        lit = [rule for rule in facts.program.campaigns if rule.name in _lit_campaigns(facts.health)]
        self._lit_s = {rule.name: self._lit_s.get(rule.name, facts.reading.mono) for rule in lit}
        for rule in lit:
            before = lights.get(rule.name)
            if before is None or now - before.last > APART:
                before = CampaignLight(since=min(now, _days(rule, facts)[0]), last=now)
            elif before.over or now - before.last >= REMEMBERED_EVERY:
                before = before.model_copy(update={"last": now, "over": False})
            lights[rule.name] = before
            if not before.told and self._is_worth_a_notice(rule, facts):
                notices.append(first_light(facts, rule))
                lights[rule.name] = before.model_copy(update={"told": True})
        return memory.model_copy(update={"lights": lights}) if lights != memory.lights else memory

    def _is_worth_a_notice(self, rule: Rule, facts: NoticeFacts) -> bool:
        """Whether the first light is confirmed, or has not been for LASTS_S; never while the light still changes."""
        found = sentence(facts_of(facts.setup.tower, facts.health, facts.gateways), "en")
        if not facts.sees_lamps or found.case == "fading":
            return False
        return found.status == "confirmed" or facts.reading.mono - self._lit_s[rule.name] >= LASTS_S

    def _over(self, facts: NoticeFacts, memory: NoticeMemory) -> Iterator[ProofPeriod]:
        now = facts.reading.wall
        if facts.reading.mono - self._planned_s < PLANNED_EVERY_S:
            return
        self._planned_s = facts.reading.mono
        lit = _lit_campaigns(facts.health)
        for name, light in memory.lights.items():
            if light.over or name in lit or now - light.last < SETTLED:
                continue
            coming = lit_nights(facts.program, now, now + APART, name)
            if all(night.end <= now for night in coming):
                rule = next((each for each in facts.program.campaigns if each.name == name), None)
                end = _days(rule, facts, light.last)[1] if rule is not None else light.last
                yield ProofPeriod(light.since, max(light.last, min(now, end)), name)

    def _reminders(self, facts: NoticeFacts, memory: NoticeMemory, notices: list[Notice]) -> NoticeMemory:
        if facts.now.hour < FIRST_HOUR or facts.reading.mono - self._reminded_s < REMINDED_EVERY_S:
            return memory
        self._reminded_s = facts.reading.mono
        reminded = dict(memory.reminded)
        for rule in facts.program.campaigns:
            found = next_occurrence(rule, facts.now.date())
            light = memory.lights.get(rule.name)
            days = (found.first - facts.now.date()).days if found is not None else -1
            if found is None or not 0 <= days <= EARLY or (light is not None and _goes_on(light, found.first, facts)):
                continue
            key = f"{rule.name}, {found.first.isoformat()}, {LATE if days <= LATE else EARLY}"
            text_in = doubts(facts, rule, found.first, found.last)
            if key not in reminded and text_in is not None:
                reminded[key] = facts.reading.wall
                notices.append(notice("reminders", f"reminder {rule.name}", facts, "warning", text_in))
        return memory.model_copy(update={"reminded": reminded}) if reminded != memory.reminded else memory


def proof_sent(memory: NoticeMemory, name: str) -> NoticeMemory:
    """The proof of a campaign that is over has been sent."""
    light = memory.lights[name].model_copy(update={"over": True})
    return memory.model_copy(update={"lights": {**memory.lights, name: light}})


def _wrong(facts: NoticeFacts) -> Iterator[tuple[str, PresentFault]]:
    """The present faults, each by a key that identifies it."""
    degradations = [(each, each.event) for each in facts.health.degradations]
    tested = {str(event.fields["gateway"]) for _, event in degradations if event and event.code == WALK_BEGAN}
    are_all_tested = any(each.code == TEST_OF_LAMPS for each, _ in degradations)
    for each in facts.health.unconfirmed[: facts.health.amiss] if facts.sees_lamps else ():
        if each.name in tested or (are_all_tested and each.status == "differs"):
            continue
        text = Text("notices", "fault.order" if each.code == RIGHT_BY_CHANCE else f"fault.{each.status}")
        what = {one: text.format(one, {"gateway": each.name}) for one in languages()}
        event = facts.last_faults.get(each.name)
        is_last = event is not None and event.code == each.code
        yield f"gateway {each.name}", PresentFault(each.code or "", what, event if is_last else None)
    for degradation, event in degradations:
        if event is None or degradation.is_harmless or event.code in LAMPS_FAILED or event.code.startswith(OF_NOTICES):
            continue
        yield " ".join(key_of(event)), PresentFault(event.code, {one: event.text(one) for one in languages()}, event)


def _is_seen_right(key: str, facts: NoticeFacts) -> bool:
    """Whether a fault that is not found now has ended: for a gateway only where lamps are seen, and all gateways that
    need attention are named."""
    if _gateway_of(key) is None:
        return True
    return facts.sees_lamps and facts.health.amiss <= len(facts.health.unconfirmed)


def _gateway_of(key: str) -> str | None:
    return key.removeprefix("gateway ") if key.startswith("gateway ") else None


def _names(facts: NoticeFacts) -> set[str]:
    return {gateway.name for gateway in facts.setup.tower.gateways}


def _lit_campaigns(health: Health) -> set[str]:
    """The campaigns that light the landmark now."""
    rules = (look.rule for look in health.now.looks.values() if look.on)
    return {str(rule.name) for rule in rules if rule is not None and rule.kind == "campaign"}


def _days(rule: Rule, facts: NoticeFacts, at: datetime | None = None) -> tuple[datetime, datetime]:
    """Begin and end of the consecutive days of a rule around an instant, by default now."""
    zone = facts.setup.tower.site.place.time_zone
    at = at if at is not None else facts.reading.wall
    day = at.astimezone(zone).date() if rule.dates is not None else night_at(at, zone).day
    found = next_occurrence(rule, day)
    if found is None or found.first > day:
        return at, at
    return bounds(rule, found.first, found.last, zone)


def _goes_on(light: CampaignLight, first: date, facts: NoticeFacts) -> bool:
    """Whether days belong to a light that began before: each Friday of a month is one light."""
    last = light.last.astimezone(facts.setup.tower.site.place.time_zone).date()
    return first - last < APART


# The notices that wait


@dataclass(frozen=True, slots=True)
class NoticeMessage:
    """A message to send: the text of one notice, or of several."""

    title: str
    body: str
    manner: str


Dropped = Mapping[tuple[str, str], int]
"""Number of dropped notices by receiver and reason (a code of `reasons.toml`)."""


def queued(
    memory: NoticeMemory,
    notices: Iterable[Notice],
    receivers: Iterable[Receiver],
    language: Language,
    now: datetime | None,
) -> tuple[NoticeMemory, Dropped]:
    """The memory with these notices for the receivers of their kind, without those that are to be dropped. `now` is
    None while the clock is suspect: then nothing is too old."""
    by_name = {receiver.name: receiver for receiver in receivers}
    waiting = list(memory.waiting)
    for arisen in notices:
        for receiver in by_name.values():
            if arisen.kind in receiver.tell:
                new = arisen.waiting(receiver.name, receiver.language or language)
                waiting = [each for each in waiting if (each.receiver, each.key) != (new.receiver, new.key)]
                waiting.append(new)
    dropped: dict[tuple[str, str], int] = {}
    kept: list[WaitingNotice] = []
    left = {name: sum(each.receiver == name for each in waiting) for name in by_name}
    for each in waiting:
        reason = None if each.receiver in left else "receiver_gone"
        if reason is None and now is not None and now - each.at > TOO_OLD:
            reason = "too_old"
        elif reason is None and left[each.receiver] > MOST_WAITING:
            reason = "too_many"
        if reason is None:
            kept.append(each)
        else:
            left[each.receiver] = left.get(each.receiver, 0) - 1
            dropped[each.receiver, reason] = dropped.get((each.receiver, reason), 0) + 1
    changed = {
        "waiting": tuple(kept),
        "sent": {name: _lately(times, now) for name, times in memory.sent.items() if name in by_name},
        "failing": {name: at for name, at in memory.failing.items() if name in by_name},
    }
    return memory.model_copy(update=changed), dropped


def due(memory: NoticeMemory, receiver: Receiver, now: datetime, place: Place) -> tuple[WaitingNotice, ...]:
    """The notices that may be sent to the receiver now."""
    is_quiet = _is_quiet(receiver, now, place)
    has_room = len(_within_a_day(memory.sent.get(receiver.name, ()), now)) < MOST_FAULTS
    return tuple(
        each
        for each in memory.waiting
        if each.receiver == receiver.name
        and (not is_quiet or each.kind in receiver.quiet_except)
        and (has_room or each.kind != "faults")
    )


def message(
    notices: tuple[WaitingNotice, ...], memory: NoticeMemory, site: str, language: Language, now: datetime
) -> NoticeMessage:
    """These notices of one receiver in one message; `now` is local time."""
    times = _within_a_day(memory.sent.get(notices[0].receiver, ()), now)
    is_of_faults = any(each.kind == "faults" for each in notices)
    is_last = is_of_faults and len(times) == MOST_FAULTS - 1
    last = [Text("notices", "last_of_day").format(language, {"most": MOST_FAULTS})] if is_last else []
    manner = min((each.manner for each in notices), key=SEVEREST.index)
    if len(notices) == 1:
        only = notices[0]
        title = only.title if now - only.at <= FRESH else _dated_title(only, language, now)
        return NoticeMessage(title, "\n".join((only.body, *last)), manner)
    parts = [_dated_title(each, language, now) for each in notices[:MOST_TITLES]]
    if len(notices) <= MOST_WHOLE:
        parts = [f"{title}\n{each.body}" for title, each in zip(parts, notices, strict=True)]
    if len(notices) > MOST_TITLES:
        last = [Text("notices", "more").format(language, {"count": len(notices) - MOST_TITLES}), *last]
    title = Text("notices", "several").format(language, {"site": site, "count": len(notices)})
    return NoticeMessage(title, ("\n\n" if len(notices) <= MOST_WHOLE else "\n").join((*parts, *last)), manner)


def delivered(memory: NoticeMemory, notices: tuple[WaitingNotice, ...], now: datetime) -> NoticeMemory:
    """The memory without the notices delivered to a receiver."""
    receiver = notices[0].receiver
    sent = dict(memory.sent)
    if any(each.kind == "faults" for each in notices):
        sent[receiver] = (*_within_a_day(sent.get(receiver, ()), now), now)
    left = tuple(each for each in memory.waiting if each not in notices)
    failing = {name: at for name, at in memory.failing.items() if name != receiver}
    return memory.model_copy(update={"waiting": left, "sent": sent, "failing": failing})


def not_delivered(memory: NoticeMemory, receiver: str, now: datetime) -> NoticeMemory:
    """The memory with the time since when a receiver cannot be reached."""
    if receiver in memory.failing:
        return memory
    return memory.model_copy(update={"failing": {**memory.failing, receiver: now}})


def _is_quiet(receiver: Receiver, now: datetime, place: Place) -> bool:
    night = night_at(now, place.time_zone)
    stretches = (stretch for window in receiver.quiet for stretch in window.resolve(night, place))
    return any(start <= now < end for start, end in stretches)


def _dated_title(notice: WaitingNotice, language: Language, now: datetime) -> str:
    when = dated(notice.at.astimezone(now.tzinfo), now, language)
    return Text("notices", "dated").format(language, {"when": when, "title": notice.title})


def _lately(times: tuple[datetime, ...], now: datetime | None) -> tuple[datetime, ...]:
    return times if now is None else _within_a_day(times, now)


def _within_a_day(times: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in times if now - A_DAY < at <= now)
