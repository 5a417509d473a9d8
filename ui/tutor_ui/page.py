"""The Gradio page: a conversation, and beside it a reader that opens each cited sentence in its source.

The conversation is two pieces of HTML, what is past and the exchange under way, so that an answer that
streams sends only itself. Gradio changes only the nodes that differ: focus stays, and a screen reader hears
what is new. Buttons within the HTML speak through Gradio's events: `submit` asks, `select` opens a source,
`clear` starts over or goes back to the list. No handler returns a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from tutor_ui import reader, render
from tutor_ui.chat import KEPT_EXCHANGES, Chat, Exchange, View, transcript
from tutor_ui.theme import static
from tutor_ui.toolbar import toolbar

TITLE = "Roadmap Tutor"
SESSION_SECONDS = 6 * 3600
POLL_SECONDS = 2.0

_MASTHEAD = (
    f'<header class="masthead"><h1>{TITLE}</h1>'
    "<p>Every sentence is checked against a source that you can open.</p></header>"
)
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

Changes = dict[Any, Any]
"""New values by component; what is not named stays as it is."""


class Page:
    """The components, laid out where it is made, and what their events do."""

    def __init__(self, chat: Chat, max_question_chars: int) -> None:
        self._chat = chat
        self.exchanges = gr.State([], time_to_live=SESSION_SECONDS)
        self.poll = gr.Timer(POLL_SECONDS, active=False)
        gr.HTML(_MASTHEAD, elem_id="masthead", js_on_load=None, apply_default_css=False)
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="conversation"):
                self.tools = _html("toolbar.js", "tools")
                with gr.Column(elem_id="exchanges"):
                    self.past = _html("conversation.js", "past")
                    self.current = _html("conversation.js", "current")
                with gr.Column(elem_id="composer"):
                    self.question = _question(max_question_chars)
                    self.filters = gr.Accordion(_chosen(()), open=False, elem_id="filters")
                    with self.filters:
                        self.only = gr.Dropdown(
                            [], multiselect=True, label="Answer only from (none chosen: all)", elem_id="only"
                        )
            with gr.Column(elem_id="reader"):
                self.panel = _html("reader.js", "panel")

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect events to handlers."""
        whole = [self.exchanges, self.past, self.current, self.panel, self.tools, self.only, self.poll]
        blocks.load(self.start, None, whole, **_QUIET)
        self.tools.clear(self.start, None, whole, **_QUIET)
        self.poll.tick(self.start_if_ready, None, whole, **_QUIET)
        asking = gr.on(
            [self.question.submit, self.past.submit, self.current.submit],
            self.ask,
            [self.question, self.exchanges, self.only],
            [self.question, self.past, self.current, self.panel, self.tools, self.exchanges],
            **_QUIET,
        )
        asking.failure(render.broken, None, self.current, **_QUIET)
        self.only.change(lambda ids: gr.Accordion(label=_chosen(ids)), self.only, self.filters, **_QUIET)
        opening = [self.past.select, self.current.select, self.panel.select]
        gr.on(opening, self.open, None, self.panel, **_QUIET)
        self.panel.clear(self.list, None, self.panel, **_QUIET)

    def start(self) -> Changes:
        """A new conversation; as long as there is no tutor the page asks again."""
        view = self._chat.start()
        choices = [(document.title, document.id) for document in self._chat.documents()]
        return {
            self.exchanges: [],
            self.past: "",
            self.current: view.current,
            self.panel: view.reader,
            self.tools: "",
            self.only: gr.Dropdown(choices=choices, value=[]),
            self.poll: gr.Timer(active=not self._chat.ready),
        }

    def start_if_ready(self) -> Changes:
        """A new conversation as soon as there is a tutor."""
        return self.start() if self._chat.ready else {self.poll: gr.Timer(active=True)}

    def ask(
        self, text: str, earlier: list[Exchange], documents: Sequence[str], event: gr.EventData
    ) -> Iterator[Changes]:
        """The question typed, or the one on the button that was pressed, and its answer as it comes."""
        pressed = event._data.get("question") if isinstance(event._data, dict) else None
        typed = {} if pressed else {self.question: ""}
        yield {self.past: "".join(exchange.html for exchange in earlier), **typed}
        for view in self._chat.ask(str(pressed or text), earlier, documents):
            yield self._shown(view, earlier)

    def _shown(self, view: View, earlier: list[Exchange]) -> Changes:
        changes: Changes = {self.current: view.current}
        if view.reader is not None:
            changes[self.panel] = view.reader
        if view.finished is not None:
            kept = [*earlier, view.finished][-KEPT_EXCHANGES:]
            changes |= {self.exchanges: kept, self.tools: toolbar(transcript(kept))}
        return changes

    def open(self, event: gr.EventData) -> str:
        """The reader at the place that a button names."""
        return self._chat.open(reader.Place.model_validate(event._data))

    def list(self) -> str:
        """The reader's list of sources."""
        return reader.library(self._chat.documents())


def _html(script: str, elem_id: str) -> gr.HTML:
    return gr.HTML("", js_on_load=static(script), elem_id=elem_id, apply_default_css=False)


def _chosen(documents: Sequence[str]) -> str:
    return f"Choose sources ({len(documents)} chosen)" if documents else "Choose sources"


def _question(max_chars: int) -> gr.Textbox:
    return gr.Textbox(
        elem_id="question",
        label="Your question",
        placeholder="Ask a question",
        lines=1,
        max_lines=6,
        max_length=max_chars,
        submit_btn="Ask",
    )
