"""TTML and IMSC 1.1, SCC (CEA-608), and EBU-STL, through ttconv (https://github.com/sandflow/ttconv).

ttconv reads each of them into its model of an IMSC document. This reads the paragraphs of that model, and makes it from
WebVTT to write it. ttconv has no writer for EBU-STL: `stl_writer.py` is one.
"""

import logging
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree as ET

from ttconv import model
from ttconv.imsc import reader as imsc_reader
from ttconv.imsc import writer as imsc_writer
from ttconv.imsc.config import ContentProfilesSignaling, IMSCWriterConfiguration
from ttconv.scc import reader as scc_reader
from ttconv.scc import writer as scc_writer
from ttconv.scc.config import SccWriterConfiguration
from ttconv.stl import reader as stl_reader
from ttconv.style_properties import DisplayAlignType, FontStyleType, FontWeightType, StyleProperties, TextAlignType
from ttconv.vtt import reader as vtt_reader

from common.captions import vtt
from common.captions.builder import Builder
from common.captions.document import BOTTOM, Caption, Document, Format, Run
from services.subtitle.errors import CharactersUnsupported, NotSubtitles

TYPOGRAPHY = str.maketrans({"…": "...", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\u00a0": " ", "\u2060": ""})
"""What CEA-608 has no character for, but a usual replacement."""
TOP, MIDDLE = 33, 66
"""Percent of the picture height."""
CONTAINERS = {"body", "div", "p"}
OPEN_END_S = 360_000
COLUMNS = {TextAlignType.start: 1, TextAlignType.center: 2, TextAlignType.end: 3}

logging.getLogger("ttconv").setLevel(logging.ERROR)


def read(text: str, kind: Format) -> Document:
    """Read TTML or SCC.

    Raises:
        NotSubtitles: it cannot be read.
    """
    try:
        if kind == "scc":
            return document_of(scc_reader.to_model(text), kind)
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise NotSubtitles("The TTML has a document type, which is refused. Remove its DOCTYPE.")
        return read_ttml(ET.fromstring(text))  # noqa: S314 - without entities
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ET.ParseError) as error:
        raise NotSubtitles(f"The file looks like {kind}, but cannot be read: {error}.") from error


def read_ttml(root: ET.Element) -> Document:
    """Read TTML, and report paragraphs that ttconv leaves out because they have no duration."""
    written = 0
    for element in root.iter():
        name = str(element.tag).rpartition("}")[2]
        written += name == "p" and bool("".join(element.itertext()).strip())
        if name in CONTAINERS and "begin" in element.attrib and not {"end", "dur"} & element.attrib.keys():
            element.set("dur", f"{OPEN_END_S}s")  # ttconv ends it at the end of its content, counted from another begin
    document = document_of(imsc_reader.to_model(ET.ElementTree(root)), "ttml")
    if left_out := written - len(document.captions):
        document.warnings.append(f"{left_out} paragraphs have no duration; left out")
    return document


def is_stl(content: bytes) -> bool:
    """Return whether a file has the header of EBU-STL: its code page, then STL25.01 or STL30.01."""
    return content[3:6] == b"STL" and content[6:8].isdigit()


def read_stl(content: bytes) -> Document:
    """Read EBU-STL (EBU Tech 3264).

    Raises:
        NotSubtitles: it cannot be read.
    """
    try:
        return document_of(stl_reader.to_model(BytesIO(content)), "stl")
    except Exception as error:  # whatever a damaged field makes ttconv raise
        raise NotSubtitles(f"The file looks like EBU-STL, but cannot be read: {error}.") from error


def document_of(document: Any, kind: Format) -> Document:
    built = Builder()
    body = document.get_body() if document is not None else None
    if body is not None:
        add_paragraphs(built, body, Fraction(0), None, kind)
    return built.document(kind)


def add_paragraphs(built: Builder, element: Any, offset: Fraction, region: Any, kind: Format) -> None:
    """Add the paragraphs below an element; times are relative to the element above."""
    begin = offset + (element.get_begin() or 0)
    region = region if element.get_region() is None else element.get_region()
    if not isinstance(element, model.P):
        for child in element:
            add_paragraphs(built, child, begin, region, kind)
        return
    runs = list(read_runs(element, frozenset()))
    if any(run.text.strip() for run in runs):
        end = offset + element.get_end() if element.get_end() is not None else begin
        end = end if end - begin < OPEN_END_S else begin  # the builder gives it a duration
        alignment = alignment_of(element, region)
        built.add(
            round(begin * 1000),
            round(end * 1000),
            strip(runs),
            alignment=3 * ((alignment - 1) // 3) + 2 if kind == "scc" else alignment,
        )


def read_runs(element: Any, marks: frozenset[str]) -> Iterator[Run]:
    """Yield the text below an element. A reading (ruby) follows its base in parentheses."""
    marks = marks_of(element, marks)
    if isinstance(element, model.Text):
        yield Run(element.get_text(), marks)
    elif isinstance(element, model.Br):
        yield Run("\n", marks)
    elif isinstance(element, model.Rt):
        yield Run("(", marks)
        for child in element:
            yield from read_runs(child, marks)
        yield Run(")", marks)
    elif not isinstance(element, model.Rp):
        for child in element:
            yield from read_runs(child, marks)


def marks_of(element: Any, marks: frozenset[str]) -> frozenset[str]:
    if isinstance(element, (model.Text, model.Br)):
        return marks
    style, weight, decoration = (
        element.get_style(name)
        for name in (StyleProperties.FontStyle, StyleProperties.FontWeight, StyleProperties.TextDecoration)
    )
    if style is not None:
        marks = marks - {"i"} if style is FontStyleType.normal else marks | {"i"}
    if weight is not None:
        marks = marks | {"b"} if weight is FontWeightType.bold else marks - {"b"}
    if decoration is not None and decoration.underline is not None:
        marks = marks | {"u"} if decoration.underline else marks - {"u"}
    return marks


def strip(runs: list[Run]) -> list[Run]:
    """Return the runs without the spaces at the edges of lines, which are the indentation of the XML."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        first, *others = run.text.split("\n")
        lines[-1].append(Run(first, run.marks))
        lines += [[Run(line, run.marks)] for line in others]
    kept = [strip_line(line) for line in lines]
    return [
        Run(("\n" if index and not at else "") + run.text, run.marks)
        for index, line in enumerate(kept)
        for at, run in enumerate(line)
    ]


def strip_line(line: list[Run]) -> list[Run]:
    """Return a line without the spaces at its edges; at least one run."""
    texts = [run.text for run in line]
    for edge, cut in ((range(len(texts)), str.lstrip), (range(len(texts) - 1, -1, -1), str.rstrip)):
        for index in edge:
            texts[index] = cut(texts[index])
            if texts[index]:
                break
    return [Run(text, run.marks) for text, run in zip(texts, line, strict=True) if text] or [Run("")]


def alignment_of(paragraph: Any, region: Any) -> int:
    """Return the number-pad key of a paragraph's region and text alignment; without a region, bottom center."""
    if region is None:
        return BOTTOM
    origin, extent = region.get_style(StyleProperties.Origin), region.get_style(StyleProperties.Extent)
    top, height = (origin.y.value if origin else 0), (extent.height.value if extent else 100)
    share = {DisplayAlignType.before: 0.0, DisplayAlignType.center: 0.5}.get(
        region.get_style(StyleProperties.DisplayAlign), 1.0
    )
    anchor = top + share * height
    row = 2 if anchor < TOP else 1 if anchor < MIDDLE else 0
    align = paragraph.get_style(StyleProperties.TextAlign) or region.get_style(StyleProperties.TextAlign)
    return 3 * row + COLUMNS.get(align, 2)


def write(document: Document, kind: Format) -> str:
    """Write IMSC 1.1 text, or SCC.

    Raises:
        CharactersUnsupported: CEA-608 has not all of the characters.
    """
    if kind == "scc":
        return write_scc(document)
    converted = vtt_reader.to_model(StringIO(vtt.write(neutral(document))))
    signalled = IMSCWriterConfiguration(profile_signaling=ContentProfilesSignaling.CONTENT_PROFILES)
    root = imsc_writer.from_model(converted, signalled).getroot()
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def write_scc(document: Document) -> str:
    captions = [replace_typography(caption) for caption in document.captions]
    text = vtt.write(neutral(Document(captions, "json")))
    written = str(scc_writer.from_model(vtt_reader.to_model(StringIO(text)), SccWriterConfiguration(force_popon=True)))
    kept = {character for caption in read(written, "scc").captions for character in caption.text}
    wanted = {character for caption in captions for character in caption.text if not character.isspace()}
    if missing := sorted(wanted - kept):
        raise CharactersUnsupported(format="scc", characters="".join(missing))
    return written


def replace_typography(caption: Caption) -> Caption:
    runs = tuple(Run(run.text.translate(TYPOGRAPHY), run.marks) for run in caption.runs)
    return Caption(caption.start, caption.end, runs, alignment=caption.alignment)


def neutral(document: Document) -> Document:
    """Return a document of which WebVTT is written anew, without the styles and names of another one."""
    captions = [Caption(one.start, one.end, one.runs, alignment=one.alignment) for one in document.captions]
    return Document(captions, "json")
