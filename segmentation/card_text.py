"""The text of a model card as blocks that a template can show: no markup passes through.

A small part of Markdown: headings, paragraphs, lists, tables and indented or fenced code; within
a line ``**strong**`` and code in back-ticks. What is not understood stays as it was written.
"""

import re
from dataclasses import dataclass, field

HEADING = re.compile(r"(#{1,6})\s+(.*)")
ITEM = re.compile(r"[-*]\s+(.*)")
INLINE = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
DIVIDER = re.compile(r"\|?[\s:|-]+\|?")
FENCE = "```"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line: ``text``, ``strong`` or ``code``."""

    kind: str
    text: str


Line = tuple[Span, ...]


@dataclass(slots=True)
class Block:
    """A part of the card.

    Attributes
    ----------
    kind : str
        ``heading``, ``paragraph``, ``list``, ``table`` or ``code``.
    level : int
        Of a heading, 1 to 6.
    lines : list of Line
        One for a heading or paragraph, one per item of a list.
    rows : list of list of Line
        Of a table, its head first.
    code : str
        As written.
    """

    kind: str
    level: int = 0
    lines: list[Line] = field(default_factory=list)
    rows: list[list[Line]] = field(default_factory=list)
    code: str = ""


def spans(text: str) -> Line:
    """Return a line in pieces."""
    found: list[Span] = []
    at = 0
    for match in INLINE.finditer(text):
        if match.start() > at:
            found.append(Span("text", text[at : match.start()]))
        strong, code = match.groups()
        found.append(Span("strong", strong) if strong else Span("code", code))
        at = match.end()
    if at < len(text):
        found.append(Span("text", text[at:]))
    return tuple(found)


def blocks(card: str) -> list[Block]:
    """Return the blocks of a card in order."""
    found: list[Block] = []
    for group in _groups(card):
        found += _of_group(group)
    return found


def _groups(card: str) -> list[list[str]]:
    """Return what stands between blank lines; fenced code stays whole."""
    groups: list[list[str]] = [[]]
    is_fenced = False
    for line in card.splitlines():
        if line.lstrip().startswith(FENCE):
            is_fenced = not is_fenced
            if is_fenced:
                groups.append([])
        if line.strip() or is_fenced:
            groups[-1].append(line)
        else:
            groups.append([])
    return [group for group in groups if group]


def _of_group(group: list[str]) -> list[Block]:
    first = group[0]
    if first.lstrip().startswith(FENCE):
        inside = [line for line in group if not line.lstrip().startswith(FENCE)]
        return [Block("code", code="\n".join(inside))]
    if all(line.startswith("    ") for line in group):
        return [Block("code", code="\n".join(line[4:] for line in group))]
    if heading := HEADING.fullmatch(first):
        level, text = heading.groups()
        here = Block("heading", level=len(level), lines=[spans(text)])
        return [here, *(_of_group(group[1:]) if group[1:] else [])]
    if all(line.strip().startswith("|") for line in group):
        return [_table(group)]
    if ITEM.match(first):
        return [_list(group)]
    return [Block("paragraph", lines=[spans(" ".join(line.strip() for line in group))])]


def _table(group: list[str]) -> Block:
    rows = [line.strip().strip("|").split("|") for line in group if not DIVIDER.fullmatch(line)]
    return Block("table", rows=[[spans(cell.strip()) for cell in row] for row in rows])


def _list(group: list[str]) -> Block:
    items: list[str] = []
    for line in group:
        if item := ITEM.match(line):
            items.append(item.group(1))
        else:
            items[-1] += f" {line.strip()}"
    return Block("list", lines=[spans(item) for item in items])
