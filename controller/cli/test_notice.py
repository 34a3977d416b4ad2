"""`watertower test-notice [NAME]`: sends a test notice to each receiver, or to one."""

import asyncio

import click

from controller.app.last_good import load_last_good
from controller.app.notifier import Courier
from controller.cli.options import FOUND_PROBLEMS, Options, common
from controller.clock import SystemClock
from controller.config.tower_keys import Receiver
from controller.errors import WatertowerError
from controller.events.models import Reason, Text
from controller.service.notices import NoticeMessage


@click.command("test-notice")
@click.argument("name", required=False)
@common
def command(options: Options, name: str | None) -> None:
    """Send it now, at any hour, and show whether it was delivered."""
    setup, _ = load_last_good(options.folder, options.state_dir)
    receivers = setup.tower.notices
    asked = [each for each in receivers if name in {None, each.name}]
    if not asked:
        known = ", ".join(each.name for each in receivers) or "–"
        raise WatertowerError("TWL-N121", receiver=name or "–", receivers=known)
    failed = False
    for receiver in asked:
        language = receiver.language or setup.tower.site.language
        site = {"site": setup.tower.site.name}
        title, body = (Text("notices", f"test.{part}").format(language, site) for part in ("title", "body"))
        reason = asyncio.run(_sent(receiver, NoticeMessage(title, body, "info")))
        failed |= reason is not None
        key = "failed" if reason is not None else "arrived"
        click.echo(
            options.text(
                f"test-notice.{key}", receiver=receiver.name, reason=reason.text(options.language) if reason else ""
            )
        )
    raise SystemExit(FOUND_PROBLEMS if failed else 0)


async def _sent(receiver: Receiver, message: NoticeMessage) -> Reason | None:
    return await Courier(receiver, SystemClock(), lambda _: None).deliver(message)
