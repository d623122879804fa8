"""``biomatrix design``: RNA for a structure, and transcripts for a protein."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from biomatrix.cli.console import Quiet, progress_line, refusals_in_json

app = typer.Typer(
    help="Design RNA for a secondary structure, or transcripts for a protein.",
    epilog='Example: biomatrix design structure "((((....))))"; biomatrix design mrna MASKEELF --avoid BsaI -o designs',
    no_args_is_help=True,
)

Seed = Annotated[int, typer.Option("--seed", help="Of the random numbers; the same seed gives the same designs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable results.")]


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="design")


@app.callback()
def design() -> None:
    """Design RNA for a secondary structure, or transcripts for a protein."""


@app.command(epilog='Example: biomatrix design structure "((((....))))" -n 3 --seed 1')
@refusals_in_json
def structure(
    target: Annotated[str, typer.Argument(help="Dot-bracket without pseudoknots.")],
    fixed: Annotated[
        str | None, typer.Option(help="What may stand where, in IUPAC's letters; N for anything. As long as TARGET.")
    ] = None,
    num_samples: Annotated[int, typer.Option("--num-samples", "-n", help="How many different sequences.")] = 1,
    seconds: Annotated[float, typer.Option(help="The longest it may take.")] = 60.0,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Write sequences whose structure of least free energy, by ViennaRNA, is TARGET.

    One line each: the sequence, its structure, its energy in kcal/mol. Where none was found, the closest is written
    with the number of places that pair otherwise, and the command fails. Needs the extra fold.
    """
    from biomatrix.entities.nucleic.design import design_for_structure

    found = design_for_structure(target, seconds, seed, fixed=fixed, count=num_samples)
    if as_json:
        typer.echo(json.dumps([asdict(each) | {"matches": each.matches} for each in found]))
    else:
        for each in found:
            typer.echo(f"{each.sequence}\t{each.structure}\t{each.energy:.2f}")
    if not found[0].matches:
        typer.echo(f"no sequence was found in time; of the closest {found[0].distance} places pair otherwise", err=True)
        raise typer.Exit(1)


@app.command(
    epilog="Example: biomatrix design mrna MASKEELFTGVVPILVELDGDVNGHK --codons-of h_sapiens "
    '--avoid "BsaI;EcoRI;runs>5" --utr5 GGGAAAUAAGAGAGCCACC -o designs'
)
@refusals_in_json
def mrna(
    protein: Annotated[str, typer.Argument(help="One-letter codes; the stop is added.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for FASTA, GenBank, a table and a page.")],
    host: Annotated[str, typer.Option("--codons-of", help="Whose codon usage: h_sapiens, e_coli, ...")] = "h_sapiens",
    before: Annotated[str, typer.Option("--utr5", help="The 5' UTR; IUPAC's letters where bases are free.")] = "",
    behind: Annotated[str, typer.Option("--utr3", help="The 3' UTR; IUPAC's letters where bases are free.")] = "",
    avoid: Annotated[
        str, typer.Option(help="Motifs that may stand nowhere: enzymes, IUPAC letters, runs>5; parted by semicolons.")
    ] = "",
    objective: Annotated[
        list[str] | None,
        typer.Option(help="An objective to search by, such as cai, u or aup; repeatable."),
    ] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of the search.")] = 10,
    per_round: Annotated[int, typer.Option(help="Candidates of a round.")] = 50,
    top: Annotated[int | None, typer.Option(help="The most designs to write; the whole front by default.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write transcripts that keep PROTEIN exactly and hold no motif to avoid: the front of several objectives.

    None of those written is beaten by another that was looked at in all objectives at once; which to take is yours to
    say. Without the extra fold nothing is folded or drawn.
    """
    from biomatrix.entities.nucleic.design.mrna import Order, design_mrna
    from biomatrix.entities.nucleic.design.mrna_files import write_designs
    from biomatrix.entities.nucleic.motifs import parse_motifs

    order = Order(protein.strip().upper(), host, before, behind, parse_motifs(avoid) if avoid else ())
    with progress_line(quiet) as say:
        designs = design_mrna(order, objective, rounds=rounds, per_round=per_round, seed=seed)
        say(f"{designs.total:,} sequences fit; {len(designs.result.seen):,} were measured")
        files = write_designs(designs, output, top)
    found = {
        "fit": designs.total,
        "measured": len(designs.result.seen),
        "refused": len(designs.result.refused),
        "front": len(designs.front),
        "files": [str(file) for file in files],
    }
    if as_json:
        typer.echo(json.dumps(found))
    else:
        typer.echo(f"{len(designs.front)} designs on the front, in {output}")
    if not designs.front:
        raise typer.Exit(1)
