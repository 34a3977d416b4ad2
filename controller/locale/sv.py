"""English phrase -> Swedish phrase."""

SV: dict[str, str] = {}
