"""Scores answer quality against question sets."""
