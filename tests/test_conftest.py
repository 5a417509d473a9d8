"""The guards of the test suite itself."""

from __future__ import annotations

import os
import socket

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "example.org"])
def test_a_connection_to_elsewhere_is_refused(address: str) -> None:
    with socket.socket() as sock, pytest.raises(RuntimeError, match="tried to connect"):
        sock.connect((address, 80))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_no_setting_of_the_user_reaches_a_test() -> None:
    assert [name for name in os.environ if name.startswith("TUTOR_")] == ["TUTOR_DATA_DIR"]
