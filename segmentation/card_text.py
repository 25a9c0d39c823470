"""The text of a model card as a page shows it: Markdown, of which no markup passes through."""

from typing import Any

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_LEADS_ELSEWHERE = ["autolink", "html_block", "html_inline", "image", "link"]
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable(_LEADS_ELSEWHERE)
_UPPER = ("h1", "h2")
_SCROLLS = '<div class="table-wrap" tabindex="0" role="region" aria-label="Table of the card">'
_ATTRIBUTES: dict[str, dict[str, str | int | float]] = {
    "table_open": {"class": "table"},
    "th_open": {"scope": "col"},
    # What may be wider than the page is scrolled, by the keyboard as well.
    "code_block": {"class": "model-card", "tabindex": "0"},
}


def html_of(card: str) -> SafeString:
    """Return a card as HTML under a heading of the page; links and images stay text."""
    tokens = _MARKDOWN.parse(card)
    for token in tokens:
        _fit(token)
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    # Every text was escaped: the parser knows no HTML.
    return mark_safe(rendered)  # noqa: S308


def _fit(token: Token) -> None:
    """Let a part of a card look like the rest of the page, and stand below its headings."""
    if token.type in ("heading_open", "heading_close"):
        token.tag = "h3" if token.tag in _UPPER else "h4"
    if token.type == "fence":
        # A name of a language is of no use here.
        token.type, token.info = "code_block", ""
    for name, value in _ATTRIBUTES.get(token.type, {}).items():
        token.attrSet(name, value)


def _wrapped(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """Let a wide table scroll by itself."""
    table = renderer.renderToken(tokens, index, options, env)
    is_open = tokens[index].type == "table_open"
    return f"{_SCROLLS}{table}" if is_open else f"{table}</div>"


_MARKDOWN.add_render_rule("table_open", _wrapped)
_MARKDOWN.add_render_rule("table_close", _wrapped)
