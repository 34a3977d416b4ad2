"""The shipped files on a copy, and the commands on it, as the tests of the commands have them."""

from tests.cli.conftest import call, config

__all__ = ["call", "config"]
