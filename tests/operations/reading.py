"""Reads a page of the board as a person does: its tables by their ids, its words, its notes."""

from __future__ import annotations

from html.parser import HTMLParser


class Sheets(HTMLParser):
    """The rows of every table, by its id; links of rows count as their words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.words: list[str] = []
        self._rows: list[list[str]] = []
        self._in_body = self._in_cell = False
        self.feed(page)
        self.text = " ".join(" ".join(self.words).split())

    def rows(self, table: str) -> list[list[str]]:
        """The cells of a table, row by row. Raises `KeyError` when the page has no such table."""
        return self.tables[table]

    def column(self, table: str, n: int) -> dict[str, str]:
        """By the heading of each row, its n-th cell."""
        return {row[0]: row[n] for row in self.rows(table)}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens a table, a row or a cell."""
        named = dict(attrs)
        if tag == "table":
            self._rows = self.tables.setdefault(named.get("id") or f"table-{len(self.tables)}", [])
        elif tag == "tbody":
            self._in_body = True
        elif tag == "tr" and self._in_body:
            self._rows.append([])
        elif tag in ("td", "th") and self._in_body:
            self._rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        """Closes it."""
        if tag == "tbody":
            self._in_body = False
        elif tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        """Words, of a cell or of the page."""
        self.words.append(data)
        if self._in_body and self._in_cell:
            self._rows[-1][-1] = f"{self._rows[-1][-1]} {data}".strip()
