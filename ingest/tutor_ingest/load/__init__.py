"""One reader per file format: bytes in, a Document out, and a ReadError for whatever cannot be read."""

from tutor_ingest.load.content import Content
from tutor_ingest.load.readers import SUFFIXES, load, supported

__all__ = ["SUFFIXES", "Content", "load", "supported"]
