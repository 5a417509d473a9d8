"""Markdown to HTML that is safe to show, whoever wrote the Markdown.

Sources and statements are untrusted. Raw HTML is off, links lose their target, images become their
description, and whatever is left passes an allow-list once more. A picture or a link in an answer would be
a way to carry a conversation to another host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "br", "hr", "div"),
    *("table", "thead", "tbody", "tr", "th", "td", "code", "em", "strong", "s", "span", "mark", "button"),
}
_ATTRIBUTES = {
    "*": {"class"},
    "mark": {"id", "tabindex"},
    "button": {"type"},
    "div": {"role"},
    "span": {"title"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}


class Renderer(RendererHTML):
    """Renders tokens without links to other places and without images."""

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A link's text stays, its target is told in the title."""
        return f'<span class="link" title="{escape(str(tokens[idx].attrGet("href") or ""))}">'

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The end of a link's text."""
        return "</span>"

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """An image's description in the place of the image."""
        return f'<span class="image">{escape(described(tokens[idx]))}</span>'

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A wide table scrolls within its own box."""
        return '<div class="table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The end of a table and its box."""
        return "</table></div>\n"


@cache
def parser() -> MarkdownIt:
    """The one Markdown parser: CommonMark with tables, raw HTML off."""
    return MarkdownIt("commonmark", {"html": False}, renderer_cls=Renderer).enable(["table", "strikethrough"])


def described(token: Token) -> str:
    """The text that stands for an image."""
    renderer = parser().renderer
    assert isinstance(renderer, Renderer)
    return renderer.renderInlineAsText(token.children, parser().options, {}) or "image"


def demote(tokens: Iterable[Token], by: int) -> None:
    """Lower every heading by so many levels, so that the page keeps one outline."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + by)}"


def clean(html: str) -> str:
    """The fragment with everything off the allow-list removed."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"data-", "aria-"},
        filter_style_properties={"text-align"},
        link_rel=None,
    )


def escape_outside_code(text: str, pattern: str) -> str:
    """The Markdown with a backslash before each match of `pattern` that is neither escaped nor code."""
    return re.sub(
        rf"\\.|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|(?P<hit>{pattern})",
        lambda match: f"\\{match[0]}" if match["hit"] else match[0],
        text,
        flags=re.DOTALL,
    )
