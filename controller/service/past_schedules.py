"""The rules that were in force in the past, from the versions of the schedule."""

from dataclasses import replace
from datetime import datetime
from functools import cached_property

from controller.config.load import Setup
from controller.errors import FilesRejected
from controller.schedule.plan import Program
from controller.service.proof import ProofVersion
from controller.service.why_at import PastVersion
from controller.state import NotRead
from controller.state.versions import ScheduleVersion, VersionStore


class PastSchedules:
    """Versions of the schedule as rules of the tower as it is now; what cannot be read is not known."""

    def __init__(self, store: VersionStore, setup: Setup) -> None:
        self._store = store
        self._setup = setup
        self._programs: dict[str, Program | None] = {}

    @cached_property
    def _versions(self) -> tuple[ScheduleVersion, ...]:
        """The newest first."""
        try:
            return self._store.versions()
        except NotRead:
            return ()

    def at(self, moment: datetime) -> PastVersion | None:
        """The version that was in force at an instant; None where it is not known."""
        version = next((each for each in self._versions if each.at <= moment), None)
        program = self._program(version) if version is not None else None
        if version is None or program is None:
            return None
        return PastVersion(program, version.number, version.who or "–", version.at)

    def program_at(self, moment: datetime) -> Program:
        """The rules at an instant; those of the files now where they are not known."""
        version = self.at(moment)
        return version.program if version is not None else self._setup.program()

    def within(self, start: datetime, end: datetime) -> tuple[ProofVersion, ...]:
        """The versions that were in force at some time of a period, the oldest first."""
        found = [each for each in self._versions if start < each.at < end]
        first = next((each for each in self._versions if each.at <= start), None)
        return tuple(
            ProofVersion(each.number, each.who or "–", each.at, each.sha256)
            for each in reversed([*found, *([first] if first is not None else [])])
        )

    def _program(self, version: ScheduleVersion) -> Program | None:
        if version.sha256 not in self._programs:
            try:
                schedule = self._setup.schedule_of(self._store.text(version))
                self._programs[version.sha256] = replace(self._setup, schedule=schedule).program()
            except (NotRead, FilesRejected):
                self._programs[version.sha256] = None
        return self._programs[version.sha256]
