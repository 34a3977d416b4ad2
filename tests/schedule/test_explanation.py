"""The reason of what is shown, in the language of whoever asks."""

import pytest

from controller.schedule.explanation import translated


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("nothing applies: dark", "inget gäller: släckt"),
        (
            "nothing applies: dark; the hours of a b ended at 23:00",
            "inget gäller: släckt; tiden för a b tog slut 23:00",
        ),
        (
            "nothing applies: dark; the hours of Advent ended at 23:00 and begin again at 05:00",
            "inget gäller: släckt; tiden för Advent tog slut 23:00 och börjar igen 05:00",
        ),
        ("nothing applies: dark; the hours of a begin at 20:30", "inget gäller: släckt; tiden för a börjar 20:30"),
        (
            "safety stop by Eva until `watertower resume --lift`: storm: 25 m/s",
            "nödstopp av Eva tills `watertower resume --lift`: storm: 25 m/s",
        ),
        ("override by Åke: (test)", "överstyrt av Åke: (test)"),
        ("blackout: nights 28 March", "släckning: nights 28 March"),
        ("otherwise dark: dates 6 June", "släckt i övrigt: dates 6 June"),
        ("dates 20–26 November, sunset to sunrise (line 9)", "dates 20–26 November, sunset to sunrise (line 9)"),
    ],
)
def test_a_reason_that_was_told_in_english_is_said_in_swedish(told: str, said: str) -> None:
    """What a person wrote stays as it is."""
    assert translated(told, "sv") == said
    assert translated(told, "en") == told
