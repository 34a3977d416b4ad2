"""What a gateway keeps over restarts: the document that it accepted last, and from what that document's fade began."""

from pathlib import Path

from pydantic import Field

from controller import plain_file
from controller.gateways.base import Rejected
from controller.gateways.wire import MAX_PAYLOAD, DesiredDocument, Instant, Zones, parse_document

MOST = 4 * MAX_PAYLOAD
"""Bytes of the file: what a document leaves out is written out in it, and `before` comes to it."""


class GatewayFile(DesiredDocument):
    """The document, and by zone what was shown `before` it; nothing for dark. `accepted_at` is when it was accepted by
    a clock that was sure, where it was dated ahead of that."""

    before: Zones = Field(default_factory=dict)
    accepted_at: Instant | None = None


def read_memory(path: Path) -> GatewayFile | None:
    """The memory kept in a file; None where there is none that can be read."""
    try:
        told = parse_document(GatewayFile, plain_file.read(path, MOST), MOST)
    except OSError:
        return None
    return None if isinstance(told, Rejected) else told
