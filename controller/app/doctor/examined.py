"""The result of one check."""

from dataclasses import dataclass
from typing import Literal

from controller.events import Event, Level
from controller.events.models import Phrase, Reason, Text

Verdict = Literal["problem", "unchecked", "note", "fine"]

NONE = Phrase(Text("commands", "doctor.none"))


@dataclass(frozen=True, slots=True)
class Examined:
    """One check: its name (`doctor.check` of the texts), the value, what is wrong with it, and why the check, or a part
    of it, was not made."""

    check: str
    value: object = None
    findings: tuple[Event, ...] = ()
    unchecked: Reason | None = None

    @property
    def verdict(self) -> Verdict:
        """The most serious result."""
        if any(map(is_problem, self.findings)):
            return "problem"
        if self.unchecked is not None:
            return "unchecked"
        return "note" if self.findings else "fine"


def is_problem(event: Event) -> bool:
    """Whether a finding needs action."""
    lasting = event.kind.lasting
    return event.level in {Level.WARNING, Level.ERROR} and not (lasting is not None and lasting.harmless)
