"""A real Chromium on the real page, with a watch on whom each page speaks to and what it complains of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tutor.answering.tutor import Tutor
from tutor.api.app import create_app
from tutor.api.server import serving
from tutor.testing import SMALL_CORPUS, small_tutor
from tutor_ui.app import mount

SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
EVIL = """# Evil <img src="https://evil.example/a.png"> notes

Regularisation is a way to keep weights small. <script>document.title = "owned"</script>

![p](https://evil.example/b.png) [go](javascript:document.title='owned') {{value}} ${document.title='owned'}

```python
wide = 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15 + 16 + 17 + 18 + 19 + 20 + 21 + 22 + 23 + 24 + 25 + 26 + 27
```
"""
DESKTOP = (1440, 900)
PHONE = (390, 844)
WAIT_MS = 15_000


@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    """A Chromium for the tests of a file: Playwright's event loop must be gone when tests that start their own follow."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tutor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutor]:
    """A real tutor over the small corpus and a page that means harm."""
    made = small_tutor(tmp_path_factory.mktemp("browser"), {**SMALL_CORPUS, "evil.md": EVIL})
    yield made
    made.close()


@pytest.fixture(scope="session")
def url(tutor: Tutor) -> Iterator[str]:
    """The address of the page with the real tutor."""
    app = mount(create_app(tutor.settings, tutor=tutor), tutor.settings)
    with serving(app) as base:
        yield base


OpenPage = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def open_page(browser: Browser) -> OpenPage:
    """Opens a page; by its end it must have spoken to this machine only and complained of nothing."""

    @contextmanager
    def opened(
        url: str, size: tuple[int, int] = DESKTOP, scheme: str = "light", complaints: bool = False
    ) -> Iterator[Page]:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        hosts: set[str | None] = set()
        said: list[str] = []
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(url)
        yield page
        context.close()
        assert hosts - {None} == {"127.0.0.1"}  # None: data and blob addresses
        assert complaints or not said

    return opened


@pytest.fixture
def page(open_page: OpenPage, url: str) -> Iterator[Page]:
    """The page at desktop size, ready."""
    with open_page(url) as page:
        page.get_by_role("heading", name="What would you like to know?").wait_for()
        yield page
