"""What waits for whom: notices in, messages out, several in one. Pure functions of what is remembered.

Nothing is told in a receiver's quiet hours. Of what has several notices, as a fault that ended before it could be told,
only the last one waits. There are at most MOST_FAULTS messages about faults in a day; what comes after waits, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.config.tower_keys import Receiver
from controller.events.models import Text
from controller.events.words import dated
from controller.locale import Language
from controller.schedule.hours import Place, night_at
from controller.service.notice_words import Notice
from controller.state.notice_file import NoticeMemory, WaitingNotice

MOST_FAULTS = 10
MOST_WAITING = 100
"""For one receiver; the oldest gives way."""
A_DAY = timedelta(days=1)
TOO_OLD = timedelta(days=7)
FRESH = timedelta(minutes=10)
"""What was noticed longer ago is told with its time."""
MOST_WHOLE, MOST_TITLES = 5, 30
"""Of more notices only the titles are told, and of still more a number."""
SEVEREST = ("failure", "warning", "success", "info")


@dataclass(frozen=True, slots=True)
class NoticeMessage:
    """What is sent: the text of one notice, or of several."""

    title: str
    body: str
    manner: str


Dropped = Mapping[tuple[str, str], int]
"""By receiver and reason (a code of `reasons.toml`), how many were."""


def queued(
    memory: NoticeMemory,
    notices: Iterable[Notice],
    receivers: Iterable[Receiver],
    language: Language,
    now: datetime | None,
) -> tuple[NoticeMemory, Dropped]:
    """With these notices for whoever wants their kind; without those that nobody can be told any more. `now` is None
    while no clock is to be believed: then nothing is too old."""
    by_name = {receiver.name: receiver for receiver in receivers}
    waiting = list(memory.waiting)
    for notice in notices:
        for receiver in by_name.values():
            if notice.kind in receiver.tell:
                new = notice.waiting(receiver.name, receiver.language or language)
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
    """What the receiver may be told now."""
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
    """Without what has been delivered to a receiver."""
    receiver = notices[0].receiver
    sent = dict(memory.sent)
    if any(each.kind == "faults" for each in notices):
        sent[receiver] = (*_within_a_day(sent.get(receiver, ()), now), now)
    left = tuple(each for each in memory.waiting if each not in notices)
    failing = {name: at for name, at in memory.failing.items() if name != receiver}
    return memory.model_copy(update={"waiting": left, "sent": sent, "failing": failing})


def not_delivered(memory: NoticeMemory, receiver: str, now: datetime) -> NoticeMemory:
    """With the time since when a receiver cannot be reached."""
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
