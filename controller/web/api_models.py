"""The documents of the API, as `/api/openapi.json` describes them.

These are the documents that the controller publishes and that the commands print with `--json`: made there, only
described here. Instants are RFC 3339, UTC unless they are called local; names of values in seconds end in `_s`."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from controller.config.schedule_draft import ScheduleEdit
from controller.service.gateway_state import Status
from controller.service.health import GatewayHealth, Health
from controller.state.roles import Source
from controller.web.problems import FindingValue

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class _ApiDocument(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1]


class _ApiPart(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SequenceValue(_ApiPart):
    """Colours that follow each other."""

    colors: Sequence[str]
    color_names: Sequence[str | None]
    change_every_s: Seconds
    started_at: AwareDatetime


class PlannedLook(_ApiPart):
    """What a zone shows; in a plan also the rule behind it (`rule`, as in the health document)."""

    on: bool
    color: str | None
    color_name: str | None
    brightness: Share
    rule: Mapping[str, Any] | None = None
    sequence: SequenceValue | None = None


Looks = Mapping[str, PlannedLook]


class OverrideValue(_ApiPart):
    """An override with its end; a skip names the campaign that it leaves out instead of looks. `about` and `link` are
    its text for the public."""

    id: str
    owner: str
    reason: str
    looks: Looks
    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    about: Mapping[str, str] | None = None
    link: str | None = None
    skips: str | None = None


class StopValue(_ApiPart):
    """The safety stop in force."""

    owner: str
    reason: str
    since: AwareDatetime


class SentenceValue(_ApiPart):
    """The status in words: `main` in one sentence, `why` the rule behind it, `about` the gateway if only one is
    concerned, `following` what comes next, `question` what the public may ask."""

    main: str
    why: str
    about: str
    following: str
    question: str


class StatusDocument(Health):
    """The current status: the document of the controller, with the gateways by name (of a large site only those that
    are not confirmed), the overrides, and the sentence of the page by language. `case` is a code of the sentence,
    `status` that of its sign."""

    gateways: Mapping[str, GatewayHealth]
    case: str
    status: Status
    sentence: Mapping[str, SentenceValue]
    overrides: Sequence[OverrideValue]
    stop: StopValue | None


class SiteValue(_ApiPart):
    """The place that a plan is for."""

    name: str
    latitude: float
    longitude: float
    time_zone: str


class CueValue(_ApiPart):
    """A change of light."""

    at: AwareDatetime
    local: AwareDatetime
    looks: Looks
    fade_s: Seconds


class SpanValue(_ApiPart):
    """From an instant up to but not including another."""

    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime


class LitValue(SpanValue):
    """What a campaign lights, and the brightness limit that applies to it."""

    campaign: str
    limit: str | None = None


class NightValue(_ApiPart):
    """A night, named after its evening: when it is dark, what is lit then, and notes on it."""

    night: date
    dark: Sequence[SpanValue]
    lit: Sequence[LitValue]
    notes: Sequence[Mapping[str, Any]]


class ByHandValue(_ApiPart):
    """What is set by hand beside a plan made from the files: a safety stop and overrides, if they are `known`."""

    known: bool
    stop: StopValue | None
    overrides: Sequence[OverrideValue]


class PlanDocument(_ApiDocument):
    """The plan of a period by the schedule, as `plan --json`; the first cue is what holds at its start."""

    site: SiteValue
    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    cues: Sequence[CueValue]
    nights: Sequence[NightValue]
    lamp_tests: Sequence[Mapping[str, Any]]
    of_the_past: bool
    by_hand: ByHandValue


class WhyDocument(_ApiDocument):
    """One moment, as `plan --at … --json`: the deciding rules, the strongest first (`steps`). For the past, `recorded`
    is what the lamps reported, `faults` the faults at the time, and `schedule_version` the version in force."""

    at: AwareDatetime
    local: AwareDatetime
    looks: Looks
    since: AwareDatetime
    fade_s: Seconds
    winner: str | None
    rule: Mapping[str, Any]
    losers: Sequence[Mapping[str, Any]]
    of_the_past: bool
    by_hand: ByHandValue
    steps: Sequence[Mapping[str, Any]]
    recorded: Mapping[str, Any] | None = None
    faults: Sequence[Mapping[str, Any]] | None = None
    schedule_version: Mapping[str, Any] | None = None


class OverridesDocument(_ApiDocument):
    """The overrides, the newest last; under a safety stop none of them is shown."""

    overrides: Sequence[OverrideValue]
    stop: StopValue | None


class StopDocument(_ApiDocument):
    """The safety stop in force."""

    stop: StopValue | None


class EventDocument(BaseModel):
    """An event as `logs --json` and `<prefix>/controller/event` have it, plus the fields of its code as keys."""

    model_config = ConfigDict(extra="allow")

    version: Literal[1]
    at: AwareDatetime
    level: Literal["debug", "info", "warning", "error"]
    event: str
    code: str
    text: str


class NumberedEvent(EventDocument):
    """An event of the history, with its number."""

    number: int


class EventsDocument(_ApiDocument):
    """Events, the newest first; `next` is the value of `before` for the next request."""

    events: Sequence[NumberedEvent]
    next: int | None


class GatewaysDocument(_ApiDocument):
    """A page of the gateways, the worst first: `found` of `total` match the filter. `counts` are by status."""

    total: int
    counts: Mapping[str, int]
    found: int
    page: int
    pages: int
    gateways: Sequence[GatewayHealth]


class GlowValue(_ApiPart):
    """Seconds of light planned, confirmed, and measured where there is a meter."""

    planned_s: Seconds
    confirmed_s: Seconds
    percent: float | None
    measured_s: Seconds | None


class NightProofValue(GlowValue):
    """The light of one night, with its gaps and their causes."""

    night: date
    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    zones: Mapping[str, GlowValue]
    gaps: Sequence[Mapping[str, Any]]


class ProofDocument(GlowValue):
    """Planned against confirmed light, as `report --json`."""

    version: Literal[1]
    from_: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    counted_until: AwareDatetime
    campaign: str | None
    zones: Mapping[str, GlowValue]
    nights: Sequence[NightProofValue]
    by_hand: Sequence[Mapping[str, Any]]
    schedule_versions: Sequence[Mapping[str, Any]]


class VersionValue(_ApiPart):
    """A version of the schedule; `summary` lists the edits, rule by rule."""

    number: int
    sha256: Sha256
    at: AwareDatetime
    who: str | None
    source: Source
    why: str
    summary: Sequence[Mapping[str, Any]] | None


class FileValue(_ApiPart):
    """The file on the disk; `findings` are the codes of its mistakes."""

    path: str
    sha256: Sha256
    saved_at: AwareDatetime | None
    owner: str | None
    findings: Sequence[str]


class HistoryDocument(_ApiDocument):
    """The versions of the schedule, the newest first, as `history --json`; `next` is the value of `before` for the
    next request."""

    file: FileValue
    versions: Sequence[VersionValue]
    next: int | None


class ChangesValue(_ApiPart):
    """What a change of the schedule changes: the light now, nights, and rules."""

    now: Mapping[str, Any] | None
    nights: Sequence[Mapping[str, Any]]
    rules: Sequence[Mapping[str, Any]]


class VersionDocument(VersionValue):
    """A version with its text and its changes, as `history VERSION --json`."""

    version: Literal[1]
    text: str
    changes: ChangesValue | None


class ScheduleDocument(_ApiDocument):
    """The file on the disk. If it has mistakes or was saved a moment ago, the tower follows another text, and
    `is_in_force` is false."""

    sha256: Sha256
    saved_at: AwareDatetime | None
    owner: str | None
    text: str
    is_in_force: bool
    findings: Sequence[FindingValue]


class SavedDocument(_ApiDocument):
    """Result of saving the schedule: the version number (null: the version could not be stored), and whether the
    running service has loaded it (null: it did not answer in time, and will load it by itself)."""

    sha256: Sha256
    saved: VersionValue | None
    taken: bool | None


class DisputeValue(_ApiPart):
    """A field that somebody else has changed too: the value before, the value now, and the value in the draft."""

    group: str
    rule: str
    field: str
    was: str
    now: str
    mine: str


class DraftDocument(_ApiDocument):
    """A draft and what saving it would change: the file (`text`, and as the lines of `diff`) and the light
    (`changes`); with `findings` it cannot be saved. `base` is the file that the draft was started from, `sha256` the
    file on the disk: `is_moved_on` where they differ, and `disputes` where both changed the same field."""

    id: int
    base: Sha256
    saved_at: AwareDatetime
    sha256: Sha256
    is_moved_on: bool
    edits: Sequence[ScheduleEdit]
    disputes: Sequence[DisputeValue]
    findings: Sequence[FindingValue]
    text: str | None
    diff: Sequence[str]
    changes: ChangesValue | None


class DraftsDocument(_ApiDocument):
    """The drafts of the caller: one at most. Drafts of others are not shown."""

    drafts: Sequence[DraftDocument]
