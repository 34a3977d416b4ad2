"""The states in which a tower is looked at: each brings one about, and ends it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.browser.lamps import BLUE, Lamps
from tests.browser.served import ServedTower
from tests.nights.waiting import until

State = Callable[[ServedTower], AbstractContextManager[object]]
BROKEN = "20–26 november  ", "20–26 novembr   "


def lamps_of(tower: ServedTower) -> Lamps:
    """Those of a tower that is served."""
    assert tower.lamps is not None
    return tower.lamps


def await_count(tower: ServedTower, status: str, count: int = 1) -> None:
    """Waits until so many gateways have a status."""
    until(lambda: tower.status().get("counts", {}).get(status, 0) >= count, f"{count} {status}")


def by_hand(tower: ServedTower, *words: str) -> None:
    """A command that changes the light; it waits for what comes of it."""
    told = tower.call(*words)
    assert told.exit_code in {0, 1}, told.output


@contextmanager
def all_well(tower: ServedTower) -> Iterator[None]:
    """Every lamp shows what it should."""
    tower.confirmed()
    yield


@contextmanager
def differs(tower: ServedTower) -> Iterator[None]:
    """One lamp is blue, and obeys nobody."""
    lamps_of(tower).shows("entre", BLUE)
    await_count(tower, "differs")
    try:
        yield
    finally:
        _mended(tower)


@contextmanager
def silent(tower: ServedTower) -> Iterator[None]:
    """One lamp has gone."""
    lamps_of(tower).unplug("fot")
    await_count(tower, "silent")
    try:
        yield
    finally:
        _mended(tower)


@contextmanager
def differs_and_silent(tower: ServedTower) -> Iterator[None]:
    """Two lamps are at fault, each in its own way."""
    with differs(tower), silent(tower):
        yield


@contextmanager
def overridden(tower: ServedTower) -> Iterator[None]:
    """Blue by hand, until sunrise."""
    by_hand(tower, "override", "blue", "--until", "sunrise", "--reason", "sorg")
    tower.confirmed()
    try:
        yield
    finally:
        by_hand(tower, "resume")


@contextmanager
def stopped(tower: ServedTower) -> Iterator[None]:
    """A safety stop is in force."""
    by_hand(tower, "stop", "--reason", "arbete på tornet")
    tower.confirmed()
    try:
        yield
    finally:
        by_hand(tower, "resume", "--lift")
        tower.confirmed()


@contextmanager
def broken_file(tower: ServedTower) -> Iterator[None]:
    """The schedule on the disk has a mistake."""
    tower.edit("schedule.yaml", *BROKEN)
    until(lambda: any(each["code"] == "TWL-O131" for each in tower.status()["degradations"]), "the file is broken")
    try:
        yield
    finally:
        tower.edit("schedule.yaml", *reversed(BROKEN))
        until(lambda: all(each["code"] != "TWL-O131" for each in tower.status()["degradations"]), "the file is mended")


def _mended(tower: ServedTower) -> None:
    lamps_of(tower).mend()
    tower.confirmed()


STATES: dict[str, State] = {
    "all well": all_well,
    "differs": differs,
    "silent": silent,
    "differs and silent": differs_and_silent,
    "overridden": overridden,
    "stopped": stopped,
    "broken file": broken_file,
}
