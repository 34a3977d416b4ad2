"""Redigera: will it be as I mean? The form of a campaign, a blackout, everyday light or a limit, read back while it
is typed. It never saves: its changes are shown on the next page."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse, Response

from controller.config.lamp_light import lamp_light
from controller.config.rule_form import Group, form_from
from controller.config.schedule_draft import RuleEdit, rebased
from controller.errors import Mistake
from controller.lighting.color import parse_color
from controller.lighting.look import DARK, ZoneState, parse_brightness
from controller.lighting.names import DARK_WORDS
from controller.schedule.tokens import MONTH_NAMES
from controller.service.clauses import names_of
from controller.service.health import LookValue
from controller.web.bars import night_bar
from controller.web.color_choices import color_choices
from controller.web.forms import Form, FormOf
from controller.web.picture import PictureScene, picture, preview_of
from controller.web.proposals import TypedForm, add_edit, draft_of, edits_of, keep_typed, keeper_of, typed_of
from controller.web.rule_fields import LIT, OWN, RuleFields, about_fields, was_fields, with_fields
from controller.web.rule_paths import GROUPS, WORDS, form_path, rule_at
from controller.web.rule_reading import RuleReading, read_rule
from controller.web.visit import ForOperator, ForViewer, Visit

router = APIRouter()
NIGHT_DEG = -18.0
ADD = {"add_hours": ("hours", "hours_choice", "own"), "add_color": ("colors", "color", "several")}
"""By button the rows to add to, and the choice that shows them."""
LIKE = {"week": "all", "evening": "evening", "day": "all"}
"""Templates of a campaign, and their hours."""
SHOWN_AFTER_SENDING = frozenset({"name", "days", "year_choice", "brightness", "change_every"})
MOST_LOOK = 400
Looks = Annotated[list[str], Query(max_length=MOST_LOOK)]


@router.get("/schedule/new", include_in_schema=False)
def new(visited: ForOperator, kind: str = "campaign", like: str = "") -> HTMLResponse:
    """The form of a new rule, with what was typed before; `like` is one of LIKE, for somebody without any rule yet."""
    group = _group(kind)
    if like not in LIKE or draft_of(visited) is not None:
        return _filled(visited, group, None)
    fields = RuleFields(group, visited.snapshot.setup.tower, visited.language).new()
    days = [("days", visited.text(f"rule.like.{like}")), ("hours_choice", LIKE[like])]
    base = ("base", keeper_of(visited).read().sha256)
    return _page(read_rule(visited, group, None, Form((base, *with_fields(fields, days).fields))))


@router.get("/schedule/campaign/{slug}", include_in_schema=False)
@router.get("/schedule/blackout/{slug}", include_in_schema=False)
@router.get("/schedule/everyday/{slug}", include_in_schema=False)
@router.get("/schedule/limit/{slug}", include_in_schema=False)
def edit(visited: ForOperator, slug: str) -> HTMLResponse:
    """The form of a rule, with what was typed before."""
    group = _group(visited.request.url.path.split("/")[2])
    return _filled(visited, group, _name(visited, group, slug))


@router.post("/schedule/draft", include_in_schema=False, response_model=None)
def draft(visited: ForOperator, form: FormOf) -> Response:
    """Always stores what was typed. With mistakes it shows the form again, each mistake at its field; else the
    changes."""
    group, name = _rule_of(form)
    form, reading = _followed(visited, group, name, form)
    if form.get("then") == "keep":
        _keep(visited, group, name, form)
        return Response(status_code=204)
    asked = form.get("apply") or form.get("then")
    if reading.current.setup is None or reading.faults or asked:
        _keep(visited, group, name, form)
        is_sent = not asked and reading.current.setup is not None
        return _page(reading, 422 if is_sent else 200, is_sent=is_sent)
    kept = add_edit(visited, reading.edit, form.get("base"))
    return visited.to(f"/schedule/draft/{kept.id}")


@router.post("/fragment/read", include_in_schema=False)
def read(visited: ForOperator, form: FormOf) -> HTMLResponse:
    """The form with its reading back. Nothing is stored."""
    group, name = _rule_of(form)
    _, reading = _followed(visited, group, name, form)
    return _page(reading)


@router.get("/fragment/preview.svg", include_in_schema=False)
def preview(visited: ForViewer, look: Looks, brightness: str = "100 %", lamps: bool = False) -> Response:
    """The tower at night in a light: `look` is a colour for all parts, or `<zone>=<colour>` for one. As chosen, or as
    the lamps show it."""
    setup = visited.snapshot.setup
    try:
        share = parse_brightness(brightness)
        states = {zone: _state(visited, color, share) for each in look for zone, color in _pairs(visited, each)}
    except Mistake as mistake:
        raise HTTPException(422) from mistake
    if lamps:
        states |= lamp_light(setup, states).zones
    looks = {zone: LookValue.model_validate(state.value) for zone, state in states.items()}
    scene = PictureScene(names_of(setup.tower), preview_of(setup.tower, looks), setup.tower.landmark.shape, NIGHT_DEG)
    return Response(picture(scene, visited.language, labels=False), media_type="image/svg+xml")


def _pairs(visited: Visit, look: str) -> list[tuple[str, str]]:
    zones = visited.snapshot.setup.tower.zones
    zone, sign, color = look.partition("=")
    return [(zone, color)] if sign and zone in zones else [(each, look) for each in zones]


def _state(visited: Visit, color: str, share: float) -> ZoneState:
    if color.strip().casefold() in DARK_WORDS or not share:
        return DARK
    return ZoneState(True, parse_color(color.strip(), visited.snapshot.setup.tower.palette), share)


def _group(kind: str) -> Group:
    if kind not in GROUPS:
        raise HTTPException(404)
    return GROUPS[kind]


def _name(visited: Visit, group: Group, slug: str) -> str:
    """The name of the rule on the disk with this name in its address."""
    name = rule_at(keeper_of(visited).read().setup or visited.snapshot.setup, group, slug)
    if name is None:
        raise HTTPException(404)
    return name


def _rule_of(form: Form) -> tuple[Group, str | None]:
    """The rule that a submitted form is about."""
    return _group(form.get("group")), form.raw("rule") or None


def _filled(visited: Visit, group: Group, name: str | None) -> HTMLResponse:
    """The form with what was typed and not sent, else with what was sent and not saved, else with the file."""
    reading = read_rule(visited, group, name, Form())
    draft = draft_of(visited)
    typed = typed_of(draft)
    fields = reading.fields
    if typed is not None and typed.is_of(group, name):
        return _page(read_rule(visited, group, name, Form(typed.fields)))
    before, base = reading.before, ("base", reading.current.sha256)
    edits = rebased(reading.current.text, edits_of(draft), reading.setup.tower, {})
    sent = next(
        (each for each in edits if isinstance(each, RuleEdit) and (each.group, each.name) == (group, name)), None
    )
    if sent is not None:
        shown = fields.form(form_from(group, sent.fields))
        was = [(f"was.{key}", value) for key, value in sent.was.items()]
    else:
        shown, was = fields.form(before) if before is not None else fields.new(), was_fields(before)
    return _page(read_rule(visited, group, name, Form((base, *was, *shown.fields))))


def _followed(visited: Visit, group: Group, name: str | None, form: Form) -> tuple[Form, RuleReading]:
    """The form after a button: a cure applied, or one row added."""
    reading = read_rule(visited, group, name, form)
    if form.get("apply") and (cured := reading.cured(form.get("apply"))) is not None:
        kept = [(key, form.get(key)) for key in ("group", "rule", "apply")]
        form = with_fields(cured, kept)
    elif form.get("then") in ADD:
        rows, choice, chosen = ADD[form.get("then")]
        form = Form((*with_fields(form, [(choice, chosen)]).fields, (rows, "")))
    else:
        return form, reading
    return form, read_rule(visited, group, name, form)


def _keep(visited: Visit, group: Group, name: str | None, form: Form) -> None:
    fields = tuple(each for each in form.fields if each[0] not in {"csrf", "then", "apply"})
    keep_typed(visited, TypedForm(group, name, fields, form.get("base")))


def _page(reading: RuleReading, status: int = 200, *, is_sent: bool = False) -> HTMLResponse:
    visited, setup = reading.visited, reading.setup
    bar = reading.bar
    faults = reading.faults if is_sent else tuple(each for each in reading.faults if _is_filled(reading, each.field))
    return visited.page(
        "rule",
        status,
        reading=reading,
        form=reading.form,
        group=reading.group,
        word=WORDS[reading.group],
        is_lit=reading.group in LIT,
        is_sent=is_sent,
        faults=faults,
        is_closed=reading.current.setup is None,
        path=form_path(setup, reading.group, reading.name),
        was=[each for each in reading.form.fields if each[0].startswith("was.")],
        hours_rows=[*reading.form.all("hours"), *([] if reading.form.all("hours") else [""])],
        color_rows=[*reading.form.all("colors"), *["", ""]][: max(2, len(reading.form.all("colors")))],
        years=[each for each in reading.form.fields if each[0].startswith("years.")],
        colors=color_choices(setup.tower, visited.language),
        zones={each: setup.tower.landmark.zone_names(visited.language).get(each, each) for each in setup.tower.zones},
        abouts=about_fields(reading.form),
        bar=night_bar(bar, setup.tower.site.place, prefix="b") if bar is not None else "",
        months=[each[visited.language] for each in MONTH_NAMES],
    )


def _is_filled(reading: RuleReading, field: str) -> bool:
    """Whether something was typed there: an empty field is only reported when the form is sent."""
    form = reading.form
    if field.startswith("color"):
        return form.get(field) != OWN or bool(form.get(field.replace("color", OWN)))
    return field not in SHOWN_AFTER_SENDING or bool(form.get(field))
