"""Order of the documents: (epoch, revision), above what a controller may have issued before.

Until the first document is issued, every order seen raises the epoch above it, so that a controller that lost its state
starts above what it finds retained or reported; later an order above ours raises it again, and the caller tells of it.

Nobody can lead it to an order that gateways refuse: what is seen is followed to MAX_FOLLOWED at most, which leaves as
many starts again up to MAX_EPOCH. A gateway that truly holds more is overcome by a document that names what it
replaces.
"""

from controller.gateways.base import Order
from controller.gateways.wire import MAX_EPOCH

MAX_FOLLOWED = MAX_EPOCH // 2


class Revisions:
    """The counter; `known` is the highest order that was kept on disk. One that no gateway would follow is not
    believed: it begins anew."""

    def __init__(self, known: Order = Order()) -> None:
        self._order = Order(known.epoch + 1 if known.epoch < MAX_EPOCH else 1, 0)

    @property
    def current(self) -> Order:
        """The order that was issued last."""
        return self._order

    def issue(self) -> Order:
        """The order of the next document."""
        self._order = Order(self._order.epoch, self._order.revision + 1)
        return self._order

    def rise_above(self, seen: Order) -> bool:
        """Go above an order that was seen; False where ours is above it already, or it is too high to be followed."""
        if seen.epoch > MAX_FOLLOWED or not self._order < seen:
            return False
        self._order = Order(seen.epoch + 1, 0)
        return True
