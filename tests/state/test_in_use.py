"""Who may run on one state directory at the same time."""

import threading
from pathlib import Path

import pytest

from controller.errors import Refused
from controller.state.in_use import SERVICE, in_use, is_in_use, out_of_use


def test_a_second_service_does_not_start(tmp_path: Path) -> None:
    """They would write over each other's files; a gateway beside it may, one of each name."""
    with in_use(tmp_path):
        with pytest.raises(Refused) as refused, in_use(tmp_path):
            pass
        assert refused.value.code == "TWL-J028"
        assert str(tmp_path) in str(refused.value)
        with in_use(tmp_path, "gateway-mast"), in_use(tmp_path, "gateway-gate"):
            pass
    with in_use(tmp_path):
        pass


def test_it_can_be_asked_whether_a_service_runs(tmp_path: Path) -> None:
    """A gateway is none; without a directory nobody runs."""
    assert not is_in_use(tmp_path / "gone", SERVICE)
    with in_use(tmp_path, "gateway-mast"):
        assert (is_in_use(tmp_path), is_in_use(tmp_path, SERVICE)) == (True, False)
    with in_use(tmp_path):
        assert is_in_use(tmp_path, SERVICE)
    assert not is_in_use(tmp_path, SERVICE)


def test_who_only_asks_keeps_nobody_from_starting(tmp_path: Path) -> None:
    """However often `status` asks."""
    with in_use(tmp_path):
        pass
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            is_in_use(tmp_path, SERVICE)
            is_in_use(tmp_path)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(5):
            with in_use(tmp_path):
                pass
    finally:
        over.set()
        asking.join()


def test_while_a_backup_is_put_in_place_nobody_starts(tmp_path: Path) -> None:
    """The error names the restore, not another program that runs."""
    with out_of_use(tmp_path), pytest.raises(Refused) as refused, in_use(tmp_path):
        pass
    assert refused.value.code == "TWL-J023"
