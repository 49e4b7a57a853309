"""How long `ssmwake lint` takes, as a ratio to what it cannot do without, measured side by side in one run.

python benchmarks/lint.py [ROUNDS]; exits 1 where a ratio is above its bound. The time on the clock decides, for two
programs that run at the same time are meant to save it; the time of the processors is shown next to it.
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
TEMPLATE = ROOT / "dist" / "cloudformation" / "launch-template.yaml"
COPIES = 30
# A script of 700 lines, as people write them for a first boot.
LINES = """
if ! command -v jq >/dev/null; then
    apt-get install -y jq || exit 1
fi
for name in one two three; do
    install -d -m 0755 "/srv/$name"
    printf '%s\\n' "$name" >"/srv/$name/name"
done
"""
LINT = [sys.executable, "-m", "ssmwake", "lint"]

# On the clock, and as the processors work.
Seconds = tuple[float, float]


def run(argv: list[str], folder: Path) -> Seconds:
    """Run a command in a folder with no settings, however it ends."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator"), "HOME": str(folder)}
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, check=False)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    # Findings exit with 1, those of cfn-lint with the sum of 2, 4 and 8; a traceback would be quick.
    if b"Traceback" in done.stderr or done.returncode not in range(15):
        raise SystemExit(done.stderr.decode())
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(name: str, ours: Callable[[], Seconds], other: Callable[[], Seconds], bound: float, rounds: int) -> bool:
    """Run both in turns, print the medians and their ratio, and return whether it is within the bound."""
    pairs = [(ours(), other()) for _ in range(rounds + 1)][1:]
    medians = [[statistics.median(pair[side][place] for pair in pairs) for side in (0, 1)] for place in (0, 1)]
    (clock, other_clock), (work, other_work) = medians
    sys.stdout.write(
        f"{name}: {clock:.2f} s to {other_clock:.2f} s, {clock / other_clock:.2f} times, at most {bound} wanted"
        f" (of the processors {work:.2f} s to {other_work:.2f} s, {work / other_work:.2f} times)\n"
    )
    sys.stdout.flush()
    return clock / other_clock <= bound


def script_of(template: Path) -> str:
    """Return the longest shell script in a template, as shellcheck gets it."""
    from ssmwake.lint import cloudformation
    from ssmwake.lint.deferred import Script
    from ssmwake.text.source import Source
    from ssmwake.text.yaml_nodes import composed

    source = Source.of_file(template.name, template.read_text(encoding="utf-8"))
    root = composed(source.text)
    found = [] if root is None else list(cloudformation.check(source, root))
    return max((one.source.text for one in found if isinstance(one, Script)), key=len)


def main() -> int:
    """Compare templates to cfn-lint and shellcheck, and scripts to shellcheck and the imports of two libraries."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template, short, long = folder / "template.yaml", folder / "short.sh", folder / "long.sh"
        template.write_bytes(TEMPLATE.read_bytes())
        short.write_text("#!/bin/sh\nset -eu\ndate >/var/log/first-boot\n")
        long.write_text("#!/bin/sh\n" + LINES * (700 // LINES.count("\n")))
        embedded = folder / "embedded.txt"
        embedded.write_text(script_of(TEMPLATE))
        copies = folder / "copies"
        copies.mkdir()
        for number in range(COPIES):
            (copies / f"{number:02}.yaml").write_bytes(TEMPLATE.read_bytes())
        programs = Path(sys.executable).parent
        cfn_lint, shellcheck = [str(programs / "cfn-lint")], [str(programs / "shellcheck"), "--norc", "--shell=sh"]
        imports = [sys.executable, "-c", "import yaml, jsonschema"]

        def both(one: Seconds, other: Seconds) -> Seconds:
            return one[0] + other[0], one[1] + other[1]

        within = [
            compare(
                "a template with a script, to cfn-lint",
                lambda: run([*LINT, template.name], folder),
                lambda: run([*cfn_lint, template.name], folder),
                1.05,
                rounds,
            ),
            compare(
                f"{COPIES} copies of it, to the slower of cfn-lint and shellcheck",
                lambda: run([*LINT, copies.name], folder),
                lambda: max(
                    run([*cfn_lint, *(f"copies/{path.name}" for path in sorted(copies.iterdir()))], folder),
                    run([*shellcheck, embedded.name], folder),
                ),
                1.5,
                max(1, rounds // 3),
            ),
            compare(
                "a short script, to importing yaml and jsonschema",
                lambda: run([*LINT, short.name], folder),
                lambda: run(imports, folder),
                1.2,
                rounds,
            ),
            compare(
                "a script of 700 lines, to shellcheck and these imports",
                lambda: run([*LINT, long.name], folder),
                lambda: both(run([*shellcheck, long.name], folder), run(imports, folder)),
                1.2,
                rounds,
            ),
        ]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
