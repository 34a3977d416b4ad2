"""A box at the end of cables: a network of its own on this machine."""

import itertools
import os
import subprocess

from tests.parts import require

_numbers = (number % 250 for number in itertools.count(os.getpid()))


class FarBox:
    """A network that is joined to this machine by cables, each a network in itself.

    `within` are the words before a program that runs in it, `addresses` ours at the end of each cable.
    """

    def __init__(self, cables: int = 1) -> None:
        self._ip = require("ip")
        # what was taken away is gone a moment later, so no two are called alike
        self._name = f"wt{os.getpid() % 100_000}x{next(_numbers)}"
        self.within = (self._ip, "netns", "exec", self._name)
        self.addresses: list[str] = []
        self._run("netns", "add", self._name)
        for cable in range(cables):
            net, ours, theirs = f"10.253.{next(_numbers)}", f"{self._name}{cable}", f"eth{cable}"
            self._run("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", self._name)
            self._run("addr", "add", f"{net}.1/24", "dev", ours)
            self._run("link", "set", ours, "up")
            self._run("-n", self._name, "addr", "add", f"{net}.2/24", "dev", theirs)
            self.put_back(cable)
            self.addresses.append(f"{net}.1")

    def pull(self, cable: int = 0) -> None:
        """Nothing passes, and neither end gets a notice of it."""
        self._run("-n", self._name, "link", "set", f"eth{cable}", "down")

    def put_back(self, cable: int = 0) -> None:
        """It passes again."""
        self._run("-n", self._name, "link", "set", f"eth{cable}", "up")

    def close(self) -> None:
        """Takes it away, cables too."""
        self._run("netns", "del", self._name)

    def _run(self, *words: str) -> None:
        subprocess.run([self._ip, *words], check=True, capture_output=True)
