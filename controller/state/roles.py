"""Roles on the page and scopes of the API. Pure."""

import json
from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """Each includes the rights of those before it: a viewer reads, an operator changes light and schedule, an admin
    also manages accounts and gateways."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role has all rights of the other."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


SiteRoles = Mapping[str, Role] | None
"""A person's role at each site, by its name, with no rights at other sites; None: the same role at all sites."""


def role_at(role: Role, sites: SiteRoles, site: str) -> Role | None:
    """The role at one of several sites; an only site has no name."""
    return role if sites is None or not site else sites.get(site)


def highest(sites: Mapping[str, Role]) -> Role:
    """The role that includes all others."""
    return max(sites.values(), key=list(Role).index)


def written_sites(sites: SiteRoles) -> str | None:
    """The text that a database stores."""
    return None if sites is None else json.dumps(dict(sites), sort_keys=True)


def read_sites(text: str | None) -> SiteRoles:
    """From the text that a database stores."""
    return None if text is None else {site: Role(role) for site, role in json.loads(text).items()}


class Scope(StrEnum):
    """Rights of an API token; all tokens may read."""

    READ = "read"
    OVERRIDE = "override"
    SCHEDULE = "schedule"


class Source(StrEnum):
    """The way in which a person acted."""

    PAGE = "page"
    API = "api"
    MQTT = "mqtt"
    DISK = "disk"
    COMMAND_LINE = "command_line"
    SERVICE = "service"
