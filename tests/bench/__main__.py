"""`python -m tests.bench [--only NAME] [--quick] [--size N]`: one table of what the program costs, each figure beside
a yardstick of the same run.

`--quick` takes one round of each with at most 100 gateways, which shows that the command works and nothing else.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator

from tests.bench.cues import contract, vendor
from tests.bench.frames import frames
from tests.bench.lives import idle, reload, restart, start
from tests.bench.pairs import pair
from tests.bench.plans import commands, plan
from tests.bench.table import Row, lines

SIZES = (1, 100, 1_000, 10_000)
MOST_QUICKLY = 100
ROUNDS = 5
MANY = 100
FIGURES: dict[str, tuple[Callable[[int, int], Iterable[Row]], tuple[int, ...], int]] = {
    "commands": (commands, (1,), MANY),
    "plan": (plan, (1, 30, 300), MANY),
    "frames": (frames, (1, 10, 100), 1),
    "idle": (idle, (1, 10_000), MANY),
    "vendor": (vendor, SIZES, MANY),
    "contract": (contract, SIZES, 1),
    "start": (start, SIZES, 1),
    "reload": (reload, SIZES, 1),
    "restart": (restart, SIZES, 1),
    "pair": (pair, (100, 10_000), MANY),
}
"""Name -> what measures it, at which sizes, and in how many rounds at most unless more are asked for: all of it is to
be done within a quarter of an hour."""
LONG = {"pair"}
"""Measured only where it is asked for by its name."""


def measured(names: Iterable[str], rounds: int | None, is_asked: Callable[[int], bool]) -> Iterator[Row]:
    """The rows of these figures; what is measured now is printed on stderr."""
    for name in names:
        measure, sizes, most = FIGURES[name]
        for size in sizes:
            if is_asked(size):
                print(f"{name} {size:,} …", file=sys.stderr, flush=True)
                try:
                    yield from measure(size, min(ROUNDS, most) if rounds is None else rounds)
                except (RuntimeError, OSError) as error:  # all else is worth its time
                    print(f"{name} {size:,}: {error}", file=sys.stderr, flush=True)
                    yield Row(f"{name}: could not be measured", size, "", None)


def _is_asked(size: int, asked: argparse.Namespace) -> bool:
    return size in asked.size if asked.size else not asked.quick or size <= MOST_QUICKLY


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(FIGURES), help="this figure; may be given again")
    parser.add_argument("--quick", action="store_true", help="one round, at most 100 gateways")
    parser.add_argument("--rounds", type=int, help=f"of which the medians are shown, {ROUNDS} or fewer by default")
    parser.add_argument("--size", action="append", type=int, help="so many gateways, campaigns or universes only")
    asked = parser.parse_args()
    rounds = 1 if asked.quick else asked.rounds
    names = asked.only or [name for name in FIGURES if name not in LONG]
    for line in lines(measured(names, rounds, lambda size: _is_asked(size, asked))):
        print(line, flush=True)


if __name__ == "__main__":
    main()
