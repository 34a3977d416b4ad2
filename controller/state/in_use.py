"""Whether a program runs on a state directory: each that goes on holds a lock there for as long as it lives.

The lock is the operating system's: it ends with the process, however that ends.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from controller.errors import Refused
from controller.state import atomic

LOCK = "in-use"
TRIES, TRY_S = 10, 0.1


@contextmanager
def in_use(state: Path) -> Iterator[None]:
    """The service or a gateway runs on the directory. A disk that takes no lock keeps nobody from lighting the lamps.
    Raises Refused TWL-J023 while a backup is put in place there."""
    with ExitStack() as stack:
        for _ in range(TRIES):
            with suppress(OSError):
                state.mkdir(parents=True, exist_ok=True)
                if not stack.enter_context(atomic.held(state / LOCK, alone=False)):
                    time.sleep(TRY_S)  # somebody may only have asked whether it is in use
                    continue
            yield
            return
        raise Refused("TWL-J023", state=str(state))


@contextmanager
def out_of_use(state: Path) -> Iterator[None]:
    """Nobody begins to run on the directory meanwhile. Raises Refused TWL-J022 where somebody does already, OSError."""
    with atomic.held(state / LOCK, alone=True) as granted:
        if not granted:
            raise Refused("TWL-J022", state=str(state))
        yield


def is_in_use(state: Path) -> bool:
    """Whether somebody runs on the directory. Raises OSError where that cannot be told."""
    if not (state / LOCK).exists():
        return False
    with atomic.held(state / LOCK, alone=True) as granted:
        return not granted
