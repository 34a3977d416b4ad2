"""What somebody may do on the page and over the API. Pure."""

from enum import StrEnum


class Role(StrEnum):
    """Each may do all that those before it may: a viewer reads, an operator changes light and schedule, an admin also
    keeps accounts and gateways."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this one may do what the other may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


class Scope(StrEnum):
    """What an API token may do; all of them may read."""

    READ = "read"
    OVERRIDE = "override"
    SCHEDULE = "schedule"


class Source(StrEnum):
    """By which way somebody acted."""

    PAGE = "page"
    API = "api"
    MQTT = "mqtt"
    DISK = "disk"
    COMMAND_LINE = "command_line"
    SERVICE = "service"
