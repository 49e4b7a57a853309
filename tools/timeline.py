"""Draw the time line of README from a real run of `ssmwake try`: docs/timeline-light.svg and docs/timeline-dark.svg.

    python tools/timeline.py [FOLDER]

Above, the minutes after the role was attached, with the agent alone and with ssmwake; below, the first seconds of the
run. Every number in the picture is of that run; the sleep is the one that the agent announced in it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
WIDTH, HEIGHT, LEFT, RIGHT = 880, 316, 150, 850
MINUTES = 30
# What the run calls a moment -> what the picture calls it.
EVENTS = {
    "role-attached": "role attached",
    "agent-killed": "ssmwake restarts the agent",
    "call-accepted": "first call accepted",
    "agent-online": "online",
}


@dataclass(frozen=True)
class Theme:
    """The colours of one picture."""

    text: str
    faint: str
    grid: str
    asleep: str
    online: str
    on_asleep: str


THEMES = {
    "light": Theme("#1f2328", "#59636e", "#d1d9e0", "#f2cc60", "#1f883d", "#3b2300"),
    "dark": Theme("#f0f6fc", "#9198a1", "#3d444d", "#9e6a03", "#238636", "#ffffff"),
}


@dataclass(frozen=True)
class Run:
    """What a trial showed: seconds from the role, and the moments of it in order."""

    ssmwake: float
    alone: float
    events: tuple[tuple[float, str], ...]


def measured(trial: dict[str, Any]) -> Run:
    """Return the numbers of a trial, as `ssmwake try --json` prints it."""
    (waits,) = trial["waits"]
    moments = {moment["what"]: moment["at"] for moment in trial["moments"]}
    start = moments["role-attached"]
    events = tuple((round(moments[what] - start, 2), text) for what, text in EVENTS.items())
    return Run(waits["ssmwake_s"], waits["agent_alone_s"], events)


def spoken(seconds: float) -> str:
    """Write seconds for people."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {round(seconds) % 60:02d} s"


def picture(run: Run, theme: Theme) -> str:
    """Return the picture as SVG."""
    waits = f"{spoken(run.alone)} with the agent alone, {spoken(run.ssmwake)} with ssmwake"
    title = f"From the role to an online agent: {waits}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' role="img" font-family="-apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="14">',
        f"<title>{escape(title)}</title>",
        *minutes(run, theme),
        *first_seconds(run, theme),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def minutes(run: Run, theme: Theme) -> Iterator[str]:
    """Yield the upper half: half an hour, once with the agent alone and once with ssmwake."""
    scale = (RIGHT - LEFT) / MINUTES
    for minute in range(0, MINUTES + 1, 5):
        x = LEFT + minute * scale
        yield f'<line x1="{x:.1f}" y1="34" x2="{x:.1f}" y2="132" stroke="{theme.grid}"/>'
        yield text(x, 24, f"{minute} min" if minute else "role attached", theme.faint, "middle", 12)
    for y, name, seconds in ((44, "agent alone", run.alone), (92, "with ssmwake", run.ssmwake)):
        online = LEFT + seconds / 60 * scale
        yield text(LEFT - 12, y + 21, name, theme.text, "end", 14)
        yield f'<rect x="{LEFT}" y="{y}" width="{online - LEFT:.1f}" height="32" fill="{theme.asleep}"/>'
        yield f'<rect x="{online:.1f}" y="{y}" width="{RIGHT - online:.1f}" height="32" fill="{theme.online}"/>'
        if seconds > 300:
            yield text((LEFT + online) / 2, y + 21, f"asleep for {spoken(seconds)}", theme.on_asleep, "middle", 14)
            yield text((RIGHT + online) / 2, y + 21, "online", "#ffffff", "middle", 14)
        else:
            yield text(LEFT + 14, y + 21, f"online after {spoken(seconds)}", "#ffffff", "start", 14)


def first_seconds(run: Run, theme: Theme) -> Iterator[str]:
    """Yield the lower half: what happened in the first seconds with ssmwake."""
    end = max(1.0, run.events[-1][0]) * 1.25
    scale = (RIGHT - LEFT) / end
    y = 188
    yield text(LEFT - 12, y + 5, "in detail", theme.text, "end", 14)
    online = LEFT + run.events[-1][0] * scale
    yield f'<rect x="{LEFT}" y="{y - 6}" width="{online - LEFT:.1f}" height="12" fill="{theme.asleep}"/>'
    yield f'<rect x="{online:.1f}" y="{y - 6}" width="{RIGHT - online:.1f}" height="12" fill="{theme.online}"/>'
    # Each event has a line of its own, the last one on top, so that no line crosses a text.
    for row, (at, name) in enumerate(reversed(run.events)):
        x, below = LEFT + at * scale, y + 32 + 24 * row
        yield f'<line x1="{x:.1f}" y1="{y - 10}" x2="{x:.1f}" y2="{below}" stroke="{theme.faint}"/>'
        label = f"{at:.1f} s  {name}"
        if x < (LEFT + RIGHT) / 2:
            yield text(x + 6, below, label, theme.text, "start", 13)
        else:
            yield text(x - 6, below, label, theme.text, "end", 13)


def text(x: float, y: float, words: str, color: str, anchor: str, size: int) -> str:
    """Return one line of text."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}" font-size="{size}"'
        f' xml:space="preserve">{escape(words)}</text>'
    )


def write(folder: Path) -> None:
    """Run the trial, and write both pictures."""
    command = [sys.executable, "-m", "ssmwake", "try", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    run = measured(json.loads(done.stdout))
    for name, theme in THEMES.items():
        (folder / f"timeline-{name}.svg").write_text(picture(run, theme), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
