"""The simulators as programs: python3 -m ssmwake.simulate imds|endpoint|agent [OPTIONS]."""

from __future__ import annotations

import sys

USAGE = "usage: python3 -m ssmwake.simulate imds|endpoint|agent [OPTIONS]; each has --help\n"


def main(argv: list[str]) -> int:
    """Run the simulator that the first argument names. Import no other: the agent is started often."""
    name, arguments = (argv[0], argv[1:]) if argv else ("", [])
    if name == "agent":
        from ssmwake.simulate import agent

        return agent.main(arguments)
    if name in ("imds", "endpoint"):
        from ssmwake.simulate import serve

        return serve.imds(arguments) if name == "imds" else serve.endpoint(arguments)
    sys.stderr.write(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
