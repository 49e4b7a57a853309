"""Run the command line as `python -m ssmwake`."""

from ssmwake.cli import main

if __name__ == "__main__":
    main()
