"""Reads a report of the Autobahn suite and exits with 1 unless every case, and the close of every case, passed.

    judge.py REPORT board|app-tungstenite|app-ewebsock

Cases 9 send messages of up to 16 MiB. Those above the limit of 64 KiB are passed when they were refused: with the close code 1009
(RFC 6455, section 7.4.1), by the app over ewebsock by dropping the connection.

Runs in the suite's own Python 2.7 and in any newer one.
"""

from __future__ import print_function

import json
import sys

# NON-STRICT: allowed by RFC 6455, though not the suite's first choice.
# INFORMATIONAL: the suite does not judge.
GOOD = ("OK", "NON-STRICT", "INFORMATIONAL")

# Of cases 9, those whose messages have 64 KiB at most.
WITHIN = ("9.1.1", "9.2.1", "9.7.", "9.8.")

REFUSED_WITH = {"board": 1009, "app-tungstenite": 1009, "app-ewebsock": None}


def main(path, who):
    with open(path) as report:
        agents = json.load(report)
    cases = [(name, case) for results in agents.values() for name, case in results.items()]
    cases.sort(key=lambda named: [int(part) for part in named[0].split(".")])
    too_large = [named for named in cases if named[0].startswith("9.") and not named[0].startswith(WITHIN)]
    others = [named for named in cases if named not in too_large]
    bad = [named for named in others if not all(named[1][side] in GOOD for side in ("behavior", "behaviorClose"))]
    taken = [named for named in too_large if named[1]["remoteCloseCode"] != REFUSED_WITH[who] or named[1]["behavior"] == "OK"]
    for name, case in bad + taken:
        print("case %s: %s, close %s (%s)" % (name, case["behavior"], case["behaviorClose"], case["remoteCloseCode"]))
    counts = len(others), len(bad), len(too_large), len(taken)
    print("Autobahn: %d cases, %d failed; %d messages above the limit, %d of them not refused" % counts)
    return 1 if bad or taken or not cases else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
