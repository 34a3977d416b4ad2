"""`python -m controller`: the same as `watertower`."""

from controller.cli import main

main()
