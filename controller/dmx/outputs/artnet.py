"""Art-Net 4: the ArtDmx packet as a pure function, and the output that sends it to one node or to the broadcast
address of its network."""

import asyncio
import struct

from controller.dmx.network_output import Destination, NetworkOutput
from controller.dmx.output import FRAME_S, SLOTS, OnEvent, OutputSource, OutputStatus
from controller.gateways.outputs import ArtnetOutput

PORT = 6454
OP_DMX = 0x5000
REVISION = 14


def port_address(net: int, sub_net: int, universe: int) -> int:
    """The 15-bit address of a universe: seven bits net, four bits sub-net, four bits universe."""
    return net << 8 | sub_net << 4 | universe


def art_dmx(address: int, sequence: int, levels: bytes, physical: int = 0) -> bytes:
    """One ArtDmx packet; an odd number of levels is padded with a zero."""
    levels += bytes(len(levels) % 2)
    # the operation and the address are little-endian, revision and length big-endian
    return b"".join(
        (
            b"Art-Net\0",
            struct.pack("<H", OP_DMX),
            struct.pack(">HBB", REVISION, sequence, physical),
            struct.pack("<H", address),
            struct.pack(">H", len(levels)),
            levels,
        )
    )


class Artnet(NetworkOutput):
    """Sends to one node or one network."""

    def __init__(self, settings: ArtnetOutput, source: OutputSource, on_event: OnEvent) -> None:
        super().__init__(source, (Destination(settings.to, PORT, OutputStatus(source.gateway, settings.to, on_event)),))
        self._settings = settings
        self._sequences: dict[int, int] = {}

    def _transmit(self, universe: int, levels: bytes) -> bool:
        # from 1 to 255 and again from 1; 0 would switch ordering off
        sequence = self._sequences.get(universe, 0) % 255 + 1
        self._sequences[universe] = sequence
        address = port_address(self._settings.net, self._settings.sub_net, universe)
        # all slots, so that a channel that is no longer patched does not keep an old level
        return self._send(universe, art_dmx(address, sequence, levels.ljust(SLOTS, b"\0")))

    async def _farewell(self) -> None:
        """Sends the levels once more, in case the last packet was lost: Art-Net has no end of a stream."""
        await asyncio.sleep(FRAME_S)
        for universe, stream in self._pacer.streams.items():
            self._transmit(universe, stream.levels)
