"""The rules of a conversation's own text: title, tags, settings, identifiers."""

import re
import unicodedata
from collections.abc import Sequence

from conversations.errors import Fault

TITLE_MAX = 200
TAG_MAX = 50
TAGS_MAX = 10
MODEL_MAX = 128
LANGUAGE_MAX = 100
SYSTEM_PROMPT_MAX = 8_000
MAX_TOKENS_MAX = 1_000_000
TEMPERATURE_MAX = 2
CHARACTER_ID = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
USER_ID = re.compile(r"(?!me\Z)[A-Za-z0-9_.:@-]{1,128}\Z")
# The well-formed tags of RFC 5646 section 2.1. Those of its grandfathered list that it calls
# irregular follow none of its rules; the regular ones do.
_IRREGULAR = (
    "en-GB-oed|i-ami|i-bnn|i-default|i-enochian|i-hak|i-klingon|i-lux|i-mingo|i-navajo|i-pwn|i-tao"
    "|i-tay|i-tsu|sgn-BE-FR|sgn-BE-NL|sgn-CH-DE"
)
LANGUAGE_TAG = re.compile(
    rf"(?!.{{{LANGUAGE_MAX + 1}}})(?:"
    rf"(?ai:{_IRREGULAR})\Z|"
    r"[xX](?:-[A-Za-z0-9]{1,8})+\Z|(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})"
    r"(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?\Z)"
)

# Format characters that ordinary text needs: joiners in emoji and Indic or Persian words, the
# direction marks of Hebrew and Arabic. The bidi embeddings, overrides and isolates can make a
# title read as something else (Unicode TR 36), and are refused with the rest of category Cf.
_ALLOWED_FORMATS = {"\u200c", "\u200d", "\u200e", "\u200f", "\u061c"}
_EMOJI_TAGS = range(0xE0020, 0xE0080)  # the letters inside a regional flag such as Scotland's
# The noncharacters of the Unicode Standard, section 23.7.
_LAST_OF_PLANE = (0xFFFE, 0xFFFF)
_ARABIC_NONCHARACTERS = range(0xFDD0, 0xFDF0)
_REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_VISIBLE = ("L", "N", "P", "S")
_BLANK_LETTERS = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}  # fillers, drawn as nothing


def text_fault(value: str, *, longest: int, also_refused: str = "") -> Fault | None:
    """Return what is wrong with a trimmed title or tag, or None.

    Unassigned code points pass: they are the letters and emoji of a newer Unicode than Python's.
    """
    if len(value) > longest:
        return Fault(code="too_long", detail=f"At most {longest} characters.")
    if any(_refused(char) or char in also_refused for char in value):
        return Fault(
            code="invalid_characters",
            detail="Control, private-use and bidi-override characters are refused, as are < and >"
            + "".join(f", {char}" for char in also_refused)
            + ".",
        )
    if not any(_visible(char) for char in value):
        return Fault(code="blank", detail="At least one visible character is needed.")
    return None


def _refused(char: str) -> bool:
    if char in "<>":
        return True
    if char.isalnum() or char in _ALLOWED_FORMATS or ord(char) in _EMOJI_TAGS:
        return False
    return unicodedata.category(char) in _REFUSED_CATEGORIES or _is_noncharacter(ord(char))


def _is_noncharacter(code: int) -> bool:
    return code % 0x10000 in _LAST_OF_PLANE or code in _ARABIC_NONCHARACTERS


def _visible(char: str) -> bool:
    category = unicodedata.category(char)
    return (category[0] in _VISIBLE or category == "Cn") and char not in _BLANK_LETTERS


def storable_fault(value: str, *, longest: int) -> Fault | None:
    """Return what is wrong with free text such as a system prompt, or None."""
    if len(value) > longest:
        return Fault(code="too_long", detail=f"At most {longest} characters.")
    if "\0" in value or any(0xD800 <= ord(char) <= 0xDFFF for char in value):  # noqa: PLR2004
        return Fault(code="invalid_characters", detail="NUL and lone surrogates are refused.")
    return None


def fitted(text: str, *, longest: int = TITLE_MAX, also_refused: str = "") -> str | None:
    """Return what is left of a title or tag without what is refused, cut to the longest allowed.

    None if nothing visible is left.
    """
    kept_chars = (char for char in text if not (_refused(char) or char in also_refused))
    kept = "".join(kept_chars).strip()[:longest].rstrip()
    return kept if text_fault(kept, longest=longest) is None else None


def fitting_title(name: str, *, otherwise: str) -> str:
    """Make a title of a character's name: what is refused is dropped, what is too long is cut.

    `otherwise` is the title when nothing is left.
    """
    return fitted(name) or otherwise


def distinct_tags(tags: Sequence[str]) -> list[str]:
    """Collapse tags that differ in case alone to the first of them, keeping the order."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(unicodedata.normalize("NFC", tag).casefold(), tag)
    return list(first.values())


def fold(text: str) -> str:
    """Fold case and accents away, for sorting and searching: `Qué` and `que` become `que`."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def search_terms(*texts: str) -> list[str]:
    """Return the distinct folded words of `texts`, sorted; a symbol such as an emoji is a word."""
    terms: set[str] = set()
    for text in texts:
        folded = fold(text)
        terms.update("".join(map(_word_part, folded)).split())
        terms.update(char for char in folded if unicodedata.category(char) == "So")
    return sorted(terms)


def _word_part(char: str) -> str:
    # The vowel signs of many scripts are marks (category M), not letters, yet inside words.
    return char if char.isalnum() or unicodedata.category(char)[0] == "M" else " "
