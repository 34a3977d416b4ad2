"""Order of the documents: (epoch, revision), above everything that was ever seen.

Rules
1. Until the first document is issued, every order seen raises the epoch above it: a controller that lost its state
   starts above what it finds retained or reported.
2. Later an order above ours raises it again; the caller tells of it.
3. An epoch more than MAX_EPOCH_LEAP above ours is poison: it is not followed.
"""

from controller.gateways.documents import MAX_EPOCH_LEAP
from controller.gateways.gateway import Order


class Orders:
    """The counter; `known` is the highest order that was kept on disk."""

    def __init__(self, known: Order = Order()) -> None:
        self._order = Order(known.epoch + 1, 0)

    @property
    def current(self) -> Order:
        """The order that was issued last."""
        return self._order

    def issue(self) -> Order:
        """The order of the next document."""
        self._order = Order(self._order.epoch, self._order.revision + 1)
        return self._order

    def is_poison(self, seen: Order) -> bool:
        """Rule 3."""
        return seen.epoch > self._order.epoch + MAX_EPOCH_LEAP

    def rise_above(self, seen: Order) -> bool:
        """Go above an order that was seen; False where ours is above it already, or it is poison."""
        if self.is_poison(seen) or seen < self._order or seen == self._order:
            return False
        self._order = Order(seen.epoch + 1, 0)
        return True
