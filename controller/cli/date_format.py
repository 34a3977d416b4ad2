"""Days as people say them, in the language of the command."""

from collections.abc import Callable
from datetime import date

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def say_day(day: date, say: Callable[[str], str]) -> str:
    """`Fri 20 Nov 2026`."""
    return f"{say(WEEKDAYS[day.weekday()])} {day.day:2} {say(MONTHS[day.month - 1])} {day.year}"
