"""The table of `python -m tests.bench`: a figure of ours beside the yardsticks of the same run."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

OURS = "ours"


@dataclass(frozen=True)
class Row:
    """One figure: ours, in a unit; what each yardstick gave; and what is wanted: `most` of the unit, `times` as much as
    the first yardstick, or that and `more` of the unit."""

    figure: str
    count: int | None
    unit: str
    ours: float | None
    beside: Mapping[str, float] = field(default_factory=dict)
    most: float | None = None
    times: float | None = None
    more: float | None = None

    @property
    def limit(self) -> float | None:
        """The most that is wanted; None where nothing is, or the yardstick has no figure."""
        yardstick = next(iter(self.beside.values()), None)
        if self.times is not None and yardstick is not None:
            return self.times * yardstick
        if self.more is not None and yardstick is not None:
            return yardstick + self.more
        return self.most

    @property
    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        return (
            self.figure,
            "" if self.count is None else f"{self.count:,}",
            shown(self.ours),
            self.unit,
            "; ".join(self._compared(name, value) for name, value in self.beside.items()),
            self._wanted,
        )

    def _compared(self, name: str, value: float) -> str:
        ratio = f" ({self.ours / value:.2f} ×)" if self.ours is not None and value > 0 else ""
        return f"{name} {shown(value)}{ratio}"

    @property
    def _wanted(self) -> str:
        if self.limit is None:
            return ""
        is_met = self.ours is not None and self.ours <= self.limit
        text = f"≤ {shown(self.limit)}"
        if self.times is not None:
            text = f"≤ {self.times:g} ×"
        elif self.more is not None:
            text = f"≤ + {self.more:g}"
        return f"{text} {'yes' if is_met else 'NO'}"


class Rounds:
    """What each took part in each round measured, of which the medians are shown."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], list[float]] = defaultdict(list)

    def note(self, who: str, figures: Mapping[str, object]) -> None:
        """Keep the figures that are numbers."""
        for name, value in figures.items():
            if isinstance(value, int | float):
                self._seen[who, name].append(float(value))

    def median(self, name: str, who: str = OURS) -> float | None:
        """None where it was never measured."""
        seen = self._seen[who, name]
        return statistics.median(seen) if seen else None

    def worst(self, name: str, who: str = OURS) -> float | None:
        """The highest."""
        return max(self._seen[who, name], default=None)

    def least(self, name: str, who: str = OURS) -> float | None:
        """The lowest: what other work of the machine adds to is CPU time."""
        return min(self._seen[who, name], default=None)

    def at(self, share: float, name: str, who: str = OURS) -> float | None:
        """A percentile, 0 to 1."""
        seen = sorted(self._seen[who, name])
        return seen[min(len(seen) - 1, int(share * len(seen)))] if seen else None

    def beside(self, name: str, *yardsticks: str) -> dict[str, float]:
        """The medians of the yardsticks that have this figure."""
        medians = {who: self.median(name, who) for who in yardsticks}
        return {who: value for who, value in medians.items() if value is not None}


def shown(value: float | None) -> str:
    """With as many digits as say something."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """The table as Markdown that can be read as it is."""
    head = ("figure", "N", "ours", "", "beside it, in the same run", "wanted")
    cells = [head, *(row.cells for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    cells.insert(1, tuple("-" * width for width in widths))
    for row in cells:
        aligned = (
            text.rjust(width) if column in {1, 2} else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "| " + " | ".join(aligned) + " |"
