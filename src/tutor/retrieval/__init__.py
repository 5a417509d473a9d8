"""From a question to ranked passages: searches, fusion, retriever."""
