"""What holds for every test: no network but loopback, no settings but its own, a browser if there is one."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest

# Read and removed at once: the tutor refuses variables with its prefix that it does not know.
BROWSER_REQUIRED = os.environ.pop("TUTOR_TEST_BROWSER", "") == "required"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
}

for _name in [name for name in os.environ if name.upper().startswith("TUTOR_")]:
    del os.environ[_name]
os.environ.update(OFFLINE)  # before any test module imports a library that reads them


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Browser tests are skipped without a browser, unless the environment says that there must be one."""
    if item.get_closest_marker("browser") and not find_browser():
        reason = f"no browser is installed (looked for {', '.join(BROWSERS)})"
        if BROWSER_REQUIRED:
            pytest.fail(f"TUTOR_TEST_BROWSER=required, but {reason}", pytrace=False)
        pytest.skip(reason)


def find_browser() -> str | None:
    """Path of an installed Chromium or Chrome."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The browser to drive, for tests that bear the mark `browser`."""
    path = find_browser()
    assert path
    return path


@pytest.fixture(scope="session", autouse=True)
def _own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever is written without a folder being named goes to a temporary one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUTOR_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """A test that reaches for the network fails."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise RuntimeError(f"a test tried to connect to {address!r}")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
