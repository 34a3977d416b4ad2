"""A snapshot of the shipped site after a turn of its controller, for views that need no lamps behind them."""

from typing import Any

from controller.clock import ClockReading
from controller.config.load import Setup
from controller.schedule.campaign import Override, SafetyStop
from controller.service.controller import Controller
from controller.service.health_report import HealthReport
from controller.web.running_service import Snapshot

CONFIRMED = {"confirmed": 1, "pending": 0, "differs": 0, "silent": 0, "unknown": 0}


def snapshot_of(
    setup: Setup,
    reading: ClockReading,
    overrides: tuple[Override, ...] = (),
    stop: SafetyStop | None = None,
    **health: Any,
) -> Snapshot:
    """Its only gateway confirms, and a broker is connected; `health` changes fields of the summary."""
    program = setup.program().with_overrides(overrides, stop)
    controller = Controller(setup.tower.gateways, "watertower", program)
    controller.connected(reading)
    controller.turn(reading)
    states = {
        name: state._replace(status=dict.fromkeys(setup.tower.zones, "confirmed"))
        for name, state in controller.states.items()
    }
    cue = controller.cue or program.look_at(reading.wall)
    summary = HealthReport(setup.tower.site.name, "watertower").summary(controller, reading)
    return Snapshot(
        reading=reading,
        setup=setup,
        program=program,
        cue=cue,
        rules=controller.rules(cue, reading.wall),
        health=summary.model_copy(update={"counts": CONFIRMED, "amiss": 0, "unconfirmed": (), **health}),
        states=states,
        codes={},
        overrides=(),
        stop=None,
        connected={"127.0.0.1:1883": True},
    )
