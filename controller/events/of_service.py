"""Events of … (placeholder head)."""

from controller.events.kind import Kind, Level, Text

KINDS: tuple[Kind, ...] = ()
