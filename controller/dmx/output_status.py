"""One way out and what is wrong with it, told without chatter.

Rules (monotonic seconds)
1. The first failure of a spell is told at once, each further kind of failure once; the rest is counted.
2. A spell that lasts LASTING_S is told once more, as an error: it does not pass by itself.
3. A spell is over when SETTLE_S have gone by without a failure; that is told with its length and its count.
4. From its first failure until it is over, a spell is a standing problem, by the code of its latest failure.
"""

from dataclasses import dataclass, field

from controller.dmx.output import OnEvent
from controller.events import new_event

SETTLE_S = 2.0
LASTING_S = 60.0


def reason(error: Exception) -> str:
    """What an error of the operating system says, without its number."""
    return getattr(error, "strerror", None) or str(error) or "no answer in time"


@dataclass(slots=True)
class OutputStatus:
    """The spell of failures on the way to `to`, if there is one."""

    gateway: str
    to: str
    on_event: OnEvent
    code: str | None = None
    failures: int = 0
    began: float = 0.0
    latest: float = 0.0
    told: set[str] = field(default_factory=set)

    @property
    def problems(self) -> tuple[str, ...]:
        """The code that stands now, if any."""
        return (self.code,) if self.code else ()

    def fails(self, code: str, error: str, now: float) -> None:
        """A try failed; `code` names an event with the fields gateway, to and error."""
        if self.code is None:
            self.began = now
        self.code, self.latest = code, now
        self.failures += 1
        self._tell_once(code, error=error)
        if now - self.began >= LASTING_S:
            self._tell_once("TWL-X104", error=error, down_s=round(now - self.began))

    def works(self, now: float) -> None:
        """A try succeeded."""
        if self.code is None or now - self.latest < SETTLE_S:
            return
        ended = new_event(
            "TWL-X103",
            gateway=self.gateway,
            to=self.to,
            down_s=round(self.latest - self.began, 1),
            failures=self.failures,
        )
        self.code, self.failures, self.told = None, 0, set()
        self.on_event(ended)

    def _tell_once(self, code: str, **fields: object) -> None:
        if code not in self.told:
            self.told.add(code)
            self.on_event(new_event(code, gateway=self.gateway, to=self.to, **fields))
