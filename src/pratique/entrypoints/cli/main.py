"""`pratique COMMAND ...`: finds the command, and turns every failure into one line and an exit code.

Exit codes: 0 fine; 1 a policy or `--fail-on` says no; 2 the request is wrong; 3 it could not be done.

To add a command: write a module beside this one, named as the command, and put its name into `COMMANDS`. It has
`add(subparsers)`, which calls `subparsers.add_parser(name, help=..., description=...)`, adds arguments and ends with
`parser.set_defaults(run=run)`; and `run(args) -> int`, which gives the exit code and raises `PratiqueError`s. At its
top level it imports nothing but the standard library and `cli.options`: what it needs to work is imported in `run`.
"""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from pratique.model.errors import PratiqueError, UsageError

COMMANDS = (
    *("scan", "sbom", "check", "diff", "explain", "import", "db", "rollout", "demo"),
    *("base", "fix", "task", "sign", "verify", "admit", "serve"),
)
_MODULES = {"import": "importing"}  # a command whose name can't be a module's
_INTERRUPTED, _PIPE_CLOSED, _TERMINATED = 130, 141, 143  # 128 + the signal, as shells report them


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse."""
        raise UsageError(message, f"see {self.prog} --help")


class _Terminated(KeyboardInterrupt):
    """SIGTERM."""


def _terminate(*_: object) -> NoReturn:
    raise _Terminated


def run() -> NoReturn:
    """The console script. SIGTERM ends it as Ctrl-C does, so that drafts are cleared away."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command line; returns its exit code. Never raises but for `--help` and `--version` (SystemExit 0)."""
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
    except PratiqueError as error:
        return _fail(str(error), error.exit_code)
    except _Terminated:
        return _TERMINATED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return _PIPE_CLOSED
    except OSError as error:
        return _fail(": ".join(str(part) for part in (error.filename, error.strerror or error) if part), 3)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a user never sees a traceback unasked
        return _bug(error)
    return code


def _dispatch(argv: Sequence[str]) -> int:
    args = _parser(argv).parse_args(argv)
    command: Callable[[argparse.Namespace], int] = args.run
    return command(args)


def _parser(argv: Sequence[str]) -> Parser:
    from pratique import __version__

    parser = Parser(
        prog="pratique",
        description="Keeps container images scanned, verified, rebuilt and redeployed.",
        epilog="Exit codes: 0 fine, 1 a policy or --fail-on says no, 2 the request is wrong, 3 it could not be done.",
    )
    parser.add_argument("--version", action="version", version=f"pratique {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked = [argv[0]] if argv and argv[0] in COMMANDS else COMMANDS
    for name in asked:
        importlib.import_module(f"pratique.entrypoints.cli.{_MODULES.get(name, name)}").add(subparsers)
    return parser


def _fail(message: str, code: int) -> int:
    from pratique.report.text import one_line

    print(f"pratique: error: {one_line(message)}", file=sys.stderr)
    return code


def _bug(error: Exception) -> int:
    if os.environ.get("PRATIQUE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    kind = type(error).__name__
    return _fail(f"a bug in pratique ({kind}: {error}): run it again with PRATIQUE_DEBUG=1 and report the traceback", 3)


def _drop_output() -> None:
    """Whoever read our output has gone; without this, Python complains once more when it exits."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
