"""Cases for the alert rules, as `promtool test rules` takes them: a healthy site with one thing changed."""

from dataclasses import dataclass, field

import yaml

MINUTE_S = 60
SITE = {"job": "watertower", "instance": "tower"}
HOURS = 26
SAMPLES = HOURS * 60
CLOCK = f"0+{MINUTE_S}x{SAMPLES}"
"""A value that grows as time does."""
COUNTED = f"0+1x{SAMPLES}"

Series = dict[str, str | None]


def steady(value: float) -> str:
    """The same all the time."""
    return f"{value}x{SAMPLES}"


def name(metric: str, **labels: str) -> str:
    """A series of the site."""
    told = ", ".join(f'{key}="{value}"' for key, value in {**SITE, **labels}.items())
    return f"{metric}{{{told}}}"


UP, TURN = name("up"), name("watertower_last_turn_timestamp_seconds")
NEXT = name("watertower_next_change_timestamp_seconds")
MAST = name("watertower_gateway_up", gateway="mast")
BOWL = name("watertower_zone_matches_schedule", zone="bowl")


def gateways(status: str) -> str:
    """How many have this status."""
    return name("watertower_gateways", status=status)


HEALTHY: Series = {
    UP: steady(1),
    TURN: CLOCK,
    NEXT: steady(600_000),
    **{name(f"watertower_{each}"): steady(1) for each in ("mqtt_connected", "config_valid", "clock_synchronized")},
    **{
        name(f"watertower_{each}"): steady(0)
        for each in ("clock_suspect", "degradations", "safety_stop_active", "override_active")
    },
    BOWL: steady(1),
    name("watertower_zone_matches_schedule", zone="shaft"): steady(1),
    **{gateways(each): steady(0) for each in ("silent", "differs", "unknown", "pending")},
    gateways("confirmed"): steady(1),
    MAST: steady(1),
    name("watertower_events_total", level="info"): COUNTED,
    name("watertower_commands_total", gateway="mast", result="confirmed"): COUNTED,
}


@dataclass(frozen=True)
class Case:
    """What is changed in a healthy site, and the alerts that are raised after a time, with labels beside the site's."""

    about: str
    changed: Series
    minutes: int
    alerts: dict[str, list[dict[str, str]]] = field(default_factory=dict)


CASES = [
    Case("all is well for a day", {}, 1500),
    Case("nobody answers", dict.fromkeys(HEALTHY) | {UP: steady(0)}, 5, {"Down": [{}]}),
    Case("Prometheus was not told to ask", dict.fromkeys(HEALTHY), 15, {"NotAsked": [{"instance": ""}]}),
    Case("it was never told to turn", {TURN: None, NEXT: None}, 5, {"Hangs": [{}]}),
    Case("the loop hangs", {TURN: f"0+60x20 {steady(1200)}"}, 30, {"Hangs": [{}]}),
    Case(
        "a lamp is driven by another", {gateways("differs"): steady(1)}, 5, {"GatewayDiffers": [{"status": "differs"}]}
    ),
    Case("a zone has no word", {BOWL: steady(0)}, 5, {"ZoneUnconfirmed": [{"zone": "bowl"}]}),
    Case("a long fade is under way", {BOWL: steady(0), gateways("pending"): steady(1)}, 60),
    Case(
        "at another site of the same service a long fade is under way",
        {BOWL: steady(0), name("watertower_gateways", status="pending", site="south"): steady(1)},
        5,
        {"ZoneUnconfirmed": [{"zone": "bowl"}]},
    ),
    Case("a box lost its power", {MAST: steady(0)}, 7, {"GatewaySilent": [{"gateway": "mast"}]}),
    Case("a box starts anew", {MAST: f"1 0x3 {steady(1)}"}, 30),
    Case("one is silent, and known by name", {gateways("silent"): steady(1)}, 10),
    Case(
        "of many some are silent",
        {MAST: None, gateways("silent"): steady(3)},
        10,
        {"GatewaysSilent": [{"status": "silent"}]},
    ),
    Case(
        "commands fail",
        {name("watertower_commands_total", gateway="mast", result="no_answer"): COUNTED},
        60,
        {"CommandsFail": [{"gateway": "mast"}]},
    ),
    Case(
        "commands fail now and then",
        {name("watertower_commands_total", gateway="mast", result="not_obeyed"): f"0x30 {steady(2)}"},
        60,
    ),
    Case(
        "the broker is away, which the service calls a fault of its own too",
        {name("watertower_mqtt_connected"): steady(0), name("watertower_degradations"): steady(1)},
        20,
        {"BrokerLost": [{}]},
    ),
    Case(
        "a mistake was saved",
        {name("watertower_config_valid"): steady(0), name("watertower_degradations"): steady(1)},
        20,
        {"FilesRejected": [{}]},
    ),
    Case("a mistake was saved and mended", {name("watertower_config_valid"): f"0x5 {steady(1)}"}, 20),
    Case("the clock jumped", {name("watertower_clock_suspect"): steady(1)}, 7, {"ClockSuspect": [{}]}),
    Case("no time server", {name("watertower_clock_synchronized"): steady(0)}, 365, {"ClockUnsynchronized": [{}]}),
    Case("the clock is an hour ahead", {TURN: f"3600+60x{SAMPLES}"}, 20, {"ClockApart": [{}]}),
    Case("a disk is full", {name("watertower_degradations"): steady(1)}, 20, {"Degraded": [{}]}),
    Case(
        "it ends again and again",
        {name("watertower_events_total", level="info"): f"9 5 4 3x{SAMPLES}"},
        10,
        {"Restarts": [{"level": "info"}]},
    ),
    Case("it was restarted once", {name("watertower_events_total", level="info"): f"9 1x{SAMPLES}"}, 30),
    Case("the schedule is empty", {NEXT: None}, 65, {"NothingPlanned": [{}]}),
    Case(
        "a stop was forgotten",
        {name("watertower_safety_stop_active"): steady(1)},
        730,
        {"SafetyStopForgotten": [{}]},
    ),
    Case("a stop was set", {name("watertower_safety_stop_active"): steady(1)}, 600),
    Case(
        "a look by hand was forgotten",
        {name("watertower_override_active"): steady(1)},
        1445,
        {"OverrideForgotten": [{}]},
    ),
]


def rule_tests(rule_file: str, severities: dict[str, str]) -> str:
    """The cases in the language of promtool: for each alert whether it is raised, with its labels."""
    tests = [
        {
            "name": case.about,
            "interval": f"{MINUTE_S}s",
            "input_series": [
                {"series": series, "values": values}
                for series, values in (HEALTHY | case.changed).items()
                if values is not None
            ],
            "alert_rule_test": [
                {
                    "eval_time": f"{case.minutes}m",
                    "alertname": alert,
                    "exp_alerts": [
                        {
                            "exp_labels": {
                                key: value for key, value in (SITE | {"severity": severity} | more).items() if value
                            }
                        }
                        for more in case.alerts.get(alert.removeprefix("Watertower"), [])
                    ],
                }
                for alert, severity in severities.items()
            ],
        }
        for case in CASES
    ]
    return yaml.safe_dump({"rule_files": [rule_file], "evaluation_interval": "1m", "tests": tests}, sort_keys=False)
