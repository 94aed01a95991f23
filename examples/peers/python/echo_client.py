"""Sends each line of standard input, and prints each response.

    python echo_client.py ws://127.0.0.1:8080/
"""

import sys

from websockets.sync.client import connect

with connect(sys.argv[1]) as connection:
    print(connection.recv(), flush=True)  # the server's hello
    # One connection for all lines.
    for line in sys.stdin:
        connection.send(line.rstrip("\n"))
        print(connection.recv(), flush=True)
