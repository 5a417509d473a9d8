"""The curriculum, the real model and a real browser: each citation of an answer opens at its sentence."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tutor.api.app import create_app
from tutor.api.server import serving
from tutor.bootstrap import open_tutor
from tutor.config import Settings, default_corpus_dir
from tutor_ingest.pipeline import ingest
from tutor_ui.app import mount

pytestmark = [pytest.mark.browser, pytest.mark.model]

QUESTION = "How long does it take to become an ML engineer?"


@pytest.fixture(scope="module")
def curriculum(tmp_path_factory):
    digests = default_corpus_dir() / "sources"
    settings = Settings(data_dir=tmp_path_factory.mktemp("curriculum"), corpus_dir=digests)
    ingest(settings)
    tutor = open_tutor(settings)
    yield tutor
    tutor.close()


def test_how_long_it_takes_is_answered_from_several_sources_each_open_at_its_sentence(open_page, curriculum):
    expected = curriculum.ask(QUESTION)
    assert len({citation.document_id for citation in expected.citations}) >= 2
    app = mount(create_app(curriculum.settings, tutor=curriculum), curriculum.settings)
    with serving(app) as url, open_page(url) as page:
        page.get_by_role("button", name=QUESTION).click()
        expect(page.locator("#current .exchange")).to_have_attribute("data-state", "answered")
        for citation in expected.citations:
            page.locator(f'#current .answer .cite[data-n="{citation.n}"]').first.click()
            expect(page.locator("#panel .reader")).to_have_attribute("data-start", str(citation.start))
            expect(page.locator("#panel header h2")).to_have_text(citation.title)
            expect(page.locator("#cited")).to_be_in_viewport()
            seen = "".join(page.locator("#panel mark").all_text_contents())
            assert "".join(seen.split()) == "".join(citation.quote.split())
