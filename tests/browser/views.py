"""The views of the page, by who may see them."""

PUBLIC = ("/public", "/accessibility", "/nothing-here")
CAMPAIGN = "/schedule/campaign/en-vecka-fri-fran-vald"
OPERATOR = (
    "/override",
    "/stop",
    "/stop/lift",
    "/schedule/file",
    "/account",
    CAMPAIGN,
    "/schedule/new?kind=campaign",
    "/schedule/new?kind=blackout",
    "/schedule/new?kind=everyday",
)
VIEWER = (
    "/",
    "/?kiosk=1",
    "/why",
    "/why?day=2026-11-23&time=23:30",
    "/schedule",
    "/gateways",
    "/gateways/entre",
    "/events",
    "/code/TWL-G104",
    "/proof",
    "/history",
    "/history/1",
    "/more",
)
ADMIN = ("/accounts", "/accounts/new", "/tokens")
ALL = (*PUBLIC, *VIEWER, *OPERATOR, *ADMIN)
CHANGED_BY_STATE = (
    "/",
    "/override",
    "/stop",
    "/stop/lift",
    "/schedule",
    "/schedule/file",
    CAMPAIGN,
    "/gateways",
    "/gateways/entre",
    "/events",
    "/why",
    "/public",
)
