"""Speed of the trainer on one GPU, setting by setting, in under ten minutes.

    python benchmarks/gpu_training.py --output runs/gpu_training
    python benchmarks/gpu_training.py --dry-run --output /tmp/gpu_training

Parts, each with a budget of seconds (``--budget qwen=300``):

  peak         the card's rate of bf16 products of matrices, against which model FLOP/s (MFU) are set
  correctness  packed documents against the same alone
  loss         the loss over 168,000 rows: chunks, plain, compiled
  qwen         the trainer's own step at the shape of Qwen3-1.7B, 8,192 packed tokens
  nano         the same at the size of recipes/nano_gpu_pretrain.toml, 65,536 packed tokens, under AdamW

Each row adds a setting to the row before. Parts run in processes of their own: where one ends badly, the next row goes
on in another, and what was measured is in ``table.json`` and ``table.md`` at any time. ``--dry-run`` tries every name
and shape on a CPU, at tiny sizes, with attention taken document by document, compiled code traced, not compiled, and
Liger's modules put in place as they would be, with the plain ones computing.

It needs torch, transformers, accelerate and pydantic beside this repository, and liger-kernel for one row; no data.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from gpu_settings import SHAPES, TINY, settings

BUDGETS = {"peak": 40.0, "correctness": 50.0, "loss": 60.0, "qwen": 300.0, "nano": 130.0}
"""Seconds, the start of a process included; what a part leaves is there for the next."""
HOST = "a batch on the host"
COLUMNS = {
    "peak": ("tflops", "spread", "device"),
    "correctness": ("mean_difference", "if_leaked", "right"),
    "loss": ("ms", "gib_above_inputs", "loss"),
    "steps": (
        "tokens_per_second",
        "gain",
        "mfu",
        "gib",
        "ms",
        "wait_ms",
        "warm_seconds",
        "loss_rows",
        "loss",
        "difference",
    ),
}
AGREE = 0.02
"""Nats by which the first losses of two settings may differ: bf16 sums in another order come to a tenth of it."""

Row = dict[str, Any]
Table = dict[str, list[Row]]


def child(args: argparse.Namespace) -> int:
    """Measure rows and tell them; the process that makes the table reads along."""
    import gpu_measures

    if args.dry_run:
        gpu_measures.trace_only()
    elif not gpu_measures.GPU:
        print("no GPU is seen here; --dry-run tries the script on a CPU", file=sys.stderr)
        return 1
    shape = (TINY if args.dry_run else SHAPES)["nano" if args.child == "nano" else "qwen"]
    known = {one.name: one for one in (*settings(args.child, shape), gpu_measures.HOST)}
    chosen = [known[name] for name in args.rows] if args.child in SHAPES else []
    gpu_measures.measure(args.child, shape, chosen, args.peak, args.output)
    return 0


def rows_of(part: str) -> list[str]:
    """Return the names of a part's rows; parts without settings are measured whole."""
    if part not in SHAPES:
        return [part]
    return [HOST, *(one.name for one in settings(part, SHAPES[part]))]


def told(command: list[str], until: float, log: Path) -> Iterator[Row]:
    """Yield the rows that a process tells, up to a time at which it is ended."""
    with log.open("a") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        lines: queue.Queue[str | None] = queue.Queue()

        def read() -> None:
            assert process.stdout
            for line in process.stdout:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        try:
            with suppress(queue.Empty):
                while (line := lines.get(timeout=max(until - time.monotonic(), 0.01))) is not None:
                    if line.startswith("ROW "):
                        yield json.loads(line[4:])
        finally:
            process.kill()
            process.wait()


def run_part(part: str, args: argparse.Namespace, until: float, table: Table) -> None:
    """Measure a part, in as many processes as its crashes make necessary, and keep the table after every row."""
    left, found = rows_of(part), table.setdefault(part, [])
    log = args.output / "log.txt"
    while left and time.monotonic() < until:
        peak = next((row["tflops"] for row in table.get("peak", ()) if "tflops" in row), args.peak)
        command = [sys.executable, __file__, "--child", part, "--peak", str(peak), "--output", str(args.output)]
        command += [*(["--dry-run"] if args.dry_run else []), "--rows", *left]
        before = len(found)
        for row in told(command, until, log):
            found.append(row)
            left = [name for name in left if name != row["name"]]
            keep(table, args)
            print(f"[{part}] {json.dumps(row)}", flush=True)
        if part not in SHAPES:
            left = []
            if len(found) == before:
                found.append({"name": part, "failed": last_line(log, until)})
        elif left and (found[before:] == [] or time.monotonic() >= until):
            found.append({"name": left.pop(0), "failed": last_line(log, until)})
    found += [{"name": name, "failed": "no time was left"} for name in left]
    keep(table, args)


def last_line(log: Path, until: float) -> str:
    """Say why a row is missing."""
    if time.monotonic() >= until:
        return "the part's time ran out"
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "the process ended without a word")


def agreement(rows: list[Row]) -> Row:
    """Say whether all settings began with the same losses, and by how much they differ at most."""
    with_losses = [row for row in rows if row.get("losses")]
    if len(with_losses) < 2:
        return {"name": "losses agree", "failed": "fewer than two settings were measured"}
    first = with_losses[0]["losses"]
    # A setting of several rows a step has other batches, save for its weights: compared is the mean it starts from.
    most = max(abs(row["losses"][0] - first[0]) for row in with_losses)
    return {"name": "losses agree", "largest_difference": round(most, 5), "right": most <= AGREE}


def keep(table: Table, args: argparse.Namespace) -> None:
    """Write the table as JSON and Markdown, whole at any time."""
    checks = {part: agreement(table[part]) for part in SHAPES if part in table}
    about = {"dry_run": args.dry_run, "seconds": round(time.monotonic() - args.begun, 1), "device": _device(table)}
    text = json.dumps({**about, "parts": table, "agreement": checks}, indent=2)
    lines = [f"# Training on {about['device']}", "", *(["A dry run: no figure means anything.", ""] * args.dry_run)]
    for part, rows in table.items():
        lines += [f"## {part}", "", *markdown(rows, COLUMNS.get(part, COLUMNS["steps"]))]
        if part in checks:
            lines += ["", f"Losses of the settings: {checks[part]}"]
        lines.append("")
    for name, content in (("table.json", text + "\n"), ("table.md", "\n".join(lines))):
        part_file = args.output / f".{name}.part"
        part_file.write_text(content, encoding="utf-8")
        part_file.replace(args.output / name)


def markdown(rows: list[Row], columns: tuple[str, ...]) -> list[str]:
    """Return the lines of a table; a gain is against the first row that has a rate."""
    base = next((row["tokens_per_second"] for row in rows if row.get("tokens_per_second")), None)
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    for row in rows:
        shown = dict(row)
        if base and "tokens_per_second" in row:
            shown["gain"] = round(row["tokens_per_second"] / base, 2)
            shown["loss"] = row["losses"][0]
        values = [row["failed"]] if "failed" in row else [_cell(shown.get(name)) for name in columns]
        lines.append(f"| {row['name']} | " + " | ".join(values) + " |")
    return lines


def _device(table: Table) -> str:
    return next((str(row["device"]) for row in table.get("peak", ()) if "device" in row), "a device not yet named")


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def budget(text: str) -> tuple[str, float]:
    part, _, seconds = text.partition("=")
    if part not in BUDGETS:
        raise argparse.ArgumentTypeError(f"{part!r} is none of {', '.join(BUDGETS)}")
    return part, float(seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="a folder for table.json, table.md and log.txt")
    parser.add_argument("--parts", nargs="+", choices=BUDGETS, default=list(BUDGETS))
    parser.add_argument("--budget", type=budget, action="append", default=[], metavar="PART=SECONDS")
    parser.add_argument("--seconds", type=float, default=580.0, help="after which the whole run ends, done or not")
    parser.add_argument("--dry-run", action="store_true", help="tiny shapes on a CPU")
    parser.add_argument("--peak", type=float, default=753.0, help="TFLOP/s, where they are not measured")
    parser.add_argument("--child", choices=BUDGETS, help=argparse.SUPPRESS)
    parser.add_argument("--rows", nargs="*", default=[], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        code = child(args)
        sys.stdout.flush()
        os._exit(code)  # threads that wait for the card must not hold the process
    args.begun = time.monotonic()
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "log.txt").write_text("")
    for old in args.output.glob("reference_*.json"):
        old.unlink()
    budgets, table = {**BUDGETS, **dict(args.budget)}, Table()
    end, allowed = args.begun + args.seconds, args.begun
    for part in args.parts:
        allowed = max(allowed, args.begun) + budgets[part]
        run_part(part, args, min(allowed, end), table)
    print((args.output / "table.md").read_text())
    rows = [row for part in table.values() for row in part] + [agreement(table[p]) for p in SHAPES if p in table]
    wrong = [row["name"] for row in rows if "failed" in row or row.get("right") is False]
    print(f"{len(rows) - len(wrong)} of {len(rows)} rows as they should be, {time.monotonic() - args.begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
