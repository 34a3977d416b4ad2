"""`notices:` and `heartbeat:` of tower.yaml: who is told of what, and when not. Their addresses hold secrets, and so
stand in files of their own."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from controller.config.tower_keys import Keys, OtherFile, SiteLanguage
from controller.durations import DurationField, between
from controller.gateways.base import Name
from controller.schedule.hours import Hours

NoticeKind = Literal["lights", "faults", "reports", "reminders", "lamp_tests"]
"""lights: the first light of a campaign. faults: what is wrong for a while, and its end. reports: proof of glow when a
campaign is over. reminders: before a campaign whose dates or lamps are in doubt. lamp_tests: what tests of the lamps
before a campaign found."""
Kinds = tuple[NoticeKind, ...]
EVERY: Kinds = ("lights", "faults", "reports", "reminders", "lamp_tests")


class Receiver(Keys):
    """Somebody who gets notices: `url_file` holds an address as apprise takes it. During the hours of `quiet` all but
    what is in `quiet_except` is kept until they are over."""

    name: Name
    url_file: OtherFile
    language: SiteLanguage | None = None
    tell: Annotated[Kinds, Field(min_length=1)] = EVERY
    quiet: Hours = ()
    quiet_except: Kinds = ()


OFTEN, SELDOM = timedelta(seconds=10), timedelta(days=1)


class Heartbeat(Keys):
    """An address that is asked for again and again while the service lives: a monitor alarms when that ends."""

    url_file: OtherFile
    every: Annotated[DurationField, between(OFTEN, SELDOM, "TWL-S295")] = timedelta(minutes=1)
