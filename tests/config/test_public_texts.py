"""The text of a campaign for the public, in each language, and an address that may be a link."""

from collections.abc import Callable

import pytest

from controller.config.findings import Finding
from controller.config.load import Setup
from controller.config.public_texts import LONGEST_TEXT, web_address
from controller.errors import Mistake

Found = Callable[..., tuple[Finding, ...]]
CAMPAIGN = "version: 1\ncampaigns:\n  - name: A\n    dates: 6 juni\n    color: gul\n    "


def test_a_text_is_for_all_languages_or_for_its_own(shipped: Setup) -> None:
    """As names do."""
    for written, about in (("Hej", {"en": "Hej", "sv": "Hej"}), ("{sv: Hej}", {"sv": "Hej"})):
        (campaign,) = shipped.schedule_of(f"{CAMPAIGN}about: {written}\n".encode()).campaigns
        assert campaign.about == about


@pytest.mark.parametrize(
    "text",
    [
        "https://www.alvesta.se/lyktan",
        "http://alvesta.se:8080/?a=1#b",
        "HTTPS://Växjö.se/å",
        "https://[2001:db8::1.2.3.4]/",
    ],
)
def test_a_page_may_be_linked(text: str) -> None:
    """As it is written."""
    assert web_address(f" {text} ") == text


@pytest.mark.parametrize(
    "text",
    [
        *("javascript:alert(1)", "data:text/html,x", "//alvesta.se", "ftp://alvesta.se", "https://", "https:///x"),
        *(
            "https://kim:hemligt@alvesta.se",
            "https://alvesta",
            "https://alvesta.se:99999",
            "https://a.se/<b>",
            "https://a.se/ b",
        ),
        *("mailto:kim@alvesta.se", 'https://a.se/"onclick=', "kommunen", "java\tscript:alert(1)", "https://.se."),
    ],
)
def test_what_is_no_page_is_refused(text: str) -> None:
    """Whatever a browser would do with it."""
    with pytest.raises(Mistake) as caught:
        web_address(text)
    assert caught.value.code == "TWL-S281"


def test_an_address_without_its_beginning_is_offered_with_it() -> None:
    """As people read it from a poster."""
    with pytest.raises(Mistake) as caught:
        web_address("www.alvesta.se/lyktan")
    assert (caught.value.code, caught.value.fields["suggestion"]) == ("TWL-S282", "https://www.alvesta.se/lyktan")


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ("about: {de: Hallo}", "TWL-S056", "about.de"),
        ("about: [a, b]", "TWL-S053", "about"),
        (f"about: {'x' * (LONGEST_TEXT + 1)}", "TWL-S061", "about"),
        ("about: {sv: }", "TWL-S013", "about.sv"),
        ("link: {sv: https://a.se}", "TWL-S054", "link"),
        ("link: alvesta", "TWL-S281", "link"),
        ("länk: https://alvesta.se", "TWL-S010", "link"),
    ],
)
def test_a_mistake_is_shown_at_its_field(line: str, code: str, field: str, findings: Found) -> None:
    """In the words of the product."""
    (first, *_) = findings(schedule=f"{CAMPAIGN}{line}\n")
    assert first.field is not None
    assert (first.code, first.field.field) == (code, field)


def test_only_campaigns_have_a_text_for_the_public(findings: Found) -> None:
    """What is shown every night, or is always dark, is no answer to a question from the street."""
    rule = "blackouts:\n  - {name: A, dates: 6 juni, about: Hej}\n"
    assert [one.code for one in findings(schedule=f"version: 1\n{rule}")] == ["TWL-S077"]
