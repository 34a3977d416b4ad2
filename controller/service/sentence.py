"""One sentence that states what the landmark shows, why, and what comes next: a pure function of facts and language,
for page, title, API, `status` and notices. The cases are tried in order, the worst first, and the first that fits is
used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import ceil

from controller.clock import Trust
from controller.config.tower import Tower
from controller.events.words import dated, upcoming
from controller.locale import Language, template
from controller.service.clauses import Form, LookPhrase, Names, because, clause, look_phrase, names_of, plain_line
from controller.service.gateway_state import Status
from controller.service.health import GatewayHealth, Health, LookValue

AFTER_CUE_S = 10.0
"""Seconds after a change of light in which a lamp that has not answered counts as fading."""
TEST_OF_LAMPS, WALK_TEST = "TWL-G150", "TWL-G130"
MEASURED = {"TWL-G160": "no_light", "TWL-G162": "light"}
"""The text where a meter contradicts the gateways."""
UNKNOWN = LookValue(on=None)


@dataclass(frozen=True)
class Facts:
    """What is known about one landmark. `health` is None before the controller's first turn; `gateways` are documents,
    at least of those that are not confirmed. `is_lost`: the controller no longer answers. `is_cut_off`: it is connected
    to no broker, so missing reports are not the lamps' fault."""

    names: Names
    time_zone: tzinfo
    health: Health | None
    gateways: tuple[GatewayHealth, ...] = ()
    is_lost: bool = False
    is_cut_off: bool = False

    @property
    def at(self) -> datetime | None:
        """Time of the facts, in the time zone of the site."""
        return self.health.at.astimezone(self.time_zone) if self.health is not None else None


@dataclass(frozen=True, slots=True)
class Sentence:
    """The sentence and its parts. `case` is a key of the cases below, `status` what its sign shows; `about` describes
    the gateway concerned, if it is a single one. `lost` is the sentence for a reader that loses contact from here on,
    and `question` asks for the reason: `Varför lyser vattentornet orange?`"""

    case: str
    status: Status
    main: str
    why: str = ""
    about: str = ""
    following: str = ""
    lost: str = ""
    question: str = ""


def facts_of(
    tower: Tower,
    health: Health | None,
    gateways: Iterable[GatewayHealth],
    *,
    lives: bool = True,
    is_cut_off: bool = False,
) -> Facts:
    """Facts from the files and from the controller's documents, which came over MQTT or within the program."""
    zone = tower.site.place.time_zone
    return Facts(names_of(tower), zone, health, tuple(gateways), is_lost=not lives, is_cut_off=is_cut_off)


def sentence(facts: Facts, language: Language) -> Sentence:
    """The sentence in a language."""
    health = facts.health
    if health is None:
        key = "case.lost_unknown" if facts.is_lost else "case.starting"
        return Sentence("starting", "unknown", template(language, "sentence", key))
    text = _SentenceBuilder(facts, health, language)
    case, status, main = text.case() if not facts.is_lost else text.case_lost()
    return Sentence(
        case=case,
        status=status,
        main=facts.names.started(main, language),
        why=because(health.now.looks, facts.names, health.at.astimezone(facts.time_zone), language),
        about=text.about(status) if not facts.is_lost else "",
        following=text.following(),
        lost=text.lost(),
        question=text.question(),
    )


@dataclass(frozen=True)
class _Count:
    """Number of gateways by status; `unheard` is how many of the unknown ones should have answered."""

    total: int
    confirmed: int
    differs: int
    silent: int
    pending: int
    unknown: int
    unheard: int

    @classmethod
    def of(cls, health: Health) -> "_Count":
        """The counts of a summary."""
        by = {
            status: health.counts.get(status, 0) for status in ("confirmed", "differs", "silent", "pending", "unknown")
        }
        unheard = min(by["unknown"], max(0, health.amiss - by["differs"] - by["silent"]))
        return cls(health.total, **by, unheard=unheard)


class _SentenceBuilder:
    """Builds the parts of one sentence."""

    def __init__(self, facts: Facts, health: Health, language: Language) -> None:
        self._facts, self._health, self._language = facts, health, language
        self._names = facts.names
        self._count = _Count.of(health)
        self._desired = health.now.looks
        kinds = [look.rule.kind if look.rule is not None else None for look in self._desired.values()]
        self._is_stopped = "stop" in kinds
        by_hand = [kind == "override" for kind in kinds]
        self._hand = (
            self._template("by_hand") if all(by_hand) else self._template("partly_by_hand") if any(by_hand) else ""
        )
        self._is_dark = all(look_phrase(look, (), language).kind == "dark" for look in self._desired.values())

    def case(self) -> tuple[str, Status, str]:
        """The first case that fits: its key, its status, and its text."""
        first = (self._stopped, self._in_doubt, self._cut_off, self._unheard, self._tested)
        cases = (*first, self._fading, self._wrong, self._waiting, self._measured)
        return next(filter(None, (each() for each in cases)), None) or self._well()

    def _stopped(self) -> tuple[str, Status, str] | None:
        """A safety stop is in force."""
        if not self._is_stopped:
            return None
        count = self._count
        if count.total and count.confirmed == count.total:
            return (
                "stopped",
                "confirmed",
                self._text("case.stopped", {"is": self._clause("is")}) + self._tail("confirmed"),
            )
        head = self._template("case.stopped_but")
        if not count.total:
            return "stopped", "unknown", head + self._tail("none")
        if self._facts.is_cut_off:
            return "stopped", "unknown", head + self._template("cut_off")
        status, tail = self._worst(lit="still_lit", silent="stop_silent")
        return "stopped", status, head + tail

    def _in_doubt(self) -> tuple[str, Status, str] | None:
        """The clock is not trusted, so what should be shown is not known either."""
        if self._health.clock is not Trust.SUSPECT:
            return None
        reported = self._reported()
        if reported is None:
            return "clock", "unknown", self._template("case.clock_unknown")
        return "clock", "unknown", self._text("case.clock", {"is": clause(reported, "is", self._names, self._language)})

    def _cut_off(self) -> tuple[str, Status, str] | None:
        """No broker is connected, so no gateway is reached."""
        if not self._facts.is_cut_off or not self._count.total:
            return None
        return "cut_off", "unknown", self._clause("should") + self._template("cut_off")

    def _unheard(self) -> tuple[str, Status, str] | None:
        """There is no gateway, no message has ever arrived from one, or none answers."""
        count = self._count
        if not count.total:
            return "no_gateways", "unknown", self._template("case.no_gateways")
        if self._health.never_heard == count.total and not count.confirmed and not count.silent:
            return "never_heard", "unknown", self._template("case.never_heard")
        if count.silent and count.silent + count.unheard == count.total:
            return "no_answer", "silent", self._clause("should") + self._tail("no_answer")
        return None

    def _tested(self) -> tuple[str, Status, str] | None:
        """The service tests the lamps before a campaign, or somebody runs a walk test: lamps that differ are
        expected."""
        test = next((each for each in self._health.degradations if each.code == TEST_OF_LAMPS), None)
        if test is not None:
            return "tested", "pending", self._text("case.tested", {"campaign": plain_line(test.fields.get("campaign"))})
        walked = {each.fields.get("gateway") for each in self._health.degradations if each.code == WALK_TEST}
        differing = [each.name for each in self._health.unconfirmed if each.status == "differs"]
        is_all = walked.issuperset(differing) and len(differing) == self._count.differs
        if not differing or not is_all or self._count.silent or self._count.unheard:
            return None
        return "tested", "pending", self._text("case.walked", {"gateways": plain_line(", ".join(differing))})

    def _fading(self) -> tuple[str, Status, str] | None:
        """The light changes, and no lamp is known to be wrong."""
        now, at, count = self._health.now, self._health.at, self._count
        if count.differs or count.silent or count.unheard:
            return None
        fading = self._clause("fading")
        if now.fades_until is not None and now.fades_until > at:
            left_s = ceil((now.fades_until - at).total_seconds())
            return "fading", "pending", self._text("case.fading", {"fading": fading, "seconds": left_s})
        is_fresh = timedelta(0) <= at - now.at < timedelta(seconds=AFTER_CUE_S)
        return (
            ("fading", "pending", self._text("case.changing", {"fading": fading}))
            if is_fresh and count.pending
            else None
        )

    def _wrong(self) -> tuple[str, Status, str] | None:
        """Lamps show something else, or do not answer."""
        if not self._count.differs and not self._count.silent:
            return None
        status, tail = self._worst(lit="lit" if self._is_dark else "other", silent="silent")
        return status, status, self._clause("should") + tail

    def _waiting(self) -> tuple[str, Status, str] | None:
        """Lamps have not answered yet, or cannot."""
        if self._count.confirmed == self._count.total:
            return None
        status, tail = self._worst(lit="other", silent="silent")
        return status, status, self._clause("should") + tail

    def _measured(self) -> tuple[str, Status, str] | None:
        """A meter contradicts what all gateways confirm."""
        text = next((MEASURED[one.code] for one in self._health.degradations if one.code in MEASURED), None)
        return (
            None
            if text is None
            else ("measured", "differs", self._clause("should") + self._template(f"measured.{text}"))
        )

    def _well(self) -> tuple[str, Status, str]:
        """All is confirmed."""
        case = "by_hand" if self._hand else "dark" if self._is_dark else "lit"
        return case, "confirmed", self._clause("is", self._hand) + self._tail("confirmed")

    def _worst(self, lit: str, silent: str) -> tuple[Status, str]:
        """The worst status of any gateway, and the text about it."""
        count = self._count
        if count.differs:
            also = self._tail("and_silent", count.silent) if count.silent else ""
            return "differs", self._tail(lit if self._is_wrong else "order", count.differs) + also
        if count.silent:
            return "silent", self._tail(silent, count.silent)
        if count.pending:
            return "pending", self._tail("pending")
        return "unknown", self._tail("unheard" if count.unheard else "unknown")

    def _tail(self, key: str, number: int | None = None) -> str:
        """The part about the gateways, behind the main clause; `number` decides between singular and plural."""
        if self._count.total == 1:
            return self._template(f"of_one.{key.removeprefix('stop_')}")
        if number is None:
            return self._text(f"of_several.{key}", vars(self._count))
        confirm = self._template(f"of_several.{_number(self._count.confirmed)}.confirm")
        return self._text(f"of_several.{_number(number)}.{key}", {**vars(self._count), "confirm": confirm})

    def case_lost(self) -> tuple[str, Status, str]:
        """The controller no longer answers."""
        return "lost", "unknown", self.lost()

    def lost(self) -> str:
        """What was shown at the last contact, or should have been shown where not all lamps had confirmed it."""
        since = self._facts.at or self._health.at
        is_in_doubt = self._health.clock is Trust.SUSPECT and not self._is_stopped
        looks = self._reported() if is_in_doubt else self._desired
        if looks is None or not self._count.total:
            return self._template("case.lost_unknown")
        form: Form = "then" if is_in_doubt or self._count.confirmed == self._count.total else "meant"
        then = self._text("then", {"clause": clause(looks, form, self._names, self._language)})
        then = self._names.started(then, self._language)
        return self._text("case.lost", {"since": f"{since:%H:%M}", "then": then})

    def question(self) -> str:
        """Why it shows what it shows."""
        return self._text("question", {"clause": self._clause("why")})

    def about(self, status: Status) -> str:
        """About the only gateway with the worst status: what it shows, or since when it is silent."""
        if status == "confirmed" or self._health.counts.get(status, 0) != 1:
            return ""
        name = next((each.name for each in self._health.unconfirmed if each.status == status), None)
        if name is None:
            return ""
        found = next((each for each in self._facts.gateways if each.name == name), None)
        return self._about_one(name, status, found)

    def _about_one(self, name: str, status: Status, document: GatewayHealth | None) -> str:
        fields: dict[str, object] = {"gateway": plain_line(name)}
        if status == "differs":
            shown = self._shown(document) if document is not None and self._is_wrong else ""
            if not self._is_wrong:
                return self._text("about.differs", fields)
            return self._text("about.shows", fields | {"shown": shown}) if shown else ""
        if status == "silent":
            seen_at = document.heard if document is not None else None
            if seen_at is None:
                return self._text("about.never_heard", fields) if document is not None else ""
            return self._text("about.silent", fields | {"when": self._clock(seen_at)})
        if status == "unknown" and self._count.unheard:
            has_answered = document is None or document.heard is not None
            return self._text("about.pending" if has_answered else "about.never_heard", fields)
        return self._text(f"about.{status}", fields)

    def _shown(self, document: GatewayHealth) -> str:
        """What a gateway shows instead, in the first of its zones that differs."""
        zones = document.zones
        wrong = next((zone for zone, each in zones.items() if each.status == "differs"), None)
        if wrong is None or zones[wrong].reported.on is None:
            return ""
        look = self._look_phrase(zones[wrong].reported)
        return self._text(f"about.shown.{look.kind}", {"how": look.how})

    def following(self) -> str:
        """What comes next, and when."""
        following = self._health.next
        if self._is_stopped:
            return self._template("next.stopped")
        if self._health.clock is Trust.SUSPECT:
            return self._template("next.in_doubt")
        if following is None:
            return self._template("next.never")
        looks = dict.fromkeys(
            look_phrase(each, self._names.palette, self._language) for each in following.looks.values()
        )
        is_dark = all(look.kind == "dark" for look in looks)
        when = self._when(following.seen_at, is_end=is_dark)
        if is_dark:
            return self._text("next.same" if self._is_dark else "next.dark", {"when": when})
        steady = next(iter(looks)) if len(looks) == 1 else None
        if self._is_dark and steady is not None and steady.kind == "color":
            return self._text("next.lit", {"how": steady.how, "when": when})
        text = clause(following.looks, "is", self._names, self._language)
        return self._text("next.lit_parts" if self._is_dark else "next.other", {"looks": text, "when": when})

    @property
    def _is_wrong(self) -> bool:
        """Whether a lamp that differs shows another light. If not, it shows the right light by chance and has not
        obeyed yet."""
        zones = [zone for each in self._facts.gateways for zone in each.zones.values() if zone.status == "differs"]
        pairs = [
            (self._look_phrase(zone.desired), self._look_phrase(zone.reported))
            for zone in zones
            if zone.reported.on is not None
        ]
        return not pairs or any(desired != reported for desired, reported in pairs)

    def _look_phrase(self, look: LookValue) -> LookPhrase:
        return look_phrase(look, self._names.palette, self._language)

    def _reported(self) -> Mapping[str, LookValue] | None:
        """By zone what the gateways reported last; None where a zone is unknown, or gateways disagree."""
        found: dict[str, LookValue] = {}
        for document in self._facts.gateways:
            for zone, each in document.zones.items():
                if (
                    each.reported.on is None
                    or each.is_old
                    or _differ(found.setdefault(zone, each.reported), each.reported)
                ):
                    return None
        return found if found.keys() >= self._desired.keys() else None

    def _clause(self, form: Form, hand: str = "") -> str:
        return clause(self._desired, form, self._names, self._language, hand)

    # Instants

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._facts.time_zone)

    def _clock(self, at: datetime) -> str:
        """`20:51`, on another day with the date."""
        same_day = self._local(at).date() == self._local(self._health.at).date()
        return f"{self._local(at):%H:%M}" if same_day else self._dated(at)

    def _dated(self, at: datetime) -> str:
        return dated(self._local(at), self._health.at, self._language)

    def _when(self, at: datetime, *, is_end: bool) -> str:
        return upcoming(self._local(at), self._health.at, self._language, is_end=is_end)

    def _template(self, key: str) -> str:
        return template(self._language, "sentence", key)

    def _text(self, key: str, fields: Mapping[str, object]) -> str:
        return self._template(key).format_map(fields)


def _number(count: int) -> str:
    return "one" if count == 1 else "many"


def _differ(one: LookValue, other: LookValue) -> bool:
    return (one.on, one.color, one.brightness) != (other.on, other.color, other.brightness)
