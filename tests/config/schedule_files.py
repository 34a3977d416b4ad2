"""Schedules as people write them, made at random: styles, languages, comments, line ends, blank lines."""

from random import Random

DAYS = (
    (
        "20–26 november",
        "vecka 47",
        "27 december till 6 januari",
        "varje fredag i oktober",
        "midsommarafton",
        "6 juni 2027",
    ),
    ("20–26 November", "week 47", "27 December to 6 January", "every Friday in May", "Lucia", "2027-06-06"),
)
HOURS = (
    "sunset to sunrise",
    "solnedgång till 23:00",
    "05:00 till soluppgång",
    "18:00 to 22:00",
    "dusk + 30 min to 24:00",
)
COLORS = ("orange", "röd", '"#2E7D32"', "'#FF6A00'", "2700 K", "varmvit", '"vit"')
COMMENTS = (
    "",
    "",
    "  # inget årtal = varje år",
    " # å, ä, ö: [x]",
    '\t# med tabb\toch "citat"',
    "          # långt bort",
)


def schedule_text(seed: int) -> str:
    """A schedule without mistakes; the same for the same seed."""
    random = Random(seed)
    groups = {
        "campaigns": [_campaign(random, number) for number in range(random.randint(0, 4))],
        "every_night": [
            _rule(random, f"Vardag {n}", {"color": random.choice(COLORS)}) for n in range(random.randint(0, 2))
        ],
        "blackouts": [_rule(random, f"Mörkt {n}", {}) for n in range(random.randint(0, 2))],
        "limits": [_rule(random, f"Tak {n}", {"brightness": "40 %"}) for n in range(random.randint(0, 2))],
    }
    column, lines = random.choice((0, 2, 2, 2, 4)), ["# Ljusschema", "version: 1"]
    for group, rules in groups.items():
        lines += random.choice(([""], ["", "# --- " + group], []))
        lines += _group(random, group, rules, column)
    lines += random.choice(([], ["", "# slut"], ["# slut", ""]))
    end = random.choice(("\n", "\n", "\r\n"))
    return random.choice(("", "", "\ufeff")) + end.join(lines) + random.choice((end, end, ""))


def _group(random: Random, group: str, rules: list[dict[str, object]], column: int) -> list[str]:
    comment = random.choice(COMMENTS)
    if not rules:
        return random.choice(([f"{group}: []{comment}"], [f"{group}:{comment}"], []))
    if random.random() < 0.15:
        return [f"{group}: [{', '.join(map(_flow, rules))}]{comment}"]
    lines, apart = [f"{group}:{comment}"], random.random() < 0.5
    for number, rule in enumerate(rules):
        lines += [""] if apart and number else []
        lines += [" " * column + "# om nästa post"] if random.random() < 0.3 else []
        if random.random() < 0.25:
            lines.append(f"{' ' * column}- {_flow(rule)}{random.choice(COMMENTS)}")
        else:
            lines += _block(random, rule, column)
    return lines


def _block(random: Random, rule: dict[str, object], column: int) -> list[str]:
    lines, indent = list[str](), " " * (column + 2)
    for key, value in rule.items():
        if isinstance(value, list) and random.random() < 0.5:
            lines.append(f"{indent}{key}:{random.choice(COMMENTS)}")
            lines += [f"{indent}{'  '}- {one}{random.choice(COMMENTS)}" for one in value]
        elif isinstance(value, dict) and random.random() < 0.5:
            lines.append(f"{indent}{key}:{random.choice(COMMENTS)}")
            lines += [f"{indent}  {word}: {one}{random.choice(COMMENTS)}" for word, one in value.items()]
        else:
            lines.append(f"{indent}{key}: {_inline(value)}{random.choice(COMMENTS)}")
        lines += [f"{indent}# {key}: annat"] if random.random() < 0.15 else []
    return [f"{' ' * column}- {lines[0].lstrip()}", *lines[1:]]


def _inline(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return _flow(value) if isinstance(value, dict) else str(value)


def _flow(rule: dict[str, object]) -> str:
    return f"{{{', '.join(f'{key}: {_inline(value)}' for key, value in rule.items())}}}"


def _campaign(random: Random, number: int) -> dict[str, object]:
    more: dict[str, object] = random.choice(
        (
            {"color": random.choice(COLORS)},
            {"color": {"bowl": random.choice(COLORS), "shaft": random.choice(COLORS)}},
            {"color": [random.choice(COLORS), random.choice(COLORS)], "change_every": "60 s"},
        )
    )
    if random.random() < 0.4:
        more |= {"brightness": random.choice(("100 %", '"60 %"', "halv")), "fade_in": "30 s"}
    if random.random() < 0.3:
        more |= {"about": {"sv": "Därför lyser det", "en": "This is why"}, "link": "https://www.example.se/varför?a=1"}
    return _rule(random, f"Kampanj {number}", more)


def _rule(random: Random, name: str, more: dict[str, object]) -> dict[str, object]:
    written = random.choice((name, f'"{name}: så"', f"'{name} # 1'"))
    days = random.choice(DAYS)
    rule: dict[str, object] = {"name": written, random.choice(("dates", "nights")): random.choice(days)}
    if random.random() < 0.3:
        rule |= {list(rule)[1]: [days[0], "6 juni 2027"]}
    elif random.random() < 0.2:
        rule |= {list(rule)[1]: [days[0], "27 november 2026"], "except": "20 november 2026"}
    if "except" not in rule and random.random() < 0.2:
        rule["except"] = random.choice(("24 november", ["julafton", "juldagen"]))
    if random.random() < 0.5:
        rule["hours"] = random.choice((random.choice(HOURS), [HOURS[1], HOURS[2]]))
    return rule | more
