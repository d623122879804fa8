"""Programs that find the libraries imported: each a process forked from one that has done nothing but import them.

The package itself is not among them: every program imports it anew, as in an interpreter of its own, and what it does
to the environment or to a registry ends with it. As a program this file is the process that forks.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, Self

LIBRARIES = (
    *("numpy", "scipy.spatial", "torch", "safetensors.torch", "tokenizers", "transformers", "pyarrow.parquet"),
    *("rdkit.Chem.AllChem", "rdkit.Chem.Draw", "biotite.structure.io", "gemmi", "pydantic", "typer", "rich.console"),
)
"""What takes seconds to import and belongs to others."""

SECONDS = 600.0
"""How long a program may take."""


class ForkingInterpreter:
    """Runs ``-c TEXT`` and ``-m MODULE ARGUMENT ...`` as the interpreter does, one program after the other."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate(timeout=60)  # it ends where its input does

    def run(self, arguments: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a program in a folder with an environment; return its exit status and what it printed."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with tempfile.TemporaryDirectory() as kept:
            out, err = Path(kept, "out"), Path(kept, "err")
            asked = {"arguments": arguments, "folder": str(folder), "environment": environment}
            self._server.stdin.write(json.dumps({**asked, "out": str(out), "err": str(err)}) + "\n")
            self._server.stdin.flush()
            if not select.select([self._server.stdout], [], [], SECONDS)[0]:
                self._server.kill()
                raise TimeoutError(f"{arguments} took more than {SECONDS:.0f} s")
            status = int(self._server.stdout.readline())
            return subprocess.CompletedProcess(
                arguments, status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
            )


def serve() -> None:
    """Import the libraries, then run a program for each line of standard input and print its exit status."""
    for name in LIBRARIES:
        importlib.import_module(name)
    assert "biomatrix" not in sys.modules
    gc.freeze()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            become(**json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n")
        sys.stdout.flush()


def become(arguments: list[str], folder: str, environment: dict[str, str], out: str, err: str) -> NoReturn:
    """Be a program from here to the end of this process."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    new = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, (path, flags) in enumerate(((os.devnull, os.O_RDONLY), (out, new), (err, new))):
        os.dup2(os.open(path, flags, 0o600), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the program's own
    sys.path[:1] = ["", *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    status: Any = 0
    try:
        run_here(arguments)
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:  # noqa: BLE001 - the interpreter tells of any
        traceback.print_exc()
        status = 1
    if not isinstance(status, int):
        sys.stderr.write(f"{status}\n")
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def run_here(arguments: list[str]) -> None:
    """Run what ``python ARGUMENTS`` runs."""
    how, what, *others = arguments
    sys.argv = [how, *others]
    if how == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    assert how == "-c"
    main = sys.modules["__main__"] = ModuleType("__main__")
    exec(compile(what, "<string>", "exec"), main.__dict__)


if __name__ == "__main__":
    serve()
