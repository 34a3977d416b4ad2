"""Whether a program runs on a state directory: each long-running program holds a lock there while it lives.

The lock is the operating system's: it ends with the process, however that ends.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from controller.errors import Refused
from controller.state import atomic

LOCK = "in-use"
SERVICE = "service"
TRIES, TRY_S = 10, 0.1


@contextmanager
def in_use(state: Path, role: str = SERVICE) -> Iterator[None]:
    """Marks the directory as used by the service or a gateway, one of each `role`. A disk without locks keeps nobody
    from lighting the lamps. Raises Refused TWL-J028 if one runs already, TWL-J023 while a backup is being restored
    there."""
    with ExitStack() as stack:
        _hold(stack, state / LOCK, alone=False, refusal="TWL-J023")
        _hold(stack, state / f"{LOCK}-{role}", alone=True, refusal="TWL-J028")
        yield


def _hold(stack: ExitStack, lock: Path, *, alone: bool, refusal: str) -> None:
    """Tries for a second: another program may only have checked whether the lock is held."""
    for _ in range(TRIES):
        with suppress(OSError):
            lock.parent.mkdir(parents=True, exist_ok=True)
            if not stack.enter_context(atomic.held(lock, alone=alone)):
                time.sleep(TRY_S)
                continue
        return
    raise Refused(refusal, state=str(lock.parent))


@contextmanager
def out_of_use(state: Path) -> Iterator[None]:
    """Prevents programs from starting on the directory meanwhile. Raises Refused TWL-J022 if one runs already,
    OSError."""
    with atomic.held(state / LOCK, alone=True) as granted:
        if not granted:
            raise Refused("TWL-J022", state=str(state))
        yield


def is_in_use(state: Path, role: str | None = None) -> bool:
    """Whether a program, with `role` one of that role, runs on the directory. Raises OSError if that cannot be
    determined."""
    lock = state / (LOCK if role is None else f"{LOCK}-{role}")
    if not lock.exists():
        return False
    with atomic.held(lock, alone=role is None) as granted:
        return not granted
