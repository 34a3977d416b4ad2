"""Mistakes in the two files; the parts of this table are in the order in which the files are read."""

from controller.events.models import EventKind
from controller.events.of_keys import KINDS as KEYS
from controller.events.of_text import KINDS as TEXT
from controller.events.of_tower import KINDS as TOWER

KINDS: tuple[EventKind, ...] = (*TEXT, *KEYS, *TOWER)
