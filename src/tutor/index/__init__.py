"""Generations on disk: documents, vectors, lexical index, manifest, and the pointer that publishes one."""
