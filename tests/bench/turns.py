"""Turns of a controller until it is no more behind: one turn decides a few gateways."""

from controller.clock import ClockReading
from controller.gateways.base import Message
from controller.service.controller import Controller


def all_decided(controller: Controller, reading: ClockReading) -> list[Message]:
    """What the turns at this moment send."""
    messages: list[Message] = []
    while True:
        result = controller.turn(reading)
        messages.extend(result.messages)
        if not result.is_behind:
            return messages
