"""The forms of a page as a browser without JavaScript has them: their fields, and what pressing a button sends."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Pairs = list[tuple[str, str]]
CHECKED = {"radio", "checkbox"}


@dataclass
class HtmlForm:
    """The address it is sent to, its fields as they are, and its buttons as words, name, value and address."""

    action: str
    fields: Pairs = field(default_factory=list)
    buttons: list[tuple[str, str, str, str]] = field(default_factory=list)

    def sent(self, button: str = "", **changed: str | list[str]) -> tuple[str, Pairs]:
        """Address and fields once values are changed and a button is pressed; `__` in a name means a dot."""
        fields, action = list(self.fields), self.action
        for name, value in changed.items():
            key = name.replace("__", ".")
            fields = [each for each in fields if each[0] != key]
            fields += [(key, each) for each in ([value] if isinstance(value, str) else value)]
        for words, name, value, address in self.buttons:
            if button and button in words:
                return address or action, [*fields, *([(name, value)] if name else [])]
        assert not button, self.buttons
        return action, fields


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self._area: str | None = None
        self._select: str | None = None
        self._button: dict[str, str] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {key: value or "" for key, value in attrs}
        names = dict(attrs)
        if tag == "form":
            self.forms.append(HtmlForm(of["action"]))
        elif not self.forms:
            return
        elif tag == "input" and of.get("name") and (of.get("type") not in CHECKED or "checked" in names):
            self.forms[-1].fields.append((of["name"], of.get("value", "")))
        elif tag == "select":
            self._select = of["name"]
            self.forms[-1].fields.append((of["name"], ""))
        elif tag == "option" and "selected" in names:
            self.forms[-1].fields[-1] = (self._select or "", of["value"])
        elif tag == "textarea":
            self._area, self._text = of["name"], ""
        elif tag == "button":
            self._button, self._text = of, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            self.forms[-1].fields.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        elif tag == "button" and self._button is not None and self.forms:
            of = self._button
            words = " ".join(f"{self._text} {of.get('aria-label', '')}".split())
            self.forms[-1].buttons.append((words, of.get("name", ""), of.get("value", ""), of.get("formaction", "")))
            self._button = None

    def handle_data(self, data: str) -> None:
        self._text += data


def forms_in(html: str) -> list[HtmlForm]:
    """Every form of a page."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


def form_to(html: str, action: str, button: str = "") -> HtmlForm:
    """The form of a page that is sent to an address which ends like this, and has a button with these words."""
    found = [form for form in forms_in(html) if form.action.endswith(action)]
    return next((form for form in found if any(button in each[0] for each in form.buttons)), found[0])
