"""The keys of the page in tower.yaml: what they mean, and what is wrong with them."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from controller.config.load import TOWER, Setup, load
from controller.errors import FilesRejected

SHIPPED = Path(__file__).parents[2] / "config"


def loaded(tmp_path: Path, web: str) -> Setup:
    """The shipped files with another `web:`."""
    config = Path(shutil.copytree(SHIPPED, tmp_path / "config"))
    lines = (config / TOWER).read_text("utf-8").splitlines()
    (config / TOWER).write_text(
        "\n".join(f"web: {web}" if line.startswith("web:") else line for line in lines), "utf-8"
    )
    return load(config)


@pytest.mark.parametrize(
    ("written", "years"), [("2 years", 2), ("1 year", 1), ("10 år", 10), ("1år", 1), ("3 Years", 3), (" 25 år ", 25)]
)
def test_names_are_kept_for_so_many_years(tmp_path: Path, written: str, years: int) -> None:
    """In either language; two by default."""
    web = loaded(tmp_path, f'{{names_for: "{written}"}}').tower.web
    assert web
    assert web.names_for == timedelta(days=365 * years)


def test_two_years_apply_by_default(tmp_path: Path) -> None:
    """As the law asks for some end."""
    web = loaded(tmp_path, "{}").tower.web
    assert web
    assert web.names_for == timedelta(days=730)


@pytest.mark.parametrize(
    ("web", "code"),
    [
        ("{names_for: 2}", "TWL-S294"),
        ("{names_for: forever}", "TWL-S294"),
        ("{names_for: 0 years}", "TWL-S294"),
        ("{names_for: 26 years}", "TWL-S294"),
        ("{names_for: 18 months}", "TWL-S294"),
        ("{names_for: [2 years]}", "TWL-S294"),
        ("{proxy: {addresses: [tower.example]}}", "TWL-S290"),
        ("{proxy: {addresses: [10.0.0.5], role_header: X-Role}}", "TWL-S093"),
        ("{key_file: k.pem}", "TWL-S093"),
    ],
)
def test_what_is_wrong_is_named_by_its_code(tmp_path: Path, web: str, code: str) -> None:
    """At its place in the file."""
    with pytest.raises(FilesRejected) as caught:
        loaded(tmp_path, web)
    assert [finding.code for finding in caught.value.findings] == [code]
