"""Instants as people say them, by the clock of the place: `i morgon, ons 25 nov, 08:02`, `om 10 tim 48 min`."""

from datetime import datetime, timedelta
from math import ceil

from controller.locale import Language, template


def dated(at: datetime, now: datetime, language: Language) -> str:
    """`ons 25 nov 08:02` by the clock of `at`, with the year where it is not that of `now`."""
    is_this_year = at.year == now.astimezone(at.tzinfo).year
    return _text(language, f"when.{'this' if is_this_year else 'other'}_year").format_map(_day_fields(at, language))


def upcoming(at: datetime, now: datetime, language: Language, *, is_end: bool = False) -> str:
    """`i dag 23:00`, `i morgon, ons 25 nov, 08:02` by the clock of `at`; midnight as an end is 24:00 of the day that it
    ends."""
    today, fields, day = now.astimezone(at.tzinfo).date(), _day_fields(at, language), at.date()
    if is_end and (at.hour, at.minute) == (0, 0):
        day -= timedelta(days=1)
        fields = {**_day_fields(at - timedelta(days=1), language), "time": "24:00"}
    key = {0: "today", 1: "tomorrow"}.get((day - today).days)
    key = key or ("this_year" if day.year == today.year else "other_year")
    return _text(language, f"when.{key}").format_map(fields)


def time_left(left: timedelta, language: Language) -> str:
    """`om 10 tim 48 min`; in seconds under two minutes."""
    seconds = max(0, ceil(left.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    key = "seconds" if seconds < 120 else "minutes" if hours < 1 else "hours" if days < 2 else "days"
    fields = {"seconds": seconds, "minutes": minutes if hours < 1 else minutes % 60, "days": days}
    return _text(language, f"left.{key}").format_map({**fields, "hours": hours if days < 2 else hours % 24})


def _day_fields(local: datetime, language: Language) -> dict[str, object]:
    weekday, month = (
        template(language, "commands", key) for key in (f"weekday.{local.isoweekday()}", f"month.{local.month}")
    )
    return {"weekday": weekday, "day": local.day, "month": month, "year": local.year, "time": f"{local:%H:%M}"}


def _text(language: Language, key: str) -> str:
    return template(language, "sentence", key)
