"""Sessions that are kept: who gets what they wait for, and which are forgotten."""

from controller.broker.access import Rights, User
from controller.broker.client_session import Limits
from controller.broker.packets import Publish
from controller.broker.router import Router


class Line:
    """A connection that counts how often there is something to send."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    def overrun(self) -> None:
        raise AssertionError

    def drop(self, code: str) -> None:
        raise AssertionError(code)


def test_another_user_with_the_same_client_id_is_not_sent_what_the_one_before_might_read() -> None:
    """The subscriptions are kept with the client id; whom a topic goes to is remembered."""
    users = {"tower": User("orange"), "guest": User("blue", read=("open/#",), write=())}
    router = Router(Limits(), lambda *_, **__: None, lambda: None, Rights(users))
    sender, _ = router.open("sender", "tower", True, Line())
    for user, expected in (("tower", {"open/a", "secret/a"}), ("guest", {"open/a"})):
        session, _ = router.open("c", user, False, Line())
        if user == "tower":
            router.subscribe(session, (("+/a", 0),))
        for topic in ("open/a", "secret/a"):
            router.publish(Publish(topic, b"m"), sender)
        seen = set()
        while packet := session.next_packet():
            seen.add(packet[4 : 4 + packet[3]].decode())
        assert seen == expected
        router.close(session)


def test_of_too_many_sessions_the_one_longest_away_is_forgotten() -> None:
    """Who came last may have left first."""
    emitted: list[object] = []
    router = Router(Limits(sessions=1), lambda code, **_: emitted.append(code), lambda: None, Rights())
    opened = {name: router.open(name, None, False, Line())[0] for name in ("first", "second")}
    for name in ("second", "first"):
        router.close(opened[name])
    assert (list(router.sessions), emitted) == (["first"], ["TWL-B044"])
