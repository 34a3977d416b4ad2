"""The topics of one site: where its controller speaks, and what it listens to."""

from dataclasses import dataclass

from controller.gateways.base import Message
from controller.locale import Language
from controller.service.controller import Controller
from controller.service.health_watch import ONLINE
from controller.service.home_assistant_device import HomeAssistantDevice, home_assistant_topics

OFFLINE = b"offline"


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """What the site is called, the prefix of its topics, the language of its events, and what it is in Home
    Assistant."""

    name: str
    prefix: str
    language: Language = "en"
    home_assistant: HomeAssistantDevice | None = None
    meters: tuple[str, ...] = ()
    """Topics of the meters."""

    @property
    def requests(self) -> str:
        """Topic of manual requests."""
        return f"{self.prefix}/override/set"

    @property
    def events(self) -> str:
        """Topic of the controller's events."""
        return f"{self.prefix}/controller/event"

    @property
    def gateway_documents(self) -> str:
        """Topic filter of the documents about each gateway."""
        return f"{self.prefix}/controller/gateway/+"

    @property
    def status(self) -> str:
        """Topic on which the controller says that it is there."""
        return f"{self.prefix}/controller/status"

    @property
    def birth(self) -> Message:
        """What each connection begins with."""
        return Message(self.status, ONLINE, qos=1, retain=True)

    @property
    def will(self) -> Message:
        """What stands on the status topic once the controller is gone."""
        return Message(self.status, OFFLINE, qos=1, retain=True)


def subscriptions(controller: Controller, site: SiteInfo) -> tuple[str, ...]:
    """The topics that a controller listens to."""
    home_assistant = home_assistant_topics(site.home_assistant, site.prefix)
    return (*controller.topics, site.requests, site.status, site.gateway_documents, *home_assistant, *site.meters)


def partial_topics(controller: Controller, site: SiteInfo) -> tuple[str, ...]:
    """Those of which more than the newest message counts, since each holds a part of what is meant."""
    home_assistant = site.home_assistant.partial if site.home_assistant is not None else ()
    return (*controller.partial, *home_assistant)
