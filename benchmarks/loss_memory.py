"""Memory and time of the next-token loss over 168,000 entries, forward and backward, against plain cross-entropy.

    python benchmarks/loss_memory.py
    python benchmarks/loss_memory.py --positions 2048 --width 256 --rows 256 1024

Each way runs in a process of its own; memory is the most it held beyond its inputs (on a CPU the resident set, on a GPU
what torch allocated), the gradient of the table included. ``linear_cross_entropy`` is torch's own, with chunks of 256.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from timing import verdict

from biomatrix.peak_memory import peak_memory_bytes

TARGET = 0.2
"""Of the memory of plain cross-entropy."""


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return peak_memory_bytes()


def measure(way: str, rows: int, args: argparse.Namespace) -> dict[str, float]:
    """Return the bytes beyond the inputs, and seconds, of one forward and backward pass."""
    import torch
    import torch.nn.functional as F

    from biomatrix.training.loss import token_losses

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    x = torch.randn(args.positions, args.width, device=device, requires_grad=True)
    table = (0.02 * torch.randn(args.vocabulary, args.width, device=device)).requires_grad_()
    labels = torch.randint(0, args.vocabulary, (args.positions,), device=device)
    before, wall, processor = peak_bytes(), time.perf_counter(), time.process_time()
    with torch.autocast(device, torch.bfloat16, enabled=args.bf16):
        if way == "torch":
            options = F.LinearCrossEntropyOptions(batch_chunk_size=rows)
            loss = F.linear_cross_entropy(x, table, labels, reduction="sum", options=options)
        else:
            loss = token_losses(x, table, labels, args.positions if way == "plain" else rows).sum()
    loss.backward()
    value = float(loss)
    return {
        "bytes": peak_bytes() - before,
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "loss": value / args.positions,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", type=int, default=168_000)
    parser.add_argument("--positions", type=int, default=2048)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--rows", type=int, nargs="+", default=[256], help="chunks to try, in positions")
    parser.add_argument("--bf16", action="store_true", help="under bfloat16 autocast")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        name, rows = args.way.split(":")
        print(json.dumps(measure(name, int(rows), args)))
        return 0
    ways = ["plain:0", *(f"chunks:{rows}" for rows in args.rows), "torch:256"]
    told: dict[str, dict[str, float]] = {}
    for way in ways:
        done = subprocess.run([sys.executable, *sys.argv, "--way", way], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{way:>12}  not run: {done.stderr.strip().splitlines()[-1]}")
            continue
        told[way] = json.loads(done.stdout)
        share = told[way]["bytes"] / told["plain:0"]["bytes"]
        print(
            f"{way:>12}  {told[way]['bytes'] / 2**30:6.2f} GiB  {share:5.2f} of plain  "
            f"{told[way]['processor']:6.1f} s of processor  {told[way]['wall']:6.1f} s  loss {told[way]['loss']:.5f}",
            flush=True,
        )
    most = max(told[way]["bytes"] for way in told if way.startswith("chunks"))
    share = most / told["plain:0"]["bytes"]
    return (
        0
        if verdict("memory against plain cross-entropy, in percent", 100 * share, 100 * TARGET, "%", at_most=True)
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
