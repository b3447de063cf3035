#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Medians of what measure.py found, as CSV and as one table in Markdown."""

import argparse
import csv
import json
import pathlib
import statistics

from loads import LOADS

ORDER = ("pooly", "pooly_barging", "hand_written", "hikaricp", "commons_pool2", "commons_pool2_fair", "database_sql",
         "database_sql_timeout", "otp")
MEASURE = "pooly"  # what the others are set against
FIGURES = ("per_second", "in_use", "held_us", "p50_us", "p99_us", "p999_us", "max_us", "fairness")


COLUMNS = 10  # behind the name
DISTURBED = 0.1  # share of the processors that others took
SOME = 3  # undisturbed turns are enough to leave out the others


def figures_of(result):
    """What is derived from one measurement, beside what the driver says."""
    whole = result["seconds"] * result["size"] * 1e6
    return {
        **result,
        "per_second": result["pairs"] / result["seconds"],
        "in_use": result["pairs"] * result["held_us"] / whole if result["hold_us"] else 0,
        "fairness": result["fewest"] / max(1, result["most"]),
    }


def undisturbed(turns):
    quiet = [turn for turn in turns if turn["others"] <= DISTURBED]
    return quiet if len(quiet) >= SOME else turns


def medians(results):
    """One dict a load and pool, in the order of the table."""
    found = {}
    for result in results:
        found.setdefault((result["load"], result["pool"]), []).append(figures_of(result))
    rows = []
    for load in LOADS:
        for pool in ORDER:
            if turns := found.get((load.name, pool)):
                kept = undisturbed(turns)
                middle = {figure: statistics.median(turn[figure] for turn in kept) for figure in FIGURES}
                rows.append({"load": load.name, "pool": pool, "turns": len(kept), **middle})
    return rows


def write_csv(rows, path):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["load", "pool", "turns", *FIGURES])
        for row in rows:
            writer.writerow([row["load"], row["pool"], row["turns"], *(f"{row[figure]:.4g}" for figure in FIGURES)])


def number(value):
    """Three digits that count; thousands are set apart."""
    if value >= 100:
        digits = len(str(int(value))) - 3
        return f"{round(value, -digits):,.0f}".replace(",", " ")
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def ratio(value, to):
    return number(value / to) if to else "-"


def lines_of(load, rows):
    base = next((row for row in rows if row["pool"] == MEASURE), None)
    yield f"| **{load.title}** " + "| " * COLUMNS + "|"
    for row in rows:
        cells = [
            f"`{row['pool']}`",
            number(row["per_second"]),
            ratio(base["per_second"], row["per_second"]) if base else "-",
            number(row["held_us"]) if row["in_use"] else "",
            f"{100 * row['in_use']:.0f} %" if row["in_use"] else "",
            *(number(row[figure]) for figure in ("p50_us", "p99_us", "p999_us", "max_us")),
            ratio(row["p99_us"], base["p99_us"]) if base else "-",
            f"{row['fairness']:.2f}",
        ]
        yield "| " + " | ".join(cells) + " |"


def markdown(whole, rows):
    yield (f"| pool | pairs/s | {MEASURE}'s / this | held us | in use | p50 us | p99 us | p99.9 us | max us "
           f"| p99 / {MEASURE}'s | fewest / most |")
    yield "|---|" + "---:|" * COLUMNS
    for load in LOADS:
        of_load = [row for row in rows if row["load"] == load.name]
        if of_load:
            yield from lines_of(load, of_load)
    yield ""
    if whole["quick"]:
        yield "A quick run: everything ran, the figures mean nothing."
        return
    results = whole["results"]
    disturbed = sum(result["others"] > DISTURBED for result in results)
    left_out = len(results) - sum(row["turns"] for row in rows)
    yield f"Medians of {whole['rounds']} rounds of {whole['ms']} ms after {whole['warm_up_ms']} ms of warm-up, order by"
    yield f"seed {whole['seed']}; {whole['processors']} processors ({whole['processor']})."
    yield f"In {disturbed} of {len(results)} turns others took more than {DISTURBED:.0%} of the processors;"
    yield f"{left_out} of them are left out."
    yield ""
    for pool in ORDER:
        if pool in whole["pools"]:
            yield f"* `{pool}`: {whole['pools'][pool]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--csv", type=pathlib.Path, required=True)
    parser.add_argument("--markdown", type=pathlib.Path, required=True)
    wanted = parser.parse_args()
    try:
        whole = json.loads(wanted.results.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        parser.error(f"{wanted.results}: {failure}")
    rows = medians(whole["results"])
    write_csv(rows, wanted.csv)
    wanted.markdown.write_text("\n".join(markdown(whole, rows)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
