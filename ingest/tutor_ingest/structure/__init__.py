"""What stands where in a document: headings, paragraphs, lists, tables, code, and the sentences in them."""

from tutor_ingest.structure.block import Block, Offsets, trim
from tutor_ingest.structure.blocks import blocks
from tutor_ingest.structure.sentences import sentence_spans

__all__ = ["Block", "Offsets", "blocks", "sentence_spans", "trim"]
