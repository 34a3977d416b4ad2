"""The nights with light as a calendar to subscribe to (RFC 5545): one event a night, in UTC."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from controller.locale import Language
from controller.normal_form import normalized
from controller.schedule.campaign import Rule
from controller.schedule.lit import NightLight, lit_nights
from controller.schedule.plan import Program
from controller.service.public_answer import public_text

NIGHTS = 400
REFRESH = timedelta(hours=12)
Describe = Callable[[NightLight], str]


def calendar_ics(
    nights: Iterable[NightLight], *, name: str, site: str, domain: str, now: datetime, describe: Describe
) -> bytes:
    """A calendar of nights. An event keeps its UID, `<night>@<domain>`, each time the calendar is read, so that a
    changed night replaces the old one."""
    from icalendar import Calendar, Event, vDuration  # noqa: PLC0415  takes 4 MB, and few pages ask for calendars

    calendar = Calendar()
    calendar.add("prodid", "-//watertower//plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for night in nights:
        event = Event()
        event.add("uid", f"{night.night.isoformat()}@{domain}")
        event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
        event.add("dtstart", night.start.astimezone(UTC))
        event.add("dtend", night.end.astimezone(UTC))
        event.add("summary", ", ".join(rule.name for rule in night.rules))
        event.add("location", site)
        described = describe(night)
        if described:
            event.add("description", described)
        event.add("transp", "TRANSPARENT")  # nobody is busy while a tower is lit
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def public_calendar(
    program: Program, *, site: str, domain: str, language: Language, now: datetime, campaign: str | None = None
) -> bytes:
    """The coming NIGHTS for the public: of one campaign, or all light. The campaign's text for the public is shown
    with its nights."""

    def describe(night: NightLight) -> str:
        shown = [rule for rule in night.rules if campaign in {None, rule.name}]
        texts = (public_text(rule) for rule in shown)
        return "\n".join(filter(None, (part for text in texts for part in (text.text(language), text.link))))

    nights = lit_nights(program, now, now + timedelta(days=NIGHTS), campaign)
    slug = f"{slug_of(campaign)}." if campaign is not None else ""
    return calendar_ics(nights, name=campaign or site, site=site, domain=f"{slug}{domain}", now=now, describe=describe)


def slugs(rules: Iterable[Rule]) -> dict[str, str]:
    """By name in an address, the name of the rule; of equal ones the later ones are numbered."""
    found: dict[str, str] = {}
    for rule in rules:
        slug, number = slug_of(rule.name), 2
        while slug in found:
            slug, number = f"{slug_of(rule.name)}-{number}", number + 1
        found[slug] = rule.name
    return found


def slug_of(name: str) -> str:
    """`En vecka fri från våld` → `en-vecka-fri-fran-vald`."""
    plain = normalized("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-") or "light"
