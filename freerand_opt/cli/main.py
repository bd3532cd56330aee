"""The command `freerand`: its verbs, its exit codes, and what becomes of errors.

Exit codes, for all verbs: 0 proved, or as narrow as asked; 1 refuted, undecided, too wide, rejected; 2
unreadable or meaningless input; 3 what was named cannot be had, or a limit was reached; 130 interrupted. Of
several the worst counts, 2 before 3 before 1. A proof that nothing passes the tests is an answer, 0.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer

from freerand_opt.cli.options import ANSWER, KEEP, LOOK
from freerand_opt.cli.texts import read_as_text
from freerand_opt.errors import FreerandError, InputError, TooLargeError, UnavailableError
from freerand_opt.version import __version__

INTERRUPTED = 130
#: New objects between searches for garbage: fractions live long and hold no circles.
SELDOM = 100_000
_UsageError: Any = typer.BadParameter.__mro__[1]  # of whichever click typer uses
#: Verbs in the order of the help, with the function of the file in cli/ and the panel.
VERBS = {
    "bound": ("bound", ANSWER),
    "rate": ("rate", ANSWER),
    "best": ("best", ANSWER),
    "verify": ("verify", ANSWER),
    "experiment": ("experiment", ANSWER),
    "check": ("check", ANSWER),
    "list": ("listing", LOOK),
    "show": ("show", LOOK),
    "boxes": ("boxes", LOOK),
    "plot": ("plot", LOOK),
    "paper": ("paper", LOOK),
    "report": ("report", LOOK),
    "simulate": ("simulate", ANSWER),
    "store": ("store", KEEP),
}


def main() -> None:
    """Run the command line and turn expected failures into one line and an exit code."""
    # programs are small and many runs share a machine: one thread, said before numpy starts its own
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(SELDOM)
    try:
        code = _run_app()
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(code)
    except (UnavailableError, TooLargeError) as error:
        _fail(error, 3)
    except FreerandError as error:
        _fail(error, 2)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; what was written is complete", INTERRUPTED)
    except BrokenPipeError:  # nobody has seen the verdicts
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _app(word: str) -> typer.Typer:
    """Return the command with the verb that is named, or with all if none is: each takes time to be made."""
    app = typer.Typer(
        no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"max_content_width": 80}
    )
    app.callback()(_options)
    for name in [word] if word in VERBS else VERBS:
        file, panel = VERBS[name]
        found = import_module(f"freerand_opt.cli.{file}")
        if name == "store":
            app.add_typer(found.app, name=name, rich_help_panel=panel)
            continue
        verb = getattr(found, file if name == file else "list_claims")
        app.command(name, help=getattr(found, "HELP", None), rich_help_panel=panel)(verb)
    return app


def _run_app() -> int:
    """Run typer's command; its own complaints about arguments become InputErrors."""
    try:
        code = read_as_text(typer.main.get_command(_app("".join(sys.argv[1:2]))))(standalone_mode=False)
        sys.stdout.flush()
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # it printed the help
            return 2
        where = error.ctx.command_path if error.ctx is not None else "freerand"
        raise InputError(where, f"{error.format_message().rstrip('.')}. See `{where} --help`.") from None
    return code if isinstance(code, int) else 0


def _fail(words: object, code: int) -> None:
    from freerand_opt.cli.screen import error

    error(str(words))
    sys.exit(code)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"freerand {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Certified bounds on what an adversary knows, when settings are chosen by imperfect randomness.

    Exit codes: 0 proved, or as narrow as asked; 1 refuted, undecided, too
    wide or rejected; 2 input that cannot be read or means nothing; 3 what was
    named cannot be had, or a limit was reached.
    """
