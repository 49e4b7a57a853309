"""How long `ssmwake lint` takes, as a ratio to what it cannot do without, in one run.

python benchmarks/lint.py [ROUNDS]; exits 1 where a ratio is above its bound. The time that the processors worked
decides, which a busy machine hardly changes; the time on the clock is told beside it.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus" / "good"
FILES = 100
# Single calls that are run in the place of so many as there are files; the rest is multiplied.
CALLS = 4
LINT = [sys.executable, "-m", "ssmwake", "lint"]

# On the clock, and as the processors work.
Seconds = tuple[float, float]


def run(argv: list[str], folder: Path) -> Seconds:
    """Run a command in a folder with no settings, however it ends."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator"), "HOME": str(folder)}
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, check=False)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    # Findings are 1 of ours, and 2, 4 and 8 together of cfn-lint; a traceback would be quick.
    if b"Traceback" in done.stderr or done.returncode not in range(15):
        raise SystemExit(done.stderr.decode())
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(name: str, ours: Callable[[], Seconds], other: Callable[[], Seconds], bound: float, rounds: int) -> bool:
    """Run both in turns, tell the medians and their ratio, and return whether it is within the bound."""
    pairs = [(ours(), other()) for _ in range(rounds + 1)][1:]
    sys.stdout.write(f"{name}, at most {bound} times wanted:")
    for place, clock in enumerate(("on the clock", "of the processors")):
        mine, theirs = (statistics.median(pair[side][place] for pair in pairs) for side in (0, 1))
        sys.stdout.write(
            f" {mine:.2f} s to {theirs:.2f} s {clock}, {mine / theirs:.2f} times;".removesuffix(";" if place else "")
        )
    sys.stdout.write("\n")
    return mine / theirs <= bound


def main() -> int:
    """Compare a template to cfn-lint, a hundred templates to a hundred calls, and a script to two imports."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        templates = sorted((CORPUS / "cloudformation").glob("*.yaml"))
        paths = [folder / f"{number:03}.yaml" for number in range(FILES)]
        for number, path in enumerate(paths):
            path.write_bytes(templates[number % len(templates)].read_bytes())
        # The one of middling size stands for all where one is enough.
        one = sorted(paths, key=lambda path: path.stat().st_size)[FILES // 2].name
        script = folder / "user-data.sh"
        script.write_text("#!/bin/sh\nset -eu\ndate >/var/log/first-boot\n")
        cfn_lint = [str(Path(sys.executable).with_name("cfn-lint")), one]
        imports = [sys.executable, "-c", "import yaml, jsonschema"]

        def single_calls() -> Seconds:
            every = [run([*LINT, path.name], folder) for path in paths[:: FILES // CALLS]]
            clock, work = (sum(seconds) * FILES / len(every) for seconds in zip(*every, strict=True))
            return clock, work

        within = [
            compare(
                "a template, to cfn-lint alone",
                lambda: run([*LINT, one], folder),
                lambda: run(cfn_lint, folder),
                1.1,
                rounds,
            ),
            compare(
                f"{FILES} templates in one call, to {FILES} calls, of which {CALLS} are run",
                lambda: run([*LINT, "."], folder),
                single_calls,
                0.25,
                max(1, rounds // 3),
            ),
            compare(
                "a script, to importing yaml and jsonschema",
                lambda: run([*LINT, script.name], folder),
                lambda: run(imports, folder),
                2.0,
                rounds,
            ),
        ]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
