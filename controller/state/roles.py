"""What somebody may do on the page and over the API. Pure."""

import json
from collections.abc import Mapping
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


SiteRoles = Mapping[str, Role] | None
"""By the name of a site what somebody may do there, and nothing at any other; None: the same role at all of them."""


def role_at(role: Role, sites: SiteRoles, site: str) -> Role | None:
    """What somebody may do at one of several sites; where there is one, it has no name."""
    return role if sites is None or not site else sites.get(site)


def highest(sites: Mapping[str, Role]) -> Role:
    """The role that includes all others."""
    return max(sites.values(), key=list(Role).index)


def written_sites(sites: SiteRoles) -> str | None:
    """As a database keeps them."""
    return None if sites is None else json.dumps(dict(sites), sort_keys=True)


def read_sites(text: str | None) -> SiteRoles:
    """From what a database keeps."""
    return None if text is None else {site: Role(role) for site, role in json.loads(text).items()}


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
