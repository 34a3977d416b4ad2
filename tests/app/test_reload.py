"""The files of a running service: what could not be read is tried again, what could not be copied too, and both are
degradations until they are done."""

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from controller.app import last_good as copying
from controller.app import reload
from controller.app.assembly import Context
from controller.app.last_good import copied_at, last_good, local
from controller.app.reload import FileFollower, rejection
from controller.clock import SystemClock
from controller.config import load as loading
from controller.config import source
from controller.config.findings import Finding, SourceText
from controller.config.load import Setup, load
from controller.errors import FilesRejected
from controller.events import Event
from controller.service.degradations import Degradations
from controller.service.saving import Saved
from controller.state import StateStore
from controller.state.roles import Source
from controller.state.versions import VersionStore

SHIPPED = Path(__file__).parents[2] / "config"
BLUE = "version: 1\ncampaigns:\n  - {name: Blå, dates: every day, color: blue}\n"
SPOILT = "version: 1\ncampaigns:\n  - {name: x, dates: evry day, color: blue}\n"


class Service:
    """As much of a running service as follows its files, and its events."""

    def __init__(self, folder: Path, from_copy: bool = False) -> None:
        self.config, self.state = folder / "config", folder / "state"
        self.events: list[Event] = []
        clock = SystemClock()
        self.degradations = Degradations(clock)
        setup = last_good(self.config, self.state) if from_copy else load(self.config)
        assert setup is not None
        self.parts = Context(
            setup,
            clock,
            StateStore(self.state, self.events.append),
            self.state,
            self.emit,
            self.degradations,
            "en",
            config=self.config,
        )
        self.program = setup.program()
        self._task: asyncio.Task[None] | None = None

    def emit(self, event: Event, at: Any) -> None:
        self.events.append(event)
        self.degradations.take(event, at)

    def reload(self, setup: Setup) -> None:
        self.program = setup.program()

    def start(self) -> None:
        double: Any = self
        self.following = FileFollower(self.parts, double, None)
        self._task = asyncio.create_task(self.following.run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.events]

    @property
    def stands(self) -> list[str]:
        return [one.code for one in self.degradations.now()]

    def save(self, text: str) -> None:
        new = self.config / "schedule.new"
        new.write_text(text, encoding="utf-8")
        new.replace(self.config / "schedule.yaml")

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                assert self._task is None or not self._task.done(), self._task
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The paces are constants: seconds are hundredths here."""
    for name in ("LOOK_S", "STILL_S", "RETRY_S"):
        monkeypatch.setattr(reload, name, getattr(reload, name) / 50)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """On a copy of the shipped files, with its last good copy written."""
    shutil.copytree(SHIPPED, tmp_path / "config")
    (tmp_path / "state").mkdir()
    made = Service(tmp_path)
    made.start()
    await made.until((made.state / "last-good" / "schedule.yaml").exists)
    await asyncio.sleep(0.5)  # the first look is over, too
    yield made
    await made.stop()


class Disk:
    """A disk, or a share on the network, that fails to read for as long as `error` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: OSError | None = None
        monkeypatch.setattr(loading, "read_file", self.read)

    def read(self, path: Path, file: str) -> tuple[bytes, tuple[Finding, ...]]:
        if self.error is None or path.name != "schedule.yaml":
            return source.read_file(path, file)
        if isinstance(self.error, PermissionError):
            return b"", (SourceText(file).finding("TWL-S005", None),)
        return b"", (SourceText(file).finding("TWL-S043", None, reason=self.error.strerror),)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """One that works."""
    return Disk(monkeypatch)


def other(service: Service, old: str = "100 %", new: str = "50 %") -> str:
    """Another schedule than what is in the folder."""
    text = (service.config / "schedule.yaml").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE])
async def test_a_good_schedule_saved_during_a_read_error_is_taken_when_it_can_be_read(
    service: Service, disk: Disk, number: int
) -> None:
    """Nothing of it changes any more when the error is over; until then it is a degradation, reported once."""
    before = service.program
    disk.error = OSError(number, "an error")
    service.save(other(service))
    await service.until(lambda: "TWL-O134" in service.stands)
    await asyncio.sleep(3 * reload.RETRY_S)
    assert service.program == before
    assert service.codes.count("TWL-O134") == 1
    disk.error = None
    await service.until(lambda: service.program != before)
    await service.until(lambda: service.stands == [])
    assert service.codes[-1] == "TWL-O130"


async def test_a_read_error_alone_changes_nothing_and_is_over_when_it_is(service: Service, disk: Disk) -> None:
    """The same schedule, saved again in the wrong moment."""
    disk.error = OSError(errno.EIO, "Input/output error")
    (service.config / "schedule.yaml").touch()
    await service.until(lambda: service.stands == ["TWL-O134"])
    disk.error = None
    await service.until(lambda: service.stands == [])
    assert service.codes[-1] == "TWL-O135"


async def test_a_mistake_that_becomes_readable_is_reported_as_one(service: Service, disk: Disk) -> None:
    """The degradation names the present mistake and its place."""
    disk.error = OSError(errno.EIO, "Input/output error")
    service.save(SPOILT)
    await service.until(lambda: service.stands == ["TWL-O134"])
    disk.error = None
    await service.until(lambda: service.stands == ["TWL-O131"])
    assert "schedule.yaml:3:" in str(service.events[-1].fields["where"])
    service.save((SHIPPED / "schedule.yaml").read_text(encoding="utf-8"))
    await service.until(lambda: service.stands == [])
    assert service.codes[-1] == "TWL-O130", "the end of the mistake is reported"


async def test_each_save_with_a_mistake_is_answered_and_changes_nothing(service: Service) -> None:
    """Also where the mistake is the same as before: whoever saved waits for an answer."""
    before = service.program

    def is_answered(times: int) -> bool:
        return service.codes.count("TWL-O131") == times

    for times, text in enumerate((SPOILT, f"{SPOILT}# again\n", SPOILT.replace("evry", "evrey")), start=1):
        service.save(text)
        await service.until(partial(is_answered, times))
    await asyncio.sleep(3 * reload.RETRY_S)
    assert is_answered(3)
    assert service.stands == ["TWL-O131"]
    assert service.program == before


async def test_a_mistake_in_a_file_that_cannot_be_read_any_more_is_not_shown_until_it_can(
    service: Service, disk: Disk
) -> None:
    """Nobody knows whether it is still there; if it is, it is reported again."""
    service.save(SPOILT)
    await service.until(lambda: service.stands == ["TWL-O131"])
    disk.error = OSError(errno.EIO, "Input/output error")
    service.save(SPOILT + "\n")
    await service.until(lambda: service.stands == ["TWL-O134"])
    disk.error = None
    await service.until(lambda: service.stands == ["TWL-O131"])
    assert service.codes.count("TWL-O131") == 2


async def test_a_folder_of_profiles_that_cannot_be_read_ends_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the disk there is no missing profile, and no end of the program."""

    def fails(_: Path) -> list[Path]:
        raise OSError(errno.EIO, "Input/output error")

    whole = copying.profile_paths
    for module in (copying, loading.read_profiles.__globals__):
        monkeypatch.setattr(module, "profile_paths", fails) if module is copying else module.update(profile_paths=fails)
    try:
        await service.until(lambda: service.stands == ["TWL-O134"])
    finally:
        loading.read_profiles.__globals__["profile_paths"] = whole
    monkeypatch.setattr(copying, "profile_paths", whole)
    await service.until(lambda: service.stands == [])


class Full:
    """A disk that takes nothing for as long as `is_full`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.tries = 0
        monkeypatch.setattr(copying, "write_folder", self.write)

    def write(self, folder: Path, contents: Any) -> None:
        self.tries += 1
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_folder(folder, contents)


write_folder = copying.write_folder


async def test_a_copy_that_could_not_be_written_is_written_as_soon_as_it_can_be(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though a mistake was saved meanwhile: after a restart that which was in force is in force again."""
    full = Full(monkeypatch)
    full.is_full = True
    service.save(other(service))
    await service.until(lambda: "TWL-O132" in service.stands)
    assert service.codes.count("TWL-O132") == 1
    copied = service.degradations.lasting_event("TWL-O132")
    assert copied is not None
    assert str(copied.fields["copied"]).startswith("20"), "the copy that is there has a date"
    service.save(SPOILT)
    await service.until(lambda: "TWL-O131" in service.stands)
    tries = full.tries
    await service.until(lambda: full.tries > tries)
    full.is_full = False
    await service.until(lambda: "TWL-O132" not in service.stands)
    assert "TWL-O133" in service.codes
    again = last_good(service.config, service.state)
    assert again is not None
    assert again.program() == service.program


async def test_after_a_restart_on_the_copy_the_rejection_says_of_when_it_is(service: Service) -> None:
    """Not that it is the last good version, which nobody can know; and what is mended later is taken."""
    await service.stop()
    service.save(SPOILT)
    again = Service(service.config.parent, from_copy=True)
    with pytest.raises(FilesRejected) as rejected:
        load(again.config)
    told = rejection(rejected.value, "2026-11-19 09:30")
    assert "the version taken 2026-11-19 09:30 stays in force" in told.text("en")
    assert "det som togs i bruk 2026-11-19 09:30 gäller" in told.text("sv")
    again.emit(told, again.parts.clock.read().wall)
    again.start()
    again.save(other(service, "evry day", "every day"))  # before anybody looked
    await again.until(lambda: again.stands == [])
    await again.stop()


async def test_a_start_during_a_read_error_takes_the_file_when_it_can_be_read(service: Service, disk: Disk) -> None:
    """The last good copy is used, and the folder is looked at again although nothing in it changes."""
    await service.stop()
    service.save(other(service))
    disk.error = OSError(errno.ESTALE, "Stale file handle")
    again = Service(service.config.parent, from_copy=True)
    with pytest.raises(FilesRejected) as rejected:
        load(again.config)
    again.emit(rejection(rejected.value, "–"), again.parts.clock.read().wall)
    before = again.program
    again.start()
    await again.until(lambda: again.stands == ["TWL-O134"])
    await asyncio.sleep(2 * reload.RETRY_S)
    assert again.stands == ["TWL-O134"]
    disk.error = None
    await again.until(lambda: again.program != before)
    await again.until(lambda: again.stands == [])
    await again.stop()


async def test_a_start_on_the_copy_needs_no_copy_of_files_that_cannot_be_read(service: Service) -> None:
    """The disk is not blamed; the files are reported once."""
    await service.stop()
    schedule = service.config / "schedule.yaml"
    schedule.unlink()
    schedule.mkdir()
    again = Service(service.config.parent, from_copy=True)
    with pytest.raises(FilesRejected) as rejected:
        load(again.config)
    at = local(copied_at(again.state), again.parts.setup)
    again.emit(rejection(rejected.value, at), again.parts.clock.read().wall)
    again.start()
    await again.until(lambda: again.stands == ["TWL-O134"])
    await asyncio.sleep(2 * reload.RETRY_S)
    assert again.stands == ["TWL-O134"]
    assert again.codes.count("TWL-O134") == 1
    await again.stop()


def versions(service: Service) -> list[tuple[str, bytes]]:
    """Source and text of each version of the schedule, oldest first."""
    store = VersionStore(service.state, service.events.append)
    return [(version.source, store.text(version)) for version in reversed(store.versions())]


async def test_what_an_editor_saves_becomes_a_version(service: Service) -> None:
    """Once it is taken; what has mistakes does not."""
    first = (service.config / "schedule.yaml").read_bytes()
    service.save(SPOILT)
    await service.until(lambda: "TWL-O131" in service.codes)
    service.save(BLUE)
    await service.until(lambda: len(versions(service)) == 2)
    assert versions(service) == [("disk", first), ("disk", BLUE.encode())]


async def test_what_the_page_saves_is_taken_at_once_and_reported_once(service: Service) -> None:
    """Not when the files are looked at the next time, and by no second version."""
    keeper = service.following.keeper
    assert keeper is not None
    base = keeper.read().sha256
    save = partial(keeper.save, BLUE.encode(), base, who="kim", source=Source.PAGE)
    outcome = await asyncio.to_thread(save)
    assert isinstance(outcome, Saved)
    assert outcome.taken
    assert service.program.campaigns[0].name == "Blå"
    await asyncio.sleep(0.5)
    assert service.codes.count("TWL-O130") == 1
    assert [source for source, _ in versions(service)] == ["disk", "page"]


async def test_versions_that_cannot_be_kept_are_reported_and_the_schedule_is_taken(service: Service) -> None:
    """The end is reported once they can be kept again."""
    folder = service.state / "versions"
    shutil.rmtree(folder)
    folder.write_bytes(b"a file where the folder should be")
    service.save(BLUE)
    await service.until(lambda: "TWL-J003" in service.stands)
    assert service.program.campaigns[0].name == "Blå"
    folder.unlink()
    service.save(BLUE + "# again\n")
    await service.until(lambda: "TWL-J003" not in service.stands)
    assert [source for source, _ in versions(service)] == ["disk"]
