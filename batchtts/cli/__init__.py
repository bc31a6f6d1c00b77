"""The command line: `batchtts`.

Commands live in a module each and are imported only when called for, so that
help and small commands are quick.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from collections.abc import Sequence

import click

from batchtts.cli.streams import flushed, prepare, talk
from batchtts.errors import BatchTTSError, JobError, LocalError
from batchtts.text_safety import visible_json

__all__ = ["main"]

_COMMANDS = {
    "run": "make every output of a job that is not there yet",
    "plan": "show what a run would send, and what the cache already holds",
    "check": "tell whether everything is up to date, for CI",
    "retake": "ask for another reading of a text",
    "pin": "put a recording of your own in the place of a take",
    "sample": "speak the first minute of each voice, before a job is paid for",
    "validate": "check a job and its texts, sending nothing",
    "init": "write a first job file",
    "chunk": "show how a text is cut",
    "serve": "run the local Rime-compatible server",
    "cache": "look after the cache of takes",
    "voices": "list the speakers that Rime has",
    "guide": "explain a subject: books, runs, serve ...",
    "doctor": "check this machine: packages, codecs, speech engine, key",
    "schema": "print the JSON Schema of the job file",
}


class _Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which a person meets them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"batchtts.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for one that there is not."""
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            from batchtts.jobfile.problems import nearest

            near = nearest(args[0], list(_COMMANDS))
            hint = f'; did you mean "{near}"?' if near else ""
            ctx.fail(f'no such command "{args[0]}"{hint}')
        return super().resolve_command(ctx, args)


def _print_version(ctx: click.Context, _: click.Parameter, value: object) -> None:
    """Print the versions that a bug report needs."""
    if not value or ctx.resilient_parsing:
        return
    from batchtts.runner.versions import versions

    found = versions()
    own = found.pop("batchtts", "unknown")
    others = ", ".join(f"{name} {number}" for name, number in found.items())
    click.echo(f"batchtts {own} ({others})")
    ctx.exit()


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the versions that matter for a bug report.",
)
def group() -> None:
    """Turn a job file of texts and voices into finished audio.

    Begin with `batchtts init`, look with `batchtts plan job.yaml`, and make it
    with `batchtts run job.yaml`.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with a code of the documented table."""
    prepare()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = group.main(given, prog_name="batchtts", standalone_mode=False, obj=given)
    except click.Abort:
        code = 130
    except click.ClickException as exc:
        exc.show()
        code = 2
    except BatchTTSError as exc:
        _show(exc, machine="--json" in given)
        code = exc.exit_code
    except ImportError as exc:
        if (exc.name or "").partition(".")[0] == "batchtts":
            raise  # a bug
        _show(LocalError(_missing(exc)))
        code = LocalError.exit_code
    except OSError as exc:
        _show(LocalError(f"cannot write the output: {exc.strerror or exc}"))
        code = LocalError.exit_code
    except SystemExit as exc:
        # Click's own, of 1, says that the reader of our output has gone away.
        code = exc.code if isinstance(exc.code, int) and exc.code > 1 else 0
    except Exception:  # noqa: BLE001 - the last line of defence
        with contextlib.suppress(OSError):
            traceback.print_exc()
        talk("error:", "this is a bug in batchtts: please report the lines above")
        code = 1
    sys.exit(flushed(code if isinstance(code, int) else 0))


def _missing(exc: ImportError) -> str:
    name = exc.name or str(exc)
    return (
        f'the Python package "{name}" is missing or damaged; '
        "mend it with: pip install --force-reinstall batchtts"
    )


def _show(error: BatchTTSError, *, machine: bool = False) -> None:
    """Print an error for people, and for programs that asked for JSON."""
    if machine:
        with contextlib.suppress(OSError):
            click.echo(visible_json(_document(error), indent=1))
    for line in str(error).splitlines():
        talk("error:", line)


def _document(error: BatchTTSError) -> dict[str, object]:
    problems = error.problems if isinstance(error, JobError) else ()
    return {
        "version": 1,
        "exit_code": error.exit_code,
        "error": str(error),
        "problems": [
            {
                "file": problem.place.file,
                "line": problem.place.line,
                "column": problem.place.column,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in problems
        ],
    }
