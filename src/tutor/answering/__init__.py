"""From a question to an answer whose every statement carries a verified citation."""
