"""Roadmap Tutor: answers about becoming a machine-learning engineer, every sentence cited and verified."""

__version__ = "0.1.0"
