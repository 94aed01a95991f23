"""{{name}}: what the board is made of, and what it does."""

import sys

from switchboard import {{imports}}

if sys.platform == "linux":
    import simulated as hardware

    ID = {{"id"}}
else:
    import hardware

    ID = None  # made of the chip's own number

{{each component}}

board = Board({{"name"}}, {{identifiers}}, id=ID)


@board.identify
def identify():
    print("This board was asked to identify itself.")
{{each handler}}
