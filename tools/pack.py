"""Pack the runtime for its carriers: write templates/runtime/packed.txt from the parts next to it.

python tools/pack.py; `make render` runs it. zopfli makes it 3 % smaller than zlib does, which is room for the user.
"""

import sys
from pathlib import Path

import zopfli.gzip

from ssmwake.render.runtime import runtime, without_comments, wrapped

PACKED = Path(__file__).parents[1] / "templates" / "runtime" / "packed.txt"


def main() -> int:
    """Write the packed runtime if it is not current."""
    text = wrapped(zopfli.gzip.compress(without_comments(runtime()).encode(), numiterations=500))
    if not PACKED.exists() or PACKED.read_text(encoding="utf-8") != text:
        PACKED.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{PACKED.name}: {len(text)} characters\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
