"""Runs every exercise: `judge.py FOREIGN_BOARDS`. Exit status 1 if one failed."""

import asyncio
import logging
import os
import shutil
import sys
import time
import traceback
from importlib.metadata import version

import judge_shelly
import judge_tasmota
import judge_wled

# The longest that an exercise may take, in seconds.
LIMIT = 90


async def run(family, exercise, program):
    name = f"{family} {exercise.__name__.replace('_', ' ')}"
    began = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT):
            await exercise(program)
    except Exception:
        traceback.print_exc()
        print(f"failed  {name}", flush=True)
        return False
    print(f"ok      {name} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


async def main(program):
    logging.disable(logging.CRITICAL)
    clients = [f"{name} {version(name)}" for name in ("aioshelly", "wled", "hatasmota")]
    print(", ".join(clients))
    families = [("Shelly", judge_shelly), ("WLED", judge_wled)]
    if shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin"):
        families.append(("Tasmota", judge_tasmota))
    else:
        print("skipped Tasmota: mosquitto is not installed")
    passed = [
        await run(family, exercise, program)
        for family, module in families
        for exercise in module.EXERCISES
    ]
    print(f"{sum(passed)} of {len(passed)} exercises passed")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
