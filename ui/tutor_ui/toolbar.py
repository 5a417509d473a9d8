"""The conversation's tools: new, copy, export.

The Markdown to copy or save lies in the page, hidden: the browser does both, and the server writes no file.
"""

from __future__ import annotations

from html import escape

_TOOLS = {"new": "New conversation", "copy": "Copy", "export": "Export"}


def toolbar(markdown: str) -> str:
    """The tools, with the conversation's Markdown."""
    buttons = "".join(
        f'<button type="button" data-tool="{tool}">{label}</button>' for tool, label in _TOOLS.items()
    )
    return (
        f'<div class="toolbar" role="toolbar" aria-label="Conversation tools">{buttons}'
        '<span role="status"></span></div>'
        f'<textarea hidden readonly aria-hidden="true" tabindex="-1">{escape(markdown)}</textarea>'
    )
