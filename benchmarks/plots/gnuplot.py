# SPDX-License-Identifier: MIT
"""What the pictures have in common. They are SVG with text as text, without a date: the same data, the same file."""

import subprocess
import sys

FONT = "sans-serif,11"
SMALL = "sans-serif,9"
INK = "#24292f"
PAPER = "#ffffff"  # or else dark pages swallow the text

# what the lines are called, and how they look: pooly in blue, made by hand in grey
POOLS = {
    "pooly": 'lc rgb "#1f6feb" dt 1',
    "pooly_barging": 'lc rgb "#1f6feb" dt 2',
    "pooly_lifo": 'lc rgb "#79b0ff" dt 1',
    "pooly_fifo": 'lc rgb "#79b0ff" dt 2',
    "hand_written": f'lc rgb "{INK}" dt 1',
    "hand_tuned": f'lc rgb "{INK}" dt 2',
    "poco": 'lc rgb "#2da44e" dt 1',
    "soci": 'lc rgb "#bf8700" dt 1',
    "tbb": 'lc rgb "#cf222e" dt 1',
    "moodycamel": 'lc rgb "#8250df" dt 1',
}


def colour_of(pool):
    if pool.startswith("pooly"):
        return "0x1f6feb"
    return "0x57606a" if pool.startswith("hand_") else "0xb6bfca"


def head(path, width, height):
    return [
        f'set terminal svg size {width},{height} dynamic noenhanced font "{FONT}" background "{PAPER}"',
        f'set output "{path}"',
        f'set border lc rgb "{INK}"',
        f'set tics textcolor rgb "{INK}" nomirror',
        "set encoding utf8",
    ]


def run(lines):
    try:
        subprocess.run(["gnuplot"], input="\n".join(lines) + "\n", text=True, check=True)
    except FileNotFoundError:
        sys.exit("pictures need gnuplot (gnuplot-nox)")
    except subprocess.CalledProcessError:
        sys.exit("gnuplot did not like it")
