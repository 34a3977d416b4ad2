"""What is to be sent: the newest of each topic."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from controller.gateways.base import Message
from controller.mqtt.queues import PROMPT_S, STREAM, WINDOW, Outbox

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abc"), st.sampled_from([0, 1, 2])),
        st.tuples(st.just("take"), st.just(""), st.just(0)),
        st.tuples(st.just("acknowledge"), st.just(""), st.integers(0, 3)),
    ),
    max_size=60,
)


class Sender:
    """Sends from an outbox and remembers what is unacknowledged."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.sent: dict[str, list[int]] = {}
        self._open: dict[int, str] = {}
        self._mid = 0

    def put(self, topic: str, qos: int, number: int) -> None:
        """Publishes."""
        self.outbox.put(Message(topic, b"%d" % number, qos, retain=True))

    def send(self) -> None:
        """Sends one message, if one may go."""
        message = self.outbox.take()
        if message is None:
            return
        assert message.topic not in self._open.values(), "a second one before the acknowledgement"
        self._mid += 1
        self.outbox.sent(message, self._mid, 0.0)
        self.sent.setdefault(message.topic, []).append(int(message.payload))
        if message.qos:
            self._open[self._mid] = message.topic

    def acknowledge(self, which: int) -> None:
        """Acknowledges one of the open ones."""
        if self._open:
            mid = list(self._open)[which % len(self._open)]
            del self._open[mid]
            self.outbox.acknowledged(mid, 0.0)


@given(STEPS)
def test_every_topic_ends_with_its_newest_and_never_goes_back(steps: list[tuple[str, str, int]]) -> None:
    """Whatever the order of publishing, sending and acknowledging."""
    sender = Sender()
    newest: dict[str, int] = {}
    for number, (step, topic, value) in enumerate(steps):
        if step == "put":
            sender.put(topic, value, number)
            newest[topic] = number
        elif step == "take":
            sender.send()
        else:
            sender.acknowledge(value)
    for _ in range(20):
        sender.send()
        sender.acknowledge(0)
    assert sender.outbox.idle
    assert {topic: values[-1] for topic, values in sender.sent.items()} == newest
    assert all(values == sorted(set(values)) for values in sender.sent.values())


def test_a_newer_value_keeps_the_place_of_the_one_it_replaces() -> None:
    """A topic that changes often is not put off for ever."""
    outbox = Outbox()
    for topic, value in (("a", b"1"), ("b", b"1"), ("a", b"2")):
        outbox.put(Message(topic, value, 1))
    assert outbox.take() == Message("a", b"2", 1)
    assert outbox.take() == Message("b", b"1", 1)
    assert outbox.take() is None


def test_a_window_of_messages_is_unacknowledged_and_no_more() -> None:
    """One acknowledgement lets one more go."""
    outbox = Outbox()
    for number in range(WINDOW + 2):
        outbox.put(Message(f"t/{number}", b"", 1))
    for number in range(WINDOW):
        message = outbox.take()
        assert message is not None
        outbox.sent(message, number + 1, float(number))
    assert outbox.take() is None
    assert not outbox.ready
    assert not outbox.idle
    assert outbox.unacknowledged_s(1000.0) == 1000.0
    outbox.acknowledged(1, 1000.0)
    outbox.acknowledged(1, 1000.0)
    outbox.acknowledged(60_000, 1000.0)
    assert outbox.unacknowledged_s(1000.0) == 999.0
    assert outbox.take() == Message(f"t/{WINDOW}", b"", 1)


def test_a_prompt_broker_is_sent_more_at_a_stroke_and_a_slow_one_soon_as_little_as_at_first() -> None:
    """The window doubles with each round that is acknowledged at once."""
    outbox, numbers = Outbox(), count(1)

    def sent_at(now_s: float) -> list[int]:
        mids = []
        while message := outbox.take():
            mids.append(next(numbers))
            outbox.sent(message, mids[-1], now_s)
        return mids

    for number in range(30 * WINDOW):
        outbox.put(Message(f"t/{number}", b"", 1))
    rounds = []
    for now_s in range(3):
        rounds.append(sent_at(float(now_s)))
        for mid in rounds[-1]:
            outbox.acknowledged(mid, now_s + PROMPT_S)
    assert [len(each) for each in rounds] == [WINDOW, 2 * WINDOW, 4 * WINDOW]
    for now_s in range(3, 7):
        rounds.append(sent_at(float(now_s)))
        for mid in rounds[-1]:
            outbox.acknowledged(mid, now_s + 2 * PROMPT_S)
    assert [len(each) for each in rounds[3:]] == [8 * WINDOW, 4 * WINDOW, 2 * WINDOW, WINDOW]


@given(st.lists(st.sampled_from(["event", "value", "send"]), max_size=40))
def test_of_a_stream_nothing_is_replaced_and_values_go_first(steps: list[str]) -> None:
    """Events on one topic all go out, in order, whatever values wait or are unacknowledged."""
    outbox = Outbox()
    events = [b"%d" % number for number, step in enumerate(steps) if step == "event"]
    sent: list[bytes] = []

    def send(mid: int) -> None:
        if message := outbox.take():
            outbox.sent(message, mid, 0.0)
            sent.extend([message.payload] if message.topic == "event" else [])

    for number, step in enumerate(steps, 1):
        if step == "send":
            send(number)
        else:
            outbox.put(Message(step, b"%d" % (number - 1), qos=int(step == "value")))
    for number in range(len(steps) + 1, 2 * len(steps) + 2):
        send(number)
    assert sent == events
    assert not outbox.ready


def test_a_stream_that_cannot_be_sent_is_bounded() -> None:
    """The oldest are dropped, and a value that waits goes before it."""
    outbox = Outbox()
    for number in range(STREAM + 5):
        outbox.put(Message("event", b"%d" % number))
    outbox.put(Message("value", b"", 1))
    assert outbox.take() == Message("value", b"", 1)
    rest = []
    while message := outbox.take():
        rest.append(message.payload)
    assert rest == [b"%d" % number for number in range(5, STREAM + 5)]


def test_parts_of_a_topic_wait_beside_each_other() -> None:
    """Orders for two lamps share a topic: each gives way to a newer one of its own part only, also in flight."""
    outbox = Outbox()
    for part, payload in (("a", b"1"), ("b", b"2"), ("a", b"3")):
        outbox.put(Message("rpc", payload, 1, part=part))
    sent = [outbox.take(), outbox.take()]
    assert [message.payload for message in sent if message] == [b"3", b"2"]
    for mid, message in enumerate(sent):
        if message:
            outbox.sent(message, mid, 0.0)
    outbox.put(Message("rpc", b"4", 1, part="b"))
    assert outbox.take() is None
    outbox.put(Message("rpc", b"5", 1, part="c"))
    assert (outbox.take() or sent[0]) == Message("rpc", b"5", 1, part="c")
    outbox.acknowledged(1, 0.0)
    assert (outbox.take() or sent[0]) == Message("rpc", b"4", 1, part="b")
