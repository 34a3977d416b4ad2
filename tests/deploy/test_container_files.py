"""The image and its settings, as far as they can be held to without building it; `.ci/container` builds and runs it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from controller.cli import group
from controller.config.load import load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "container"


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """Instruction and words of each line of the Containerfile."""
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The only service."""
    (service,) = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    return dict(service)


def last(steps: list[tuple[str, str]], instruction: str) -> str:
    """Of several the last one holds."""
    return [words for name, words in steps if name == instruction][-1]


def test_the_image_runs_as_nobody_in_particular(steps: list[tuple[str, str]]) -> None:
    """By number: a host can see that it is not root."""
    user, _, group_ = last(steps, "USER").partition(":")
    assert int(user) > 0
    assert int(group_) > 0


def test_the_image_has_what_was_tested_and_nothing_else(steps: list[tuple[str, str]]) -> None:
    """Pinned with hashes; the program itself brings nothing along."""
    installs = [words for name, words in steps if name == "RUN" and "pip install" in words]
    assert [("--require-hashes" in words, "--no-deps" in words) for words in installs] == [(True, False), (False, True)]


def test_what_is_copied_is_there_and_is_enough_to_build(steps: list[tuple[str, str]]) -> None:
    """Of files that pyproject.toml names none is missing."""
    copied = [part for name, words in steps if name == "COPY" and "--from" not in words for part in words.split()[:-1]]
    assert [part for part in copied if not (ROOT / part).exists()] == []
    asked = re.findall(r'(?:readme = |file = )"([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {*asked, "pyproject.toml", "controller"} <= set(copied)


def test_the_image_starts_a_command_that_exists(steps: list[tuple[str, str]]) -> None:
    """And asks after its health where the shipped configuration serves the page."""
    assert yaml.safe_load(last(steps, "ENTRYPOINT")) == ["watertower"]
    words = yaml.safe_load(last(steps, "CMD"))
    assert CliRunner().invoke(group, [*words, "--help"]).exit_code == 0
    web = load(ROOT / "config").tower.web
    assert web is not None
    assert f"HEALTH=http://{web.listen}/healthz" in last(steps, "ENV")
    assert "HEALTH" in last(steps, "HEALTHCHECK")


def test_nothing_but_the_volumes_can_be_written(compose: dict[str, Any], steps: list[tuple[str, str]]) -> None:
    """And no right of root's is left."""
    assert compose["read_only"] is True
    assert compose["cap_drop"] == ["ALL"]
    assert "no-new-privileges" in compose["security_opt"]
    assert "privileged" not in compose
    places = [volume.split(":")[1] for volume in compose["volumes"]]
    assert sorted(places) == sorted(yaml.safe_load(last(steps, "VOLUME"))) == ["/etc/watertower", "/var/lib/watertower"]


def test_it_may_use_as_much_as_the_unit(compose: dict[str, Any]) -> None:
    """Memory, threads, and time to stop."""
    unit = (ROOT / "deploy" / "systemd" / "watertower.service").read_text(encoding="utf-8")
    allowed = dict(re.findall(r"^(MemoryMax|TasksMax|TimeoutStopSec)=(\d+)", unit, re.MULTILINE))
    assert compose["mem_limit"] == f"{allowed['MemoryMax']}m"
    assert compose["pids_limit"] == int(allowed["TasksMax"])
    assert compose["stop_grace_period"] == f"{allowed['TimeoutStopSec']}s"


def test_the_guide_runs_it_with_the_same_settings(compose: dict[str, Any]) -> None:
    """Each setting of compose.yaml is in its command too."""
    guide = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^podman run (.*?[^\\])$", guide, re.MULTILINE | re.DOTALL)
    assert found
    words = " ".join(found[1].replace("\\\n", " ").split())
    asked = [f"--network {compose['network_mode']}", "--read-only", f"--restart {compose['restart']}", "--cap-drop all"]
    asked += [f"--tmpfs {each}" for each in compose["tmpfs"]]
    asked += [f"--security-opt {each}" for each in compose["security_opt"]]
    asked += [f"--memory {compose['mem_limit']}", f"--pids-limit {compose['pids_limit']}"]
    asked += [f":{volume.split(':')[1]} " for volume in compose["volumes"]]
    assert [each for each in asked if each not in words] == []


def test_the_image_is_built_from_the_folder_of_the_program(compose: dict[str, Any]) -> None:
    """As its first lines say."""
    context = (FOLDER / compose["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / compose["build"]["dockerfile"]).samefile(FOLDER / "Containerfile")
