"""The style sheet: contrast of all texts and controls, and no foreign sources."""

from __future__ import annotations

import re

import pytest

from tutor_ui.theme import static, theme

TEXT = ("ink", "quiet", "accent", "warn")
GROUNDS = ("ground", "paper")


def colours(scheme: str) -> dict[str, str]:
    block = static("tutor.css").partition(scheme)[2].partition("}")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [":root {", ".dark {"])
def test_every_text_has_the_contrast_of_level_aa(scheme):
    found = colours(scheme)
    pairs = [(text, ground) for text in TEXT[:3] for ground in GROUNDS]
    pairs += [
        ("accent", "accent-soft"),
        ("ink", "accent-soft"),
        ("quiet", "accent-soft"),
        ("paper", "accent"),
    ]
    pairs += [("warn", "warn-soft"), ("ink", "warn-soft"), ("marked-ink", "marked")]
    for text, ground in pairs:
        assert contrast(found[text], found[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("scheme", [":root {", ".dark {"])
def test_the_edges_of_controls_can_be_seen(scheme):
    found = colours(scheme)
    for ground in GROUNDS:
        assert contrast(found["edge"], found[ground]) >= 3, ground


def test_the_style_sheet_and_the_fonts_come_from_here():
    assert not re.search(r"url\(|@import|https?:", static("tutor.css"))
    assert theme()._stylesheets == []
    assert theme()._font_css == []
