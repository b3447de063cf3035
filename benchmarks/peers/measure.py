#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every load on every driver, each once a round and each round in another order, and keeps all results."""

import argparse
import json
import os
import pathlib
import platform
import random
import resource
import subprocess
import sys
import time

from loads import LOADS


class OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}; try --help\n")


class Broken(Exception):
    """A driver that cannot do what it is there for."""


def count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"takes a whole number from 1, not '{text}'")
    return int(text)


def parse_arguments():
    parser = OneLineParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--drivers", type=pathlib.Path, required=True, help="a folder; each file in it is one")
    parser.add_argument("--results", type=pathlib.Path, required=True, help="where to write them, as JSON")
    parser.add_argument("--rounds", type=count, default=5)
    parser.add_argument("--ms", type=count, default=1000, help="length of a measurement (default 1000)")
    parser.add_argument("--warm_up_ms", type=count, default=500, help="the same before it is measured (default 500)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 16), help="of the order (default: any)")
    parser.add_argument("--only", help="these pools, divided by commas (default: all)")
    parser.add_argument("--quick", action="store_true", help="each for a moment; the figures mean nothing")
    wanted = parser.parse_args()
    if not wanted.drivers.is_dir():
        parser.error(f"there is no folder {wanted.drivers}")
    if wanted.quick:
        wanted.rounds, wanted.ms, wanted.warm_up_ms = 1, 10, 5
    return parser, wanted


def find_drivers(parser, wanted):
    drivers = {path.name: path for path in sorted(wanted.drivers.iterdir())}
    if wanted.only is not None:
        chosen = wanted.only.split(",")
        for name in chosen:
            if name not in drivers:
                parser.error(f"--only: there is no driver of '{name}'; there are {', '.join(drivers)}")
        drivers = {name: drivers[name] for name in drivers if name in chosen}
    if not drivers:
        parser.error("there is no driver at all")
    return drivers


def processor_seconds():
    """Of the whole machine, and also what a hypervisor kept from it; nothing where that is not told."""
    try:
        words = pathlib.Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _io_wait, irq, soft_irq, steal = map(int, words[1:9])
    return (user + nice + system + irq + soft_irq + steal) / os.sysconf("SC_CLK_TCK")


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def watched(run):
    """What `run` returns, and the share of all processors that others took meanwhile."""
    began, busy, own = time.monotonic(), processor_seconds(), children_seconds()
    result = run()
    if busy is None:
        return result, 0
    by_others = processor_seconds() - busy - (children_seconds() - own)
    return result, max(0, by_others) / (time.monotonic() - began) / os.cpu_count()


def run_once(driver, load, wanted):
    """One measurement; what the driver prints."""
    command = [driver, *load.flags, f"--ms={wanted.ms}", f"--warm_up_ms={wanted.warm_up_ms}"]
    limit = 60 + 10 * (wanted.ms + wanted.warm_up_ms) / 1000
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=True)
        return json.loads(done.stdout)
    except subprocess.CalledProcessError as failure:
        raise Broken(f"{driver.name}, {load.name}: {failure.stderr.strip()}") from failure
    except subprocess.TimeoutExpired as failure:
        raise Broken(f"{driver.name}, {load.name}: not done after {limit:.0f} s") from failure


def measure(drivers, wanted):
    """Gives all results so far after each round, so that one who has no more time keeps what is complete."""
    turns = [(load, driver) for load in LOADS for driver in drivers.values() if driver.name not in load.cannot]
    dice = random.Random(wanted.seed)
    results = []
    for round_number in range(1, wanted.rounds + 1):
        dice.shuffle(turns)
        for load, driver in turns:
            show_progress(f"round {round_number} of {wanted.rounds}: {driver.name}, {load.name}")
            result, others = watched(lambda: run_once(driver, load, wanted))
            results.append({"round": round_number, "load": load.name, "others": round(others, 3), **result})
        show_progress("")
        yield results


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def main():
    parser, wanted = parse_arguments()
    drivers = find_drivers(parser, wanted)
    print(f"Order by seed {wanted.seed}", file=sys.stderr)
    about = {name: path.read_text(encoding="utf-8").splitlines()[1].removeprefix("# ")
             for name, path in drivers.items()}
    try:
        for rounds, results in enumerate(measure(drivers, wanted), 1):
            whole = {
                "quick": wanted.quick,
                "seed": wanted.seed,
                "rounds": rounds,
                "ms": wanted.ms,
                "warm_up_ms": wanted.warm_up_ms,
                "processors": os.cpu_count(),
                "processor": processor(),
                "pools": about,
                "results": results,
            }
            wanted.results.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    except Broken as broken:
        show_progress("")
        sys.exit(f"measure.py: {broken}")


if __name__ == "__main__":
    main()
