"""`watertower preview LOOK`: what each DMX fixture will show for a colour: levels, chromaticity, difference."""

import click

from controller.cli.options import FOUND_PROBLEMS, Options, common
from controller.cli.swatch import block
from controller.config.load import Setup, load
from controller.events.formatters import json_text
from controller.gateways import Gateway
from controller.lighting.color import parse_color
from controller.lighting.look import DARK, ZoneState, parse_brightness
from controller.lighting.names import DARK_WORDS
from controller.lighting.patch import VISIBLE, Preview


@click.command("preview")
@click.argument("look", nargs=-1, required=True)
@click.option("--brightness", default="100 %", show_default=True)
@click.option("--json", "as_json", is_flag=True)
@common
def command(options: Options, look: tuple[str, ...], brightness: str, as_json: bool) -> None:
    """Show how every fixture renders LOOK, a colour or dark. Exit code 1 if one cannot show it."""
    setup = load(options.folder)
    state = _state(" ".join(look), setup, parse_brightness(brightness))
    found = [
        (gateway.name, preview) for gateway in setup.tower.gateways for preview in _previews(setup, gateway, state)
    ]
    if as_json:
        fixtures = [_document(name, preview) for name, preview in found]
        color = state.color.hex if state.color else None
        click.echo(json_text({"version": 1, "color": color, "fixtures": fixtures}, indent=2))
    else:
        click.echo(_table(state, found, options))
    raise SystemExit(FOUND_PROBLEMS if any(not preview.in_gamut for _, preview in found) else 0)


def _state(look: str, setup: Setup, brightness: float) -> ZoneState:
    if look.strip().casefold() in DARK_WORDS:
        return DARK
    return ZoneState(True, parse_color(look, setup.tower.palette), brightness)


def _previews(setup: Setup, gateway: Gateway, state: ZoneState) -> tuple[Preview, ...]:
    patch = setup.patch(gateway)
    return patch.preview(dict.fromkeys(patch.zones, state))


def _document(gateway: str, preview: Preview) -> dict[str, object]:
    return {
        "gateway": gateway,
        "fixture": preview.fixture.name,
        "zone": preview.fixture.zone,
        "profile": preview.fixture.profile,
        "address": preview.fixture.address,
        "levels": list(preview.levels),
        "xy": [round(part, 4) for part in preview.xy],
        "in_gamut": preview.in_gamut,
        "delta_e2000": round(preview.delta_e, 2),
    }


def _table(state: ZoneState, found: list[tuple[str, Preview]], options: Options) -> str:
    text, color = options.text, state.color.hex if state.color else "–"
    lines = [f"{block(state)}{color} {100 * state.brightness:g} %"]
    lamps = [f"{name}/{preview.fixture.name}" for name, preview in found]
    lamp_width = max(map(len, lamps), default=0)
    profile_width = max((len(preview.fixture.profile) for _, preview in found), default=0)
    for lamp, (_, preview) in zip(lamps, found, strict=True):
        levels = " ".join(f"{level:3}" for level in preview.levels)
        warning = "" if preview.in_gamut else f"  ! {text('preview.cannot_show')}"
        if preview.in_gamut and preview.delta_e >= VISIBLE:
            warning = f"  ! {text('preview.another_color')}"
        lines.append(
            f"  {lamp:{lamp_width}}  {preview.fixture.profile:{profile_width}}  "
            f"xy {preview.xy[0]:.3f} {preview.xy[1]:.3f}  ΔE {preview.delta_e:4.1f}  {levels}{warning}"
        )
    return "\n".join(lines)
