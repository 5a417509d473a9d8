"""One reader per file format: bytes in, a Document out, and a ReadError for whatever cannot be read."""

from tutor_ingest.load.content import Content
from tutor_ingest.load.loaders import LoadAll, Loader, in_process, isolated
from tutor_ingest.load.readers import SUFFIXES, load, refusal, supported
from tutor_ingest.load.request import Request

VERSION = 2  # raise it with every change that reads another text from the same file

__all__ = [
    "SUFFIXES",
    "VERSION",
    "Content",
    "LoadAll",
    "Loader",
    "Request",
    "in_process",
    "isolated",
    "load",
    "refusal",
    "supported",
]
