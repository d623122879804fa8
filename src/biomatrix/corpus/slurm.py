"""A SLURM array builds a corpus: every task runs the same command over one folder, and begins at its own share.

Tasks claim slices as processes of one machine do, so that one that is cancelled, requeued or late changes no byte, and
the work of one that never starts is done by the others.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from biomatrix.corpus.launching import SHARE
from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError

SCRIPT: Final = "build.sbatch"


@dataclass(frozen=True)
class SlurmArray:
    """An array job.

    Parameters
    ----------
    tasks : int
        Tasks of the array.
    workers : int
        Processes, and processors, of each.
    options : tuple of str
        Further options of ``sbatch``, such as ``--partition=cpu`` or ``--time=12:00:00``.

    Raises
    ------
    ConfigurationError
        If an option is not one word that begins with a dash.
    """

    tasks: int
    workers: int = 1
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for option in self.options:
            if not option.startswith("-") or len(option.splitlines()) != 1:
                raise ConfigurationError(f"not an option of sbatch: {option!r}; write --name=value")

    def script(self, arguments: Sequence[str], logs: Path) -> str:
        """Return the script whose tasks run ``biomatrix`` with these arguments and write their log under ``logs``."""
        command = shlex.join([sys.executable, "-m", "biomatrix.cli.main", *arguments])
        settings = [
            "--job-name=biomatrix-corpus",
            f"--array=0-{self.tasks - 1}",
            f"--cpus-per-task={self.workers}",
            "--requeue",
            "--open-mode=append",
            f"--output={logs}/%A_%a.log",
            *self.options,
        ]
        lines = [
            "#!/bin/bash",
            *(f"#SBATCH {setting}" for setting in settings),
            "export OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false",
            f'export {SHARE}="${{SLURM_ARRAY_TASK_ID}}/{self.tasks}"',
            f"cd {shlex.quote(str(Path.cwd()))}",
            f"exec {command}",
        ]
        return "\n".join(lines) + "\n"

    def submit(self, arguments: Sequence[str], work: Path) -> str:
        """Write the script into the work folder and hand it to ``sbatch``; return what that says.

        Without ``sbatch`` on this machine the script stays, and the command that submits it is returned.

        Raises
        ------
        ConfigurationError
            If ``sbatch`` refuses it; the message holds the reason.
        """
        logs = work.absolute() / "slurm"
        make_folder(logs)
        script = logs / SCRIPT
        write_whole(script, self.script(arguments, logs).encode())
        if shutil.which("sbatch") is None:
            return shlex.join(["sbatch", str(script)])
        done = subprocess.run(["sbatch", str(script)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ConfigurationError(f"sbatch refuses it: {' '.join(done.stderr.split())}", file=str(script))
        return done.stdout.strip()
