"""The event lines of ASS and SSA: those that pysubs2 would refuse or ignore are left out and reported."""

import re

from common.captions.builder import Builder

SECTION = re.compile(r"^\s*\[([^\]]+)\]\s*$")
KINDS = re.compile(r"^\s*(?:(Dialogue|Comment)|Format|Picture|Sound|Movie|Command)\s*:", re.IGNORECASE)
DIALOGUE = re.compile(r"^\s*Dialogue\s*:", re.IGNORECASE)
TIMES = re.compile(r"\d:\d\d:\d\d\.\d+,\d+:\d\d:\d\d")
STAMP = re.compile(r"^-?\d{1,6}:\d{1,2}:\d{1,2}[.,:]\d{1,3}$")
FIELDS = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
SSA_FIELDS = ["marked", *FIELDS[1:]]
REQUIRED, KNOWN = {"start", "end", "text"}, {*FIELDS, *SSA_FIELDS, "actor"}
DEFAULTS = {"layer": "0", "style": "Default", "marginl": "0", "marginr": "0", "marginv": "0"}


def without_broken(text: str, built: Builder) -> str:
    """Return the text without the lines of the section [Events] that are no events or have unreadable times."""
    section, fields, kept = "", FIELDS, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        if found := SECTION.match(line):
            section = found.group(1).lower()
        elif is_stray(line, section):
            built.leave_out(number, "not in a section of the file", [line])
            continue
        elif section != "events" and DIALOGUE.match(line):
            built.report(number, "an event outside of the section [Events]; the section begins here")
            section = "events"
            kept.append("[Events]")
        if section == "events" and not found and line.strip() and not line.lstrip().startswith((";", "!:")):
            if line.lstrip().lower().startswith("format:"):
                fields = read_fields(line, number, built)
                continue
            if why := find_fault(line, fields):
                built.leave_out(number, why, [line])
                continue
            if fields not in (FIELDS, SSA_FIELDS):
                line = with_all_fields(line, fields)  # noqa: PLW2901 - the line as pysubs2 expects it
        kept.append(line)
    return "\n".join(kept)


def is_stray(line: str, section: str) -> bool:
    """Return whether a line is a damaged event outside of the events, or precedes the first section."""
    if section == "events" or DIALOGUE.match(line) or line.lstrip().startswith(";"):
        return False
    return bool(TIMES.search(line)) or (not section and bool(line.strip()))


def read_fields(line: str, number: int, built: Builder) -> list[str]:
    """Return the names in a `Format:` line, or the usual ones if they are damaged. pysubs2 expects the usual ones."""
    fields = [name.strip().lower() for name in line.partition(":")[2].split(",")]
    if REQUIRED <= set(fields) <= KNOWN and fields[-1] == "text":
        return fields
    built.leave_out(number, "the names of the fields cannot be read, the usual ones are assumed", [line])
    return FIELDS


def with_all_fields(line: str, fields: list[str]) -> str:
    """Return an event of a file that has other fields, or another order of them, with the usual fields."""
    kind, _, rest = line.partition(":")
    values = dict(zip(fields, (value.strip() for value in rest.split(",", len(fields) - 1)), strict=True))
    return f"{kind}: " + ",".join(values.get(name, DEFAULTS.get(name, "")) for name in FIELDS)


def find_fault(line: str, fields: list[str]) -> str:
    """Return why a line cannot be read as an event, or an empty text."""
    kind = KINDS.match(line)
    if not kind:
        return "not an event"
    if not kind.group(1):
        return ""
    values = line.partition(":")[2].split(",", len(fields) - 1)
    if len(values) < len(fields):
        return "the event has too few fields"
    times = [value.strip() for name, value in zip(fields, values, strict=True) if name in {"start", "end"}]
    return "" if all(map(STAMP.match, times)) else "the times cannot be read"
