"""A database server that is not there."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.state import postgresql
from controller.state.json_file import Unusable
from controller.state.lamp_results import LampResults
from controller.state.postgresql import PostgresServer
from controller.state.storage import Storage
from tests.parts import free_port

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


def test_a_server_that_refuses_is_reported_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one that accepts no more connections is waited for: one of ours may become free."""
    monkeypatch.setattr(postgresql, "NEXT_S", 60.0)
    server = PostgresServer(f"postgresql://watertower@127.0.0.1:{free_port()}/watertower")
    began_s = time.monotonic()
    with pytest.raises(Unusable):
        LampResults(Storage(tmp_path, server, "north"), lambda _: None).note({"mast/north": True}, NOW)
    assert time.monotonic() - began_s < 30
    server.close()
