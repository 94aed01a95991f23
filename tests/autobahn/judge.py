"""Reads a report of the Autobahn suite and exits with 1 unless every case, and the close of every case, was as it should be.

Runs in the suite's own Python 2.7 and in any newer one.
"""

from __future__ import print_function

import json
import sys

# NON-STRICT: allowed by RFC 6455, though not the suite's first choice. INFORMATIONAL: the suite only looks.
GOOD = ("OK", "NON-STRICT", "INFORMATIONAL")


def main(path):
    with open(path) as report:
        agents = json.load(report)
    cases = [(name, case) for results in agents.values() for name, case in results.items()]
    cases.sort(key=lambda named: [int(part) for part in named[0].split(".")])
    bad = [named for named in cases if not all(named[1][side] in GOOD for side in ("behavior", "behaviorClose"))]
    for name, case in bad:
        print("case %s: %s, close %s" % (name, case["behavior"], case["behaviorClose"]))
    print("Autobahn: %d cases, %d failed" % (len(cases), len(bad)))
    return 1 if bad or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
