"""The topics of one site, on which its controller publishes and to which it subscribes."""

from dataclasses import dataclass

from controller.gateways.base import Message
from controller.locale import Language
from controller.service.controller import Controller
from controller.service.health_watch import ONLINE
from controller.service.home_assistant_device import HomeAssistantDevice, home_assistant_topics

OFFLINE = b"offline"


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """Name of the site, prefix of its topics, language of its events, and its device in Home Assistant."""

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
        """Topic of the controller's status, `online` or `offline`."""
        return f"{self.prefix}/controller/status"

    @property
    def birth(self) -> Message:
        """The first message on each connection."""
        return Message(self.status, ONLINE, qos=1, retain=True)

    @property
    def will(self) -> Message:
        """The status that the broker publishes once the controller is gone."""
        return Message(self.status, OFFLINE, qos=1, retain=True)


def subscriptions(controller: Controller, site: SiteInfo) -> tuple[str, ...]:
    """The topics that a controller subscribes to."""
    home_assistant = home_assistant_topics(site.home_assistant, site.prefix)
    return (*controller.topics, site.requests, site.status, site.gateway_documents, *home_assistant, *site.meters)


def partial_topics(controller: Controller, site: SiteInfo) -> tuple[str, ...]:
    """Topics on which not only the newest message counts, since each message holds a part of the state."""
    home_assistant = site.home_assistant.partial if site.home_assistant is not None else ()
    return (*controller.partial, *home_assistant)
