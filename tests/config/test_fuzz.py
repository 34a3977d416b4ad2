"""Whatever happens to the two files, there is a setup or a list of findings, never anything else."""

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from controller.config.findings import Finding
from controller.config.load import Setup, parse
from controller.config.render import as_github, as_json, as_text
from controller.errors import FilesRejected

SHIPPED = Path(__file__).parents[2] / "config"
TEXTS = {name: (SHIPPED / name).read_text(encoding="utf-8") for name in ("tower.yaml", "schedule.yaml")}
PIECES = (
    "\t", "\u00a0", "“", "'", '"', ":", ": ", "- ", "#", "[", "]", "{", "}", "&a ", "*a", "!b ", "|", ">", "%", "@",
    ",",
    "\n", "\r\n", "\x00", "\u2028", "\ud7ff", "🎈", "0", "-1", "1e9", "99999999999999999999", "null", "dark", "orange",
    "20–26 november", "2700 K", "80 %", "rgb(1,2,3)", "  ", "name: x", "zones: []", "<<: {a: b}", "---", "...",
)  # fmt: skip
NAMES = st.sampled_from(sorted(TEXTS))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, str]:
    """Both shipped texts, one of them with pieces cut out, put in or put twice."""
    name = draw(NAMES)
    text = TEXTS[name]
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        piece = draw(st.sampled_from(PIECES) | st.text(max_size=8) | st.just(text[start:end] * 2))
        text = text[:start] + piece + text[end:]
    return {**TEXTS, name: text}


@st.composite
def shuffled(draw: st.DrawFn) -> dict[str, str]:
    """Both shipped texts, the lines of one of them indented again, dropped and swapped."""
    name = draw(NAMES)
    lines = [line for line in TEXTS[name].splitlines() if not line.lstrip().startswith("#")]
    order = draw(st.lists(st.integers(0, len(lines) - 1), max_size=len(lines)))
    indents = draw(st.lists(st.integers(0, 9), min_size=len(order), max_size=len(order)))
    kept = [
        " " * indent + lines[number].lstrip() if indent < 8 else lines[number]
        for number, indent in zip(order, indents, strict=True)
    ]
    return {**TEXTS, name: "\n".join(kept)}


def _judged(tower: bytes, schedule: bytes) -> Setup | tuple[Finding, ...]:
    try:
        return parse(tower, schedule, Path("config"))
    except FilesRejected as rejected:
        return rejected.findings


def _holds(judged: Setup | tuple[Finding, ...], texts: dict[str, bytes]) -> None:
    """What must be true of any answer: findings have a place within their file and can be shown."""
    if isinstance(judged, Setup):
        return
    assert judged
    for finding in judged:
        assert finding.is_error
        if finding.place:
            line, column, end = finding.place
            assert 1 <= column < end
            assert finding.source or column == 1 or line == 1
            assert line <= texts[Path(finding.file).name].count(b"\n") + texts[Path(finding.file).name].count(b"\r") + 1
    for render in (as_text, as_json, as_github):
        for language in ("en", "sv"):
            assert render(judged, language)


@given(mutated())
def test_a_slip_of_the_hand_gives_a_setup_or_findings(texts: dict[str, str]) -> None:
    """Cut, paste and typing in the shipped files."""
    data = {name: text.encode(errors="replace") for name, text in texts.items()}
    _holds(_judged(data["tower.yaml"], data["schedule.yaml"]), data)


LOST_OPENER = " version: 1\n\n- {name: bowl-north, zone: bowl, profile: rgbw, address: 1}"
"""A blank line where `fixtures:` is missing: nothing is reported of it at a place that is not in the file."""


@given(shuffled())
@example({**TEXTS, "tower.yaml": LOST_OPENER})
def test_lines_in_any_order_give_a_setup_or_findings(texts: dict[str, str]) -> None:
    """Every line is known, and none of them where it belongs."""
    data = {name: text.encode() for name, text in texts.items()}
    _holds(_judged(data["tower.yaml"], data["schedule.yaml"]), data)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_give_findings(tower: bytes, schedule: bytes) -> None:
    """No file of a few random bytes is a setup."""
    judged = _judged(tower, schedule)
    assert not isinstance(judged, Setup)
    _holds(judged, {"tower.yaml": tower, "schedule.yaml": schedule})


@given(st.integers(0, 4000), NAMES)
def test_a_file_that_breaks_off_gives_a_setup_or_findings(length: int, name: str) -> None:
    """A full disk or a lost connection while saving."""
    data = {each: text.encode() for each, text in TEXTS.items()}
    data[name] = data[name][:length]
    _holds(_judged(data["tower.yaml"], data["schedule.yaml"]), data)


PLACES = ("latitude", "longitude", "time_zone", "language", "broker", "topic_prefix", "zones", "gateways", "universe")
VALUES = (
    st.sampled_from(PIECES)
    | st.text(max_size=20)
    | st.sampled_from(["[]", "{}", "[a, [b]]", "{a: {b: c}}", "[{}]", "''"])
)


@given(st.sampled_from((*PLACES, "dates", "hours", "color", "brightness", "fade_in", "name")), VALUES)
def test_any_value_of_any_keyword_gives_a_setup_or_findings(keyword: str, value: str) -> None:
    """Text, lists and pairs where something else is meant."""
    data = {}
    for name, text in TEXTS.items():
        lines = text.splitlines()
        changed = [
            line.split(f"{keyword}:")[0] + f"{keyword}: {value}" if f"{keyword}:" in line else line for line in lines
        ]
        data[name] = "\n".join(changed).encode(errors="replace")
    _holds(_judged(data["tower.yaml"], data["schedule.yaml"]), data)
