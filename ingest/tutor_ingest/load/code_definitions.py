"""Which line of source code defines something, and under what name, by a few patterns for many languages."""

from __future__ import annotations

import re

from tutor_ingest.load.code_lines import Line

_MODIFIERS = r"""(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|internal|static|abstract|final|async
    |unsafe|extern(?:\s+"C")?|inline|override|open|sealed|data|virtual|const(?=\s+(?:fn|enum))|local|declare|partial
    |readonly|native|synchronized|suspend|implicit|lazy|case|actual|expect|fileprivate|mutating|indirect|typedef|mutable
    |annotation|temporary|temp|create(?:\s+or\s+replace)?|alter)\s+)*"""
_KEYWORDS = r"""(?:function\*?|class|def|fn|func|fun|interface|struct|enum|trait|impl(?:<[^>]*>)?|type|protocol|extension
    |object|record|module|namespace|macro_rules!|macro|union|actor|procedure|table|view|trigger|mod)"""
_DEFINITION = rf"\s*{_MODIFIERS}{_KEYWORDS}\s+(?:if\s+not\s+exists\s+)?(?:\([^()\n]*\)\s*)?(?P<name>[\w$`\"\[][\w$.:~`\"\]!?]*)"
_STRICT = re.compile(_DEFINITION, re.VERBOSE)
_SQL = re.compile(_DEFINITION, re.VERBOSE | re.IGNORECASE)
_CONTAINER = re.compile(
    rf"\s*{_MODIFIERS}(?:class|interface|struct|trait|impl\b|protocol|extension|object|record|module|namespace|union|actor|mod\b)",
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*(?:inline\s+)?(?:namespace|mod)\b")  # holds definitions and needs no heading
# What defines something without a keyword, where Pygments does not see it.
_SHELL = re.compile(r"\s*(?P<name>[\w:.-]+)\s*\(\)\s*(?:\{|$)")
_ASSIGNED = re.compile(
    r"\s*(?:(?:export|const|let|var|local)\s+)*(?P<name>[\w$][\w$.]*)\s*(?:<-|=)\s*(?:async\s+)?(?:function\b|class\b|\([^()]*\)\s*=>)"
)
_METHOD = re.compile(
    r"\s*(?:(?:async|static|get|set|public|private|protected|override)\s+)*(?P<name>[\w$#]+)\s*\([^;]*\)\s*(?::[^{]+)?\{"
)
# What only a comment makes worth telling: constants and macros.
_VALUES = (
    re.compile(r"\s*#\s*define\s+(?P<name>\w+)"),
    re.compile(
        r"\s*(?:(?:export|public|private|protected|static|readonly|final)\s+)*(?:const|let|var|val|static|local|auto)\s+(?:mut\s+)?(?P<name>[\w$]+)\s*[:=]"
    ),
    re.compile(r"(?P<name>[\w!.]+)\([^=]*\)(?:\s+where\s.*)?\s*=(?!=)"),
    re.compile(r"(?P<name>[A-Z][A-Z0-9_]+)\s*="),
)
_FIELD_NAME = re.compile(r"([\w$]+)\s*(?:\?|!)?\s*(?:[(=:;{,]|$)")
_CONTROL = frozenset(  # words that look like functions
    "super if for while switch catch return else do foreach elseif elif unless until when with using lock".split()  # noqa: SIM905
)
_DECORATION = re.compile(r"\s*(?:@\w|#\[|\[\w[^\]]*\]\s*$|template\s*<|__attribute__|\[\[)")
# What stands between the comments at the head of a file and its first definition.
_IMPORT = re.compile(
    r"\s*(?:(?:import|package|namespace|use|using|require|require_relative|from|library|source|set)\b(?!\s*[=:(])|<\?php"
    r"|#\s*(?:include|if|pragma|undef|define\s+\w+\s*$)|['\"]use strict['\"])"
)
_RETURN_TYPE = re.compile(r"[A-Za-z_][\w \t*&:<>,]*")
_WIDEST = 500  # characters of a line that are looked at: some patterns take quadratic time


def definer(line: Line, language: str) -> str:
    """The function, class or the like that a line defines: by keyword, as Pygments sees it, or by its form."""
    text = line.text[:_WIDEST]
    strict = (_SQL if language == "sql" else _STRICT).match(text)
    if strict and _is_keyword(strict, text, language):
        return strict["name"].strip('`"[]:.')
    if language == "sql" or text.lstrip().startswith(("return", "else", "}")):
        return ""
    forms = (_SHELL,) if language == "bash" else (_ASSIGNED, _METHOD)
    found = [line.defines, *(match["name"] for form in forms if (match := form.match(text)))]
    return next((name for name in found if name and name not in _CONTROL), "")


def _is_keyword(match: re.Match[str], text: str, language: str) -> bool:
    """Whether a keyword is one here: SQL has its own, and in C a struct may only give a variable its type."""
    before = text[: match.start("name")].lower()
    if language == "sql" or re.search(r"\b(?:table|view|trigger|procedure)\b", before):
        return language == "sql" and "create" in before
    if language in ("c", "cpp") and re.search(r"\b(?:struct|union|enum)\b", before):
        return re.match(r"\s*(?:[{:;<(]|final\b|$)", text[match.end() :]) is not None
    return True


def value(line: Line, language: str) -> str:
    """The constant or macro that a line defines."""
    if language == "sql":
        return ""
    found = (pattern.match(line.text[:_WIDEST]) for pattern in _VALUES)
    return next((match["name"] for match in found if match), "")


def field(line: Line) -> str:
    """The name that a line after a doc comment is about, whatever it is: a field, a member, a case."""
    match = _FIELD_NAME.search(line.text[:_WIDEST].split("//")[0].replace("this.", ""))
    return match[1] if match and not match[1].isdigit() and match[1] not in _CONTROL else ""


def holds_definitions(line: Line) -> bool:
    """Whether what a line defines is a class or the like, so that what stands in it is worth telling too."""
    return _CONTAINER.match(line.text) is not None


def is_namespace(line: Line) -> bool:
    """Whether a line opens what holds definitions and needs no heading of its own."""
    return _SPACE.match(line.text) is not None


def is_import(line: Line) -> bool:
    """Whether a line may stand between the comments at the head of a file and its first definition."""
    return _IMPORT.match(line.text) is not None


def is_decoration(line: Line) -> bool:
    """Whether a line is an annotation or attribute of the definition below it."""
    return _DECORATION.match(line.text) is not None


def is_return_type(line: Line) -> bool:
    """Whether a line may be the type of the function that the next line names, as C is often written."""
    return _RETURN_TYPE.fullmatch(line.text) is not None


def body_start(text: str) -> int:
    """Where a body opens on a line: at the first brace outside brackets that is not closed on the line."""
    depth = 0
    for at, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif depth <= 0 and (character == ";" or (character == "{" and _opens_body(text, at))):
            return at
    return len(text)


def _opens_body(text: str, at: int) -> bool:
    """Whether a brace opens a body: it is not closed on its line, or follows a name or a bracket."""
    return text.count("{", at) != text.count("}", at) or re.search(r"[)\w]\s*$", text[:at]) is not None
