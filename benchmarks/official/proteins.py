"""Proteins at hand as the files of UniProtKB, UniRef, the Protein Data Bank and the AlphaFold database."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import textwrap
from collections import defaultdict
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

from official.atoms import Chain, cif_text, decoded
from official.tables import Job

CHAINS = "protein/structures/chains.parquet"
ANTIBODIES = "wengong-jin/RefineGNN"
ENTRIES = "protein/uniprot/flatfile_records.parquet"
PROTEOMES = tuple(f"protein/uniprot/{name}_proteome.fasta.gz" for name in ("ecoli", "yeast", "bsubtilis"))
WHOLE = (
    "diffdock/1cbr_protein", "diffdock/1a0q_protein_processed", "diffdock/6o5u_protein_processed",
    "diffdock/6moa_protein_processed", "diffdock/6ahs_protein_processed", "diffdock/6w70", "fep_jacs/tyk2_protein",
    "fep_jacs/bace_protein", "fep_jacs/mcl1_extra_flips_protein", "fep_jacs/p38_protein", "fep_jacs/cdk2_protein",
    "fep_jacs/jnk1_manual_flips_protein",
)  # fmt: skip
"""Files whose first chain has all atoms and no residue that FoldComp does not know, at which it ends the process."""
_HEADER = re.compile(
    r"(?P<base>sp|tr)\|(?P<accession>\w+)\|(?P<entry>\w+) (?P<name>.*?) OS=(?P<organism>.*?) OX=(?P<taxon>\d+)"
)
_TOPICS = {
    "function": "FUNCTION", "subunit": "SUBUNIT", "subcellular_location": "SUBCELLULAR LOCATION",
    "tissue_specificity": "TISSUE SPECIFICITY", "pathway": "PATHWAY", "similarity": "SIMILARITY", "domain": "DOMAIN",
}  # fmt: skip


def _lines(code: str, text: str, first: str = "", rest: str = "") -> str:
    """Return a text in lines of the flat file, cut at blanks."""
    head, below = f"{code}   {first}", f"{code}   {rest}"
    return "\n".join(textwrap.wrap(text, 80, initial_indent=head, subsequent_indent=below, break_on_hyphens=False))


def _flat(row: Mapping[str, Any]) -> str:
    """Return a parsed record as an entry of the flat file; its references and features were not kept."""
    sequence = row["sequence"]
    state = "Reviewed" if row["reviewed"] else "Unreviewed"
    mark = "RecName" if row["reviewed"] else "SubName"
    parts = [
        f"ID   {row['entry_name']:<24}{state};{len(sequence):>12} AA.",
        f"AC   {row['accession']};",
        _lines("DE", f"{mark}: Full={row['protein_name']};"),
        _lines("OS", f"{row['organism']}."),
        _lines("OC", f"{row['lineage']}.") if row.get("lineage") else "",
        f"OX   NCBI_TaxID={int(row['taxid'])};" if row.get("taxid") else "",
    ]
    for column, topic in _TOPICS.items():
        if row.get(column):
            parts.append(_lines("CC", f"-!- {topic}: {row[column]}", rest="    "))
    if row.get("catalytic_activity"):
        parts += ["CC   -!- CATALYTIC ACTIVITY:", _lines("CC", row["catalytic_activity"], "    ", "      ")]
    if row.get("keywords"):
        parts.append(_lines("KW", f"{row['keywords']}."))
    parts += [f"FT   CHAIN           1..{len(sequence)}", f"SQ   SEQUENCE{len(sequence):>6} AA;  1 MW;  0 CRC64;"]
    blocks = [sequence[first : first + 10] for first in range(0, len(sequence), 10)]
    parts += ["     " + " ".join(blocks[first : first + 6]) for first in range(0, len(blocks), 6)]
    return "\n".join([*filter(None, parts), "//", ""])


def swissprot(job: Job) -> str:
    """Write a flat file: verbatim entries, and parsed ones in the form of entries."""
    whole = [path.read_text() for path in sorted((job.data / "protein/uniprot/flatfile_samples").glob("*.txt"))]
    verbatim = [text for text in whole if "Reviewed;" in text.split("\n", 1)[0]]
    parsed = [_flat(row) for row in job.rows(ENTRIES) if row["reviewed"] and row["sequence"]]
    job.write("uniprot_sprot.dat.gz", "".join(text.rstrip("\n") + "\n" for text in (verbatim + parsed)[: job.count]))
    return f"{len(verbatim)} entries verbatim, others without their references and features"


def _proteomes(job: Job) -> list[dict[str, Any]]:
    found = []
    for name in PROTEOMES:
        for header, sequence in job.fasta(name):
            parts = _HEADER.match(header)
            if parts is not None and "-" not in parts["accession"]:
                found.append({**parts.groupdict(), "sequence": sequence})
    return found


def trembl(job: Job) -> str:
    """Write a flat file of entries with name, organism and sequence."""
    parsed = [row for row in job.rows(ENTRIES) if not row["reviewed"] and row["sequence"]]
    named = [
        {
            "entry_name": one["entry"], "reviewed": False, "accession": one["accession"], "protein_name": one["name"],
            "organism": one["organism"], "taxid": one["taxon"], "sequence": one["sequence"],
        }
        for one in job.drawn(_proteomes(job))
    ]  # fmt: skip
    job.write("uniprot_trembl.dat.gz", "".join(_flat(row) for row in [*parsed, *named][: job.count]))
    return f"{len(parsed)} parsed entries; others have name, organism and sequence of three proteomes"


def uniref50(job: Job) -> str:
    """Write a FASTA file of clusters."""
    records = []
    for one in job.drawn(_proteomes(job)):
        head = f">UniRef50_{one['accession']} {one['name']} n=1 Tax={one['organism']} TaxID={one['taxon']}"
        records.append("\n".join([f"{head} RepID={one['entry']}", *textwrap.wrap(one["sequence"], 60), ""]))
    job.write("uniref50.fasta.gz", "".join(records))
    return "proteins of three proteomes (E. coli, yeast, B. subtilis), each as a cluster of one"


def _entries(job: Job) -> dict[str, list[tuple[Chain, float | None]]]:
    """Return chains by PDB code; antibody chains of one collection, of which there are many, are left out."""
    columns = ("pdb_id", "chain", "source_repo", "sequence", "atoms", "coords", "centroid", "resolution", "kind")
    found: dict[str, list[tuple[Chain, float | None]]] = defaultdict(list)
    for row in Job(job.data, job.folder, 10**6).rows(CHAINS, columns):
        code = (row["pdb_id"] or "").lower()
        if row["atoms"] == "N,CA,C,O" and row["source_repo"] != ANTIBODIES and row["kind"] == "exp" and len(code) == 4:
            name = ascii_uppercase[len(found[code]) % 26]
            backbone = decoded(row["coords"], row["centroid"])
            found[code].append((Chain(name, row["sequence"], backbone), row["resolution"]))
    return found


def rcsb_pdb(job: Job) -> str:
    """Write packed mmCIF files by the middle of their code, verbatim ones first."""
    files = job.data / "protein/files"
    verbatim = [path for path in sorted(files.glob("*.cif*")) if re.fullmatch(r"\d\w{3}\.cif(\.gz)?", path.name)]
    for path in verbatim:
        content = path.read_bytes() if path.suffix == ".gz" else gzip.compress(path.read_bytes())
        place = job.folder / path.name[1:3].lower() / f"{path.name[:4].lower()}.cif.gz"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    taken = {path.name[:4].lower() for path in verbatim}
    for code, chains in job.drawn(list(_entries(job).items())):
        if code not in taken:
            resolution = chains[0][1]
            items = [("_struct.title", "'an entry'"), ("_exptl.method", "'X-RAY DIFFRACTION'")]
            items += [("_refine.ls_d_res_high", f"{resolution:.2f}")] if resolution else []
            text = cif_text(code.upper(), [chain for chain, _ in chains], items)
            job.write(f"{code[1:3]}/{code}.cif.gz", text)
    return f"{len(verbatim)} files verbatim; others are backbones of the PDB, side chains at the alpha carbon"


def afdb(job: Job) -> str:
    """Write a tar archive of models."""
    chains = [chain for group in _entries(job).values() for chain, _ in group]
    items = [("_ma_qa_metric_global.metric_value", "90.00")]
    job.folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(job.folder / "UP000000001_1_CHAINS_v4.tar", "w") as archive:
        for number, chain in enumerate(job.drawn(chains)):
            name = f"AF-P{number:05d}-F1"
            content = gzip.compress(cif_text(name, [chain._replace(name="A")], items).encode(), 6)
            member = tarfile.TarInfo(f"{name}-model_v4.cif.gz")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return "experimental backbones in place of models, side chains at the alpha carbon"


def _first_chain(lines: list[str]) -> list[str]:
    """Return the heavy atoms of the first chain of a PDB file, their B factors those of a sure model."""
    atoms = [line for line in lines if line.startswith("ATOM") and "H" not in (line[12], line[13])]
    return [f"{line[:60]} 90.00{line[66:]}" for line in atoms if line[21] == atoms[0][21] and line[16] in " A"]


def afdb_foldcomp(job: Job) -> str:
    """Write a FoldComp database of chains with all their atoms."""
    import foldcomp

    job.folder.mkdir(parents=True, exist_ok=True)
    index, lookup, content = [], [], b""
    for name in WHOLE:
        path = job.data / "interaction/complexes/files" / f"{name}.pdb.gz"
        lines = _first_chain(gzip.decompress(path.read_bytes()).decode().splitlines())
        packed = foldcomp.compress(path.name, "\n".join(lines))
        number = len(index)
        index.append(f"{number}\t{len(content)}\t{len(packed)}\n")
        lookup.append(f"{number}\tAF-P{number:05d}-F1-model_v4\t0\n")
        content += packed
    (job.folder / "afdb_swissprot_v4").write_bytes(content)
    (job.folder / "afdb_swissprot_v4.dbtype").write_bytes(b"\x18\0\0\0")
    job.write("afdb_swissprot_v4.index", "".join(index))
    job.write("afdb_swissprot_v4.lookup", "".join(lookup))
    return f"{len(index)} experimental chains with all atoms, in place of models"


WRITERS = {
    "swissprot": swissprot,
    "trembl": trembl,
    "uniref50": uniref50,
    "rcsb_pdb": rcsb_pdb,
    "afdb": afdb,
    "afdb_foldcomp": afdb_foldcomp,
}
"""By source, what writes its files and says what they are made of."""
