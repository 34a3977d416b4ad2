"""Fixture profiles: what each DMX channel of a kind of lamp does, in order, and what its light sources give.

    name: Flood RGBA, 9 channels
    channels: [dimmer, dimmer fine, {shutter: 47}, red, green, blue, amber, {fixed: 0}, {fixed: 0}]
    curve: square
    emitters: {amber: {xy: [0.57, 0.42], flux: 0.7}}
    pinned: {orange: {red: 255, green: 61, amber: 130}}

`channels` has one entry for each DMX channel: `red` is the coarse, `red fine` the fine half of a 16-bit level, wherever
it stands. The same name again is another pixel of the same lamp and takes the same level. `{dimmer: [0, 189]}` is dark
at 0 and full at 189, whatever lies beyond. A shutter holds the value at which it is open, a fixed channel its value,
also while the lamp is dark.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from controller.errors import Mistake
from controller.events.reasons import first_mistake
from controller.lighting.emitters import TYPICAL, Emitter, EmitterKind

Role = EmitterKind | Literal["dimmer", "shutter", "fixed"]
Level = Annotated[int, Field(ge=0, le=255)]
EMITTERS: tuple[str, ...] = get_args(EmitterKind)
ROLES = (*EMITTERS, "dimmer", "shutter", "fixed")
CURVES = {"linear": 1.0, "square": 2.0}
FINE = " fine"


class Channel(BaseModel):
    """One DMX channel: at `zero` its light is dark, at `full` full; a constant channel has both the same."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    role: Role
    fine: bool = False
    zero: Level = 0
    full: Level = 255

    @model_validator(mode="before")
    @classmethod
    def _written(cls, value: object) -> object:
        """From an entry as it is written; raises Mistake TWL-F121 or F128."""
        if isinstance(value, str):
            role = value.strip().removesuffix(FINE)
            if role not in (*EMITTERS, "dimmer"):
                raise _unknown_channel(value)
            return {"role": role, "fine": role != value.strip()}
        if isinstance(value, Mapping) and len(value) == 1:
            [(role, levels)] = value.items()
            if role in {"shutter", "fixed"}:
                return {"role": role, "zero": _level(levels), "full": _level(levels)}
            if role in ROLES and isinstance(levels, list | tuple) and len(levels) == 2:
                zero, full = map(_level, levels)
                if zero != full:
                    return {"role": role, "zero": zero, "full": full}
        raise _unknown_channel(value)

    @property
    def is_light(self) -> bool:
        """Whether its level follows the look."""
        return self.role not in {"shutter", "fixed"}

    @property
    def written(self) -> str | dict[str, int | list[int]]:
        """As written in a file."""
        if not self.is_light:
            return {self.role: self.zero}
        if (self.zero, self.full) != (0, 255):
            return {self.role: [self.zero, self.full]}
        return self.role + FINE * self.fine


def _level(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch("0|[1-9][0-9]{0,2}", text) or int(text) > 255:
        raise Mistake("TWL-F128", value=_flow(value))
    return int(text)


class Measured(Emitter):
    """A light source with measured figures."""

    xy: tuple[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(ge=0.001, lt=1)]]
    flux: Annotated[float, Field(ge=0.001, le=1000)]

    @model_validator(mode="after")
    def _is_a_color(self) -> "Measured":
        if sum(self.xy) > 1:
            raise Mistake("TWL-F126", value=f"{self.xy[0]:g}, {self.xy[1]:g}")
        return self


def _coarse(channels: Iterable[Channel]) -> set[str]:
    """The sources and dimmers that the lamp has levels for."""
    return {channel.role for channel in channels if channel.is_light and not channel.fine}


def _gives_light(levels: Mapping[str, float], channels: Sequence[Channel]) -> bool:
    """Whether levels light a source and leave the dimmer open; a dimmer without a level is full."""
    first = {str(c.role): c for c in reversed(channels) if c.is_light and not c.fine}
    lit = {
        role for role, level in levels.items() if (level - first[role].zero) * (first[role].full - first[role].zero) > 0
    }
    shut = "dimmer" in levels and "dimmer" not in lit
    sources = first.keys() - {"dimmer"}
    return not shut and bool(lit & sources if sources else lit)


def _curve(value: object) -> object:
    if isinstance(value, str) and value.strip() in CURVES:
        return CURVES[value.strip()]
    try:
        exponent = float(str(value))
    except ValueError:
        exponent = 0.0
    if not 0.2 <= exponent <= 5:
        raise Mistake("TWL-F124", value=value)
    return exponent


class Profile(BaseModel):
    """A kind of lamp as DMX sees it.

    `curve` is the exponent by which light follows level. `emitters` are measured figures; kinds without one have
    typical ones. `pinned` are levels read from a console for a colour that was matched by eye on the site; they always
    win.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Annotated[str, Field(min_length=1, max_length=120)]
    channels: Annotated[tuple[Channel, ...], Field(max_length=512)]
    curve: Annotated[float, BeforeValidator(_curve)] = 1.0
    emitters: dict[EmitterKind, Measured] = {}
    pinned: dict[str, dict[str, Annotated[float, Field(ge=0, le=255)]]] = {}

    @field_validator("channels")
    @classmethod
    def _halves(cls, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        for channel in channels:
            if channel.fine and channel.role not in _coarse(channels):
                raise Mistake("TWL-F123", channel=channel.role)
        return channels

    @field_validator("pinned")
    @classmethod
    def _own_channels(cls, pinned: dict[str, dict[str, float]], info: ValidationInfo) -> dict[str, dict[str, float]]:
        channels = info.data.get("channels", ())
        for color, levels in pinned.items() if channels else ():
            for role in levels:
                if role not in _coarse(channels):
                    raise Mistake("TWL-F125", color=color, channel=role)
            if not _gives_light(levels, channels):
                raise Mistake("TWL-F129", color=color)
        return pinned

    @model_validator(mode="after")
    def _is_lit(self) -> "Profile":
        if not self.lit and (self.kinds or "dimmer" not in _coarse(self.channels)):
            raise Mistake("TWL-F122", profile=self.name)
        return self

    @property
    def kinds(self) -> tuple[EmitterKind, ...]:
        """The kinds of its light sources, in the order of its channels."""
        return tuple(dict.fromkeys(c.role for c in self.channels if c.role in TYPICAL))

    @property
    def lit(self) -> tuple[EmitterKind, ...]:
        """The kinds whose light is visible."""
        return tuple(kind for kind in self.kinds if self.emitter(kind).flux > 0)

    def emitter(self, kind: EmitterKind) -> Emitter:
        """The figures of a light source, measured or else typical."""
        return self.emitters.get(kind, TYPICAL[kind])


def parse_profile(written: Mapping[str, Any]) -> Profile:
    """A profile from the mapping of its file, numbers as text or not; raises Mistake TWL-F120 to F126 or F128."""
    try:
        return Profile.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        mistake = first.get("ctx", {}).get("error")
        if isinstance(mistake, Mistake):
            raise mistake from error
        where = ".".join(str(part) for part in first["loc"]) or "profile"
        raise Mistake("TWL-F120", where=where, problem=first_mistake(error)) from error


def dump_profile(profile: Profile, names: Sequence[str] = ()) -> str:
    """The YAML text that `parse_profile` reads back to the same profile; `names` become comments of channels at
    rest."""
    lines = [f"name: {_quoted(profile.name)}", "channels:"]
    for channel, name in zip(profile.channels, names or [""] * len(profile.channels), strict=True):
        lines.append(f"  - {_flow(channel.written)}{'' if channel.is_light else _remark(name)}")
    if profile.curve != 1:
        lines.append(f"curve: {profile.curve!r}")
    if profile.emitters:
        lines.append("emitters:")
        lines += [
            f"  {kind}: {{xy: [{figures.xy[0]!r}, {figures.xy[1]!r}], flux: {figures.flux!r}}}"
            for kind, figures in profile.emitters.items()
        ]
    if profile.pinned:
        lines.append("pinned:")
        lines += [f"  {_quoted(color)}: {_flow(levels)}" for color, levels in profile.pinned.items()]
    return "\n".join(lines) + "\n"


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return str(value)


def _remark(text: str) -> str:
    """A comment at the end of a line; empty for an empty text."""
    return f"  # {''.join(char if char.isprintable() else ' ' for char in text)}" if text else ""


def _quoted(text: str) -> str:
    """A double-quoted scalar of YAML 1.2, of which JSON's is one kind (section 7.3.1)."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


def _unknown_channel(value: object) -> Mistake:
    """With the most likely meaning, in the form of the entry."""
    from difflib import get_close_matches  # noqa: PLC0415  nearly all files are right

    word, pattern, words = str(value), "{}", [*EMITTERS, "dimmer", *(role + FINE for role in (*EMITTERS, "dimmer"))]
    if isinstance(value, Mapping) and value:
        word, levels = next((str(key), levels) for key, levels in value.items())
        single = not isinstance(levels, list | tuple)
        pattern, words = ("{}: 0", ["fixed", "shutter"]) if single else ("{}: [0, 255]", [*EMITTERS, "dimmer"])
    near = get_close_matches(word[:60].strip().casefold().replace("-", "_"), words, n=1)
    return Mistake("TWL-F121", value=_flow(value), suggestion=pattern.format(near[0]) if near else "fixed: 0")


def _built_in(name: str, *roles: str) -> Profile:
    return Profile.model_validate({"name": name, "channels": roles})


BUILT_IN: dict[str, Profile] = {
    "rgb": _built_in("rgb", "red", "green", "blue"),
    "rgbw": _built_in("rgbw", "red", "green", "blue", "white"),
    "rgba": _built_in("rgba", "red", "green", "blue", "amber"),
    "rgbwa": _built_in("rgbwa", "red", "green", "blue", "white", "amber"),
    "dimmer": _built_in("dimmer", "dimmer"),
}
