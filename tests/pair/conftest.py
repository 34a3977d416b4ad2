"""Faults of a county with two controllers that take half a minute each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.nights.conftest import ear, far_box, mosquittos
from tests.nights.county import SITES, County
from tests.nights.ear import Listen
from tests.nights.far_box import FarBox
from tests.nights.programs import Mosquitto
from tests.postgres import Postgres

__all__ = ["ear", "far_box", "mosquittos"]
Counties = Callable[..., County]


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """The server of the database."""
    made = Postgres(tmp_path)
    yield made
    made.remove()


@pytest.fixture
def spare(postgres: Postgres, tmp_path: Path) -> Iterator[Postgres]:
    """A replica of it."""
    made = Postgres(tmp_path, postgres)
    yield made
    made.remove()


@pytest.fixture
def counties(
    postgres: Postgres,
    mosquittos: Callable[..., Mosquitto],
    far_box: Callable[..., FarBox],
    ear: Listen,
    tmp_path: Path,
) -> Iterator[Counties]:
    """Makes one in which all is orange and confirmed, and each controller leads one site; with a spare server of the
    database, if one is given, and the first controller in a far box, if it is to have cables."""
    brokers = mosquittos(users=SITES), mosquittos(users=SITES)
    made: list[County] = []

    def make(spare: Postgres | None = None, cables: int = 0) -> County:
        box = far_box(cables) if cables else None
        if box is not None:
            for broker, address in zip(brokers, box.addresses, strict=False):
                broker.kill()
                broker.listens_on(address)
                broker.start()
            postgres.stop()
            postgres.start(f"listen_addresses=127.0.0.1,{box.addresses[2]}")
        made.append(County(tmp_path, postgres, brokers, ear, box, spare))
        made[-1].await_calm()
        return made[-1]

    yield make
    for each in made:
        each.close()
