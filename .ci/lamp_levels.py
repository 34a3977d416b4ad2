"""Prints the levels of a DMX universe that arrive as sACN, and each change of them, until it is ended.

lamp_levels.py ADDRESS UNIVERSE SLOTS
"""

import socket
import sys

PORT, HEADER, UNIVERSE_AT = 5568, 126, 113


def main(address: str, universe: int, slots: int) -> None:
    """One line with the levels of the first slots whenever they are others than before."""
    before = b""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((address, PORT))
        while True:
            packet = wire.recv(1024)
            levels = packet[HEADER : HEADER + slots]
            if int.from_bytes(packet[UNIVERSE_AT : UNIVERSE_AT + 2]) == universe and levels != before:
                print(*levels, flush=True)
                before = levels


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
