"""Data about notices that must outlive a restart, `notices.json`: waiting notices, and what has been reported."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from controller.locale import Language
from controller.state.json_file import Content

FILE = "notices.json"
FORGOTTEN = timedelta(days=400)
"""Memories of a campaign are kept for more than a year, to distinguish this year's occurrence from the last one."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class WaitingNotice(_Kept):
    """One notice for one receiver, in that receiver's language; a later one with the same `key` replaces it.

    `at` is the instant that the notice is about. `manner` is how a receiver may show it: info, success, warning or
    failure.
    """

    receiver: str
    kind: str
    key: str
    at: AwareDatetime
    manner: str
    title: str
    body: str


class ReportedFault(_Kept):
    """A fault that was reported: its start, and its text in each language."""

    since: AwareDatetime
    code: str
    what: Mapping[Language, str]


class CampaignLight(_Kept):
    """The light of a campaign: the beginning of its days, when it was last seen lit, whether its first light was
    reported (`told`) and whether it is over."""

    since: AwareDatetime
    last: AwareDatetime
    told: bool = False
    over: bool = False


class NoticeMemory(Content):
    """All of it. `sent`: when messages about faults were delivered, within a day, by receiver; `failing`: since when a
    receiver could not be reached; `reminded`: when a reminder was sent, by `campaign, first day, days before`."""

    waiting: tuple[WaitingNotice, ...] = ()
    sent: Mapping[str, tuple[AwareDatetime, ...]] = Field(default_factory=dict)
    failing: Mapping[str, AwareDatetime] = Field(default_factory=dict)
    faults: Mapping[str, ReportedFault] = Field(default_factory=dict)
    lights: Mapping[str, CampaignLight] = Field(default_factory=dict)
    reminded: Mapping[str, AwareDatetime] = Field(default_factory=dict)

    def without_old(self, now: datetime) -> "NoticeMemory":
        """Without memories of campaigns that are too old to matter."""
        return self.model_copy(
            update={
                "lights": {name: each for name, each in self.lights.items() if now - each.last < FORGOTTEN},
                "reminded": {key: at for key, at in self.reminded.items() if now - at < FORGOTTEN},
            }
        )

    def shifted(self, seconds: float) -> "NoticeMemory":
        """The same after the clock was set forward by `seconds`: durations stay as they were."""
        by = timedelta(seconds=seconds)
        return self.model_copy(
            update={
                "waiting": tuple(each.model_copy(update={"at": each.at + by}) for each in self.waiting),
                "sent": {name: tuple(at + by for at in times) for name, times in self.sent.items()},
                "failing": {name: at + by for name, at in self.failing.items()},
                "faults": {
                    key: each.model_copy(update={"since": each.since + by}) for key, each in self.faults.items()
                },
            }
        )
