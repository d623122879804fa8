"""What hosts of the Model Context Protocol are told so that they start the tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

HOSTS: Final = ("claude", "generic")
_COMMAND: Final = "biomatrix"


def host_config(host: str, arguments: list[str]) -> dict[str, Any]:
    """Return what to paste into the configuration of a host.

    Parameters
    ----------
    host : {"claude", "generic"}
        The form of Claude Desktop, Claude Code and most others; or the bare command.
    arguments : list of str
        Of ``biomatrix``.
    """
    program = Path(sys.argv[0]).absolute()
    if program.name == _COMMAND:
        started = {"command": str(program), "args": arguments}
    else:
        started = {"command": sys.executable, "args": ["-m", _COMMAND, *arguments]}
    if host == "generic":
        return {"name": _COMMAND, "transport": "stdio", **started}
    return {"mcpServers": {_COMMAND: {"type": "stdio", **started}}}
