"""How long `ssmwake user-data` takes from start to finish, as a ratio to importing jinja2 and yaml, in one run.

python benchmarks/start.py [ROUNDS]; exits 1 where the ratio is above the bound.
"""

import statistics
import subprocess
import sys
import tempfile
import time

BOUND = 1.0
OURS = [sys.executable, "-m", "ssmwake", "user-data"]
REFERENCE = [sys.executable, "-c", "import jinja2, yaml"]


def seconds(argv: list[str], folder: str) -> float:
    """Return the wall time of one run in a folder without a config."""
    start = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - start


def main() -> int:
    """Run both side by side, so that a busy machine slows both, and compare the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        pairs = [(seconds(OURS, folder), seconds(REFERENCE, folder)) for _ in range(rounds + 2)][2:]
    ours, reference = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = ours / reference
    sys.stdout.write(f"ssmwake user-data {ours * 1000:.0f} ms, import jinja2, yaml {reference * 1000:.0f} ms: ")
    sys.stdout.write(f"{ratio:.2f} times, at most {BOUND} wanted\n")
    return 0 if ratio <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
