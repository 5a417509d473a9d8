"""The words of an HTML page without its tree: the last resort for pages nested too deep for a tree."""

from __future__ import annotations

from html.parser import HTMLParser

_UNSEEN = ("script", "style", "template", "title")


def words_of(page: str) -> str:
    """Every run of text between two tags as a paragraph; scripts, styles and the title left out."""
    parser = _Words()
    parser.feed(page)
    parser.close()
    return "\n\n".join(parser.runs)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.runs: list[str] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _UNSEEN and not self._unseen:
            self._unseen = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""

    def handle_data(self, data: str) -> None:
        folded = " ".join(data.split())
        if folded and not self._unseen:
            self.runs.append(folded)
