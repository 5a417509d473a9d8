"""From a document to chunks that the embedding model reads whole, none across a heading, nothing lost."""

from tutor_ingest.split.chunks import split
from tutor_ingest.split.heading_paths import CountTokens
from tutor_ingest.split.packing import TINY

__all__ = ["TINY", "VERSION", "CountTokens", "split"]

VERSION = 2  # raise it with every change that makes other chunks of the same document
