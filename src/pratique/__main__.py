"""`python -m pratique`."""

from pratique.entrypoints.cli.main import run

if __name__ == "__main__":
    run()
