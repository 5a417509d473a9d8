"""Looks: Gradio's base theme on the fonts that a machine has, so that the page asks no other host for any."""

from __future__ import annotations

from importlib import resources

import gradio as gr

SANS = ("ui-sans-serif", "system-ui", "sans-serif")
MONO = ("ui-monospace", "Consolas", "monospace")


def static(name: str) -> str:
    """A style sheet or script of this package."""
    return resources.files("tutor_ui").joinpath("static", name).read_text(encoding="utf-8")


def theme() -> gr.themes.Base:
    """Gradio's own parts in the colours of the style sheet, which defines them for light and dark."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        font=[gr.themes.Font(name) for name in SANS],
        font_mono=[gr.themes.Font(name) for name in MONO],
        radius_size=gr.themes.sizes.radius_md,
    ).set(
        body_background_fill="var(--ground)",
        body_background_fill_dark="var(--ground)",
        body_text_color="var(--ink)",
        body_text_color_dark="var(--ink)",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0px",
        input_background_fill="var(--paper)",
        input_background_fill_dark="var(--paper)",
        input_border_color="var(--edge)",
        input_border_color_dark="var(--edge)",
        input_placeholder_color="var(--quiet)",
        input_placeholder_color_dark="var(--quiet)",
    )
