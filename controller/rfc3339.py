"""Instants as text after RFC 3339: in documents, `--json` and the history."""

from datetime import UTC, datetime, tzinfo


def rfc3339(at: datetime, zone: tzinfo = UTC, timespec: str = "auto") -> str:
    """An aware instant as `2026-11-20T14:41:00Z`, or in a zone with its offset; `timespec` as `datetime.isoformat`
    has it, by default to the second or as much finer as the instant is."""
    text = at.astimezone(zone).isoformat(timespec=timespec)
    return text.replace("+00:00", "Z") if zone is UTC else text


def parse_rfc3339(text: str) -> datetime:
    """The instant, UTC. Raises ValueError for anything else, a text without an offset included."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"an instant without an offset: {text!r}")
    return at.astimezone(UTC)
