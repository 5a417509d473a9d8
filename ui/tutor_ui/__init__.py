"""The browser face, built with Gradio."""
