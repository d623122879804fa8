"""Prose at hand in the envelopes of web pages, abstracts, articles, papers and patent applications."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from official.tables import Job

BOOKS = "text/openstax_textbooks.parquet"
ABSTRACTS = "text/pubmedqa_pqal.parquet"
_PAGE = 4500
"""Characters of a page of the web, about."""
_JATS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and '
    'Interchange DTD v1.3//EN" "JATS-archivearticle1-3.dtd">\n<article xmlns:xlink="http://www.w3.org/1999/xlink" '
    'article-type="research-article"><front><article-meta><article-id pub-id-type="doi">10.1/{name}</article-id>'
    "<title-group><article-title>{title}</article-title></title-group><permissions>"
    '<license xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>Open.</license-p></license>'
    "</permissions><abstract><p>{abstract}</p></abstract></article-meta></front><body>{body}</body>"
    "<back><ref-list>{references}</ref-list></back></article>"
)
_CITED = ' [<xref ref-type="bibr" rid="b1">1</xref>]'
_REFERENCE = (
    '<ref id="b{0}"><element-citation publication-type="journal"><person-group><name><surname>Doe</surname>'
    "<given-names>J</given-names></name></person-group><article-title>A title of some length</article-title>"
    "<source>A journal</source><year>2020</year><volume>1</volume><fpage>1</fpage></element-citation></ref>"
)


def _chapters(job: Job, *sources: str) -> list[dict[str, Any]]:
    """Return chapters with their paragraphs, of the books whose names end so; all where none is named."""
    found = job.rows(BOOKS)
    for row in found:
        row["paragraphs"] = [line.strip() for line in row["text"].splitlines() if line.strip()]
    return [row for row in found if not sources or row["source"].endswith(sources)]


def _pages(paragraphs: list[str]) -> Iterator[str]:
    page = ""
    for paragraph in paragraphs:
        page += paragraph + "\n"
        if len(page) >= _PAGE:
            yield page
            page = ""
    if len(page) > 200:
        yield page


def fineweb_edu(job: Job) -> str:
    """Write a Parquet file of pages."""
    pages = job.drawn([page for row in _chapters(job) for page in _pages(row["paragraphs"])])
    job.write_parquet(
        "sample/10BT/000_00000.parquet",
        (
            {
                "text": page, "id": f"<urn:uuid:{number:032x}>", "dump": "CC-MAIN-2024-10", "url": "https://openstax.org",
                "file_path": "s3://commoncrawl/a.warc.gz", "language": "en", "language_score": 0.98,
                "token_count": len(page) // 4, "score": 4.1, "int_score": 4,
            }
            for number, page in enumerate(pages)
        ),
    )  # fmt: skip
    return "chapters of OpenStax, in pages"


def finefineweb(job: Job) -> str:
    """Write a file of JSON lines to each domain."""
    abstracts = [" ".join(row["contexts"]) + " " + row["long_answer"] for row in job.rows(ABSTRACTS)]
    half = len(abstracts) // 2
    pages = {
        "biology": [page for row in _chapters(job, "biology") for page in _pages(row["paragraphs"])],
        "chemistry": [page for row in _chapters(job, "chemistry") for page in _pages(row["paragraphs"])],
        "medicine": abstracts[:half],
        "health": abstracts[half:],
    }
    for domain, texts in pages.items():
        lines = (json.dumps({"text": text, "url": "https://a", "date": "2020"}) for text in texts[: job.count // 4])
        job.write(f"{domain}/{domain}_000000.jsonl", "".join(f"{line}\n" for line in lines))
    return "chapters of OpenStax in pages, abstracts of PubMed"


def pubmed(job: Job) -> str:
    """Write a file of citations with labelled abstracts, MeSH terms, authors and references."""
    citations = "".join(_citation(row) for row in job.rows(ABSTRACTS))
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "pubmed_250101.dtd">\n'
    job.write("baseline/pubmed25n0001.xml.gz", f"{head}<PubmedArticleSet>\n{citations}</PubmedArticleSet>\n")
    return "abstracts of PubMed, by PubMedQA"


def _citation(row: dict[str, Any]) -> str:
    labels = [*row["section_labels"], "CONCLUSIONS"]
    texts = "".join(
        f'<AbstractText Label="{escape(label)}" NlmCategory="{escape(label)}">{escape(text)}</AbstractText>'
        for label, text in zip(labels, [*row["contexts"], row["long_answer"]], strict=False)
    )
    mesh = "".join(
        f'<MeshHeading><DescriptorName UI="D000001" MajorTopicYN="N">{escape(one)}</DescriptorName></MeshHeading>'
        for one in row["meshes"]
    )
    author = "<Author><LastName>Doe</LastName><ForeName>J</ForeName><Initials>J</Initials></Author>"
    cited = '<Reference><ArticleIdList><ArticleId IdType="pubmed">7</ArticleId></ArticleIdList></Reference>'
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{row["pmid"]}</PMID>'
        f'<Article PubModel="Print"><ArticleTitle>{escape(row["question"])}</ArticleTitle><Abstract>{texts}</Abstract>'
        f'<AuthorList>{author * 5}</AuthorList><PublicationTypeList><PublicationType UI="D016428">Journal Article'
        f"</PublicationType></PublicationTypeList></Article><MeshHeadingList>{mesh}</MeshHeadingList></MedlineCitation>"
        f"<PubmedData><ReferenceList>{cited * 20}</ReferenceList></PubmedData></PubmedArticle>\n"
    )


def _article(row: dict[str, Any]) -> str:
    """Return a chapter in JATS: sections of five paragraphs, a citation in each, forty references."""
    paragraphs = row["paragraphs"]
    sections = [paragraphs[first : first + 5] for first in range(1, len(paragraphs), 5)]
    body = "".join(
        f"<sec><title>Section {number}</title>"
        + "".join(f"<p>{escape(text)}{_CITED}</p>" for text in texts)
        + "<fig id='f1'><label>Figure</label><caption><p>A caption that is left out.</p></caption></fig></sec>"
        for number, texts in enumerate(sections, start=1)
    )
    references = "".join(_REFERENCE.format(number) for number in range(1, 41))
    name, title = escape(row["doc_id"]), escape(row["title"])
    return _JATS.format(name=name, title=title, abstract=escape(paragraphs[0]), body=body, references=references)


def pmc(job: Job) -> str:
    """Write a tar archive of articles, and the list of its files."""
    stem = "oa_comm_xml.PMC000xxxxxx.baseline.2025-06-26"
    listed = ["Article File,Article Citation,AccessionID,LastUpdated (YYYY-MM-DD HH:MM:SS),PMID,License,Retracted\n"]
    job.folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(job.folder / f"{stem}.tar.gz", "w:gz", compresslevel=6) as archive:
        for number, row in enumerate(_chapters(job), start=1):
            content = _article(row).encode()
            member = tarfile.TarInfo(f"PMC000xxxxxx/PMC{number}.xml")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
            listed.append(f"{member.name},A. 2020,PMC{number},2020-01-01 00:00:00,{number},CC BY,no\n")
    job.write(f"{stem}.filelist.csv", "".join(listed))
    return "chapters of OpenStax as articles"


def biorxiv(job: Job) -> str:
    """Write a package to each article, with a figure that is passed over."""
    folder = job.folder / "January_2020"
    folder.mkdir(parents=True, exist_ok=True)
    chapters = _chapters(job)
    for number, row in enumerate(chapters[: max(1, job.count // 3)], start=1):
        with zipfile.ZipFile(folder / f"{number:08d}.meca", "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("manifest.xml", "<manifest/>")
            package.writestr(f"content/{number:06d}.xml", _article(row))
            package.writestr(f"content/{number:06d}.pdf", bytes(200_000))
    return "chapters of OpenStax as preprints"


def s2orc(job: Job) -> str:
    """Write JSON lines with the places of the parts."""
    lines = "".join(json.dumps(_paper(number, row)) + "\n" for number, row in enumerate(_chapters(job), start=1))
    job.write("20250101_000000_00000_chapters.gz", lines)
    return "chapters of OpenStax as papers"


def _paper(number: int, row: dict[str, Any]) -> dict[str, Any]:
    text, spans = row["title"], []
    for paragraph in row["paragraphs"]:
        spans.append({"start": len(text) + 1, "end": len(text) + 1 + len(paragraph)})
        text += f"\n{paragraph}"
    cited = [{"start": one["end"] - 4, "end": one["end"] - 1, "attributes": {"ref_id": "b1"}} for one in spans]
    annotations = {
        "title": json.dumps([{"start": 0, "end": len(row["title"])}]),
        "abstract": json.dumps(spans[:1]),
        "paragraph": json.dumps(spans),
        "bibref": json.dumps(cited[1::2]),
    }
    content = {"source": {"oainfo": {"license": "CCBY"}}, "text": text, "annotations": annotations}
    return {"corpusid": number, "content": content}


def uspto_applications(job: Job) -> str:
    """Write a weekly file of applications."""
    job.write("ipa240104.xml", "".join(_application(number, row) for number, row in enumerate(_chapters(job), 1)))
    return "chapters of OpenStax as applications"


def _application(number: int, row: dict[str, Any]) -> str:
    texts = row["paragraphs"]
    told = "".join(f'<p id="p-{at:04d}" num="{at:04d}">{escape(text)}</p>' for at, text in enumerate(texts[1:], 1))
    name = f"2024{number:07d}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE us-patent-application SYSTEM '
        '"us-patent-application-v46-2022-02-17.dtd" [ ]>\n<us-patent-application lang="EN" '
        f'file="US{name}A1-20240104.XML" country="US"><us-bibliographic-data-application><publication-reference>'
        f"<document-id><country>US</country><doc-number>{name}</doc-number><kind>A1</kind></document-id>"
        f'</publication-reference><invention-title id="d0e43">{escape(row["title"])}</invention-title>'
        f'</us-bibliographic-data-application><abstract id="abstract"><p>{escape(texts[0])}</p></abstract>'
        f'<description id="description"><heading level="1">BACKGROUND</heading>{told}</description><claims id="claims">'
        f'<claim id="CLM-00001" num="00001"><claim-text><b>1</b>. {escape(texts[-1])}</claim-text></claim></claims>'
        "</us-patent-application>\n"
    )


WRITERS = {
    "fineweb_edu": fineweb_edu,
    "finefineweb": finefineweb,
    "pubmed": pubmed,
    "pmc": pmc,
    "biorxiv": biorxiv,
    "s2orc": s2orc,
    "uspto_applications": uspto_applications,
}
"""By source, what writes its files and says what they are made of."""
