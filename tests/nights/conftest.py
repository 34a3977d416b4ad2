"""The whole service as it runs on site: its processes, a broker, and somebody who listens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.nights.ear import Ear, Listen, Words
from tests.nights.far_box import FarBox
from tests.nights.programs import SECRET, Mosquitto, Site
from tests.parts import require


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole programs, everywhere in this folder."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.real)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The shipped site on a port of its own."""
    made = Site(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Callable[[], Site]]:
    """Makes sites beside each other."""
    made: list[Site] = []

    def make() -> Site:
        folder = tmp_path / f"site-{len(made)}"
        folder.mkdir()
        made.append(Site(folder))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def mosquittos(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Makes running mosquittos."""
    require("mosquitto")
    made: list[Mosquitto] = []

    def make(rules: tuple[str, str] = ("", ""), users: tuple[str, ...] = (), *, tls: bool = False) -> Mosquitto:
        made.append(Mosquitto(tmp_path / f"mosquitto-{len(made)}", rules, users, tls=tls))
        return made[-1].start()

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def mosquitto(mosquittos: Callable[..., Mosquitto]) -> Mosquitto:
    """A running mosquitto."""
    return mosquittos()


@pytest.fixture
def far_box() -> Iterator[Callable[..., FarBox]]:
    """Puts up a box at the end of cables."""
    made: list[FarBox] = []

    def put_up(cables: int = 1) -> FarBox:
        made.append(FarBox(cables))
        return made[-1]

    yield put_up
    for each in made:
        each.close()


@pytest.fixture
def ear() -> Iterator[Listen]:
    """Opens ears, on a mosquitto or on the port of an embedded broker."""
    made: list[Ear] = []

    def listen(where: Mosquitto | int) -> Ear:
        made.append(Ear(where.port, ("ear", SECRET)) if isinstance(where, Mosquitto) else Ear(where))
        return made[-1]

    yield listen
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def words() -> Words:
    """Waiting, looks and instants."""
    return Words()
