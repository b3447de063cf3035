# SPDX-License-Identifier: MIT
"""What every peer has to do."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Load:
    name: str
    title: str
    flags: tuple
    cannot: tuple = ()  # pools that cannot do it


LOADS = (
    Load("pair_1", "1 client, pool of 8, no hold", ("--size=8", "--clients=1")),
    Load("pair_2", "2 clients, pool of 8, no hold", ("--size=8", "--clients=2")),
    # a process of Erlang sleeps whole milliseconds
    Load("asleep_100us", "16 clients on 2 workers, each held 100 us asleep",
         ("--size=2", "--clients=16", "--hold_us=100"), cannot=("otp",)),
    Load("asleep_1ms", "16 clients on 2 workers, each held 1 ms asleep",
         ("--size=2", "--clients=16", "--hold_us=1000")),
    Load("busy_100us", "16 clients on 2 workers, each held 100 us busy",
         ("--size=2", "--clients=16", "--hold_us=100", "--busy")),
)
