"""Look for short names that make the packed runtime small, and write them to templates/runtime/names.txt.

python benchmarks/names.py [SECONDS]. What is written is good for any source: a name that is not there gets a free one.
"""

import math
import random
import re
import sys
import time
import zlib
from collections.abc import Mapping
from itertools import islice

from ssmwake.render.runtime import names, to_shorten
from ssmwake.render.shorten import free_names, new_names, shortened
from ssmwake.resources import templates

Names = Mapping[tuple[str, str], str]
FIRST_HEAT = 3.0  # bytes that a worse step may cost in the beginning; none in the end


def main() -> int:
    """Swap names at random; keep what is smaller, and for a while a little of what is not."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    text = to_shorten()
    now = new_names(text, names())
    marks = {key: f"{key[0][0]}__{number}__" for number, key in enumerate(now)}
    pieces = re.split("([vf]__[0-9]+__)", shortened(text, marks))
    keys = {mark: key for key, mark in marks.items()}
    order = [keys[mark] for mark in pieces[1::2]]

    def size(chosen: Names) -> int:
        pieces[1::2] = [chosen[key] for key in order]
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
        return len(packer.compress("".join(pieces).encode()) + packer.flush())

    every = list(now)
    free = {kind: list(islice(free_names(text, kind), 80)) for kind in ("variable", "function")}
    best = now
    smallest = cost = size(now)
    sys.stdout.write(f"{cost} bytes\n")
    begin = time.monotonic()
    while (spent := (time.monotonic() - begin) / seconds) < 1:
        key = random.choice(every)
        short = random.choice(free[key[0]])
        step = {other: now[key] if other[0] == key[0] and name == short else name for other, name in now.items()}
        step[key] = short
        price = size(step)
        if price <= cost or random.random() < math.exp((cost - price) / (FIRST_HEAT * (1 - spent) + 0.01)):
            now, cost = step, price
        if cost < smallest:
            best, smallest = now, cost
    sys.stdout.write(f"{smallest} bytes\n")
    lines = sorted(f"{kind} {name} {short}\n" for (kind, name), short in best.items())
    (templates() / "runtime" / "names.txt").write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
