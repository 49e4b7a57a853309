"""Write the goldens again: the dist/ of a case holds what differs from that of the empty config, and nothing else."""

import shutil
from pathlib import Path

from ssmwake.cli.inputs import settings
from ssmwake.model import Config
from ssmwake.render import render

CASES = Path(__file__).parents[1] / "tests" / "golden"


def main() -> None:
    """Replace the dist/ of every case."""
    usual = set(render(Config()))
    for config in sorted(CASES.glob("*/ssmwake.yaml")):
        folder = config.parent / "dist"
        shutil.rmtree(folder, ignore_errors=True)
        for artifact in render(*settings(str(config))):
            if artifact not in usual:
                path = folder / artifact.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(artifact.text, encoding="utf-8")


if __name__ == "__main__":
    main()
