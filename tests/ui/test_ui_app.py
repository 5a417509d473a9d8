"""The page on the API's app: where it is, what it leaves to the API, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tutor.api.app import create_app
from tutor.testing import small_settings
from tutor_ui.app import CONCURRENCY, WAITING, build, mount


@pytest.fixture(scope="module")
def client(tutor):
    with TestClient(mount(create_app(tutor.settings, tutor=tutor), tutor.settings)) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/ui"])
def test_the_root_leads_to_the_page(client, path):
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "/ui/"


def test_the_page_bears_its_title_and_asks_no_other_host(client):
    page = client.get("/ui/")
    assert page.status_code == 200
    assert "Roadmap Tutor" in page.text
    for host in ("googleapis", "gstatic", "cdnjs", "jsdelivr", "huggingface.co"):
        assert host not in page.text
        assert host not in client.get("/ui/theme.css").text


def test_icon_and_manifest_are_where_a_browser_looks_for_them(client):
    assert client.get("/favicon.ico").headers["content-type"].startswith("image/svg+xml")
    assert client.get("/manifest.json").json()["start_url"] == "/ui/"


def test_the_api_keeps_its_routes_and_its_errors(client):
    assert client.get("/healthz").status_code == 200
    assert client.post("/ask", json={"question": "What is overfitting?"}).json()["coverage"] == "answered"
    assert client.get("/ask").status_code == 405
    assert client.get("/nowhere").status_code == 404
    assert "/ui" not in client.get("/openapi.json").text


def test_gradio_tells_nobody_and_offers_no_api_of_its_own(client):
    config = client.get("/ui/config").json()
    assert config["analytics_enabled"] is False
    assert config["dependencies"]
    assert {each["api_visibility"] for each in config["dependencies"]} == {"private"}
    assert client.get("/ui/gradio_api/info").json()["named_endpoints"] == {}


def test_files_of_the_machine_stay_where_they_are(client, tutor):
    for path in (Path(__file__), tutor.settings.corpus_dir / "north.md", Path("/etc/hostname")):
        assert client.get(f"/ui/gradio_api/file={path}").status_code in (403, 404)


def test_nothing_can_be_uploaded(client):
    answer = client.post("/ui/gradio_api/upload", files={"files": ("big.txt", b"x" * 1000)})
    assert answer.status_code == 413


def test_the_queue_has_limits(tmp_path):
    page = build(lambda: None, small_settings(tmp_path))
    assert page._queue.max_size == WAITING
    assert page._queue.default_concurrency_limit == CONCURRENCY
    assert page.api_open is False


def test_gradio_gathers_no_statistics(tmp_path):
    queue = build(lambda: None, small_settings(tmp_path))._queue
    records = [{"function": "ask", "status": "success", "process_time": 1.0}]
    queue.events_recorded = 1000
    assert queue.compute_analytics_summary(records) == {"functions": {}}
