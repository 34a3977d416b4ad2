"""The notices waiting for each receiver: notices in, messages out, several notices in one message. Pure functions of
the stored memory.

Nothing is sent in a receiver's quiet hours. Of several notices about one thing, as a fault that ended before its notice
was sent, only the last waits. At most MOST_FAULTS messages about faults are sent in a day; further ones wait too.
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
"""Notices waiting for one receiver; the oldest is dropped."""
A_DAY = timedelta(days=1)
TOO_OLD = timedelta(days=7)
FRESH = timedelta(minutes=10)
"""An older notice is sent with its time."""
MOST_WHOLE, MOST_TITLES = 5, 30
"""Up to MOST_WHOLE notices are sent in full; above that only the titles, above MOST_TITLES only their number."""
SEVEREST = ("failure", "warning", "success", "info")


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
