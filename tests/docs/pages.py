"""The project's pages as their readers meet them: headings, links, and what stands as code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
TOP = [ROOT / name for name in ("README.md", "CHANGELOG.md", "bench/README.md")]
PATHS = [*TOP, *sorted((ROOT / "docs").rglob("*.md"))]
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    def __str__(self) -> str:
        """Return its path in the repository."""
        return str(self.path.relative_to(ROOT))

    @cached_property
    def _blocks(self) -> list[Token]:
        return _MARKDOWN.parse(self.path.read_text())

    def _inlines(self) -> Iterator[Token]:
        for block in self._blocks:
            yield from block.children or ()

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What `#…` may name here: its headings, as GitHub makes anchors of them."""
        anchors: list[str] = []
        for block, after in zip(self._blocks, self._blocks[1:], strict=False):
            if block.type == "heading_open":
                text = "".join(each.content for each in after.children or ())
                anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
                number = sum(each == anchor for each in anchors)
                anchors += [anchor, f"{anchor}-{number}"] if number else [anchor]
        return frozenset(anchors)

    @property
    def links(self) -> Iterator[str]:
        """Where its links lead, and where its pictures are."""
        for inline in self._inlines():
            for name in ("href", "src"):
                if name in inline.attrs:
                    yield str(inline.attrs[name])

    @property
    def code(self) -> Iterator[str]:
        """What stands as code: between backticks, or line by line in blocks."""
        for inline in self._inlines():
            if inline.type == "code_inline":
                yield inline.content
        for block in self._blocks:
            if block.type in ("fence", "code_block"):
                yield from block.content.replace("\\\n", " ").splitlines()

    @property
    def text(self) -> Iterator[str]:
        """What stands as text."""
        return (inline.content for inline in self._inlines() if inline.type == "text")

    @property
    def words(self) -> Iterator[str]:
        """What stands as code or as text."""
        yield from self.code
        yield from self.text


@lru_cache(maxsize=1)
def pages() -> list[Page]:
    """Return all pages."""
    return [Page(path) for path in PATHS]
