"""What the address of a feature list asks for: column, order, page and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlencode

from memicos_app.library.views import FeatureSort

PAGE = 50
"""Rows a page."""
DESCENDING_FIRST = ("density", "max_activation")
"""Columns whose large values are what one looks for first."""
SORTS: tuple[FeatureSort, ...] = get_args(FeatureSort)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; anything that makes no sense there falls back to the default."""

    sort: FeatureSort = "index"
    descending: bool = False
    page: int = 1
    query: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Asked:
        """`?sort=&order=&page=&q=` as a request."""
        wanted = parameters.get("sort", "index")
        sort = wanted if wanted in SORTS else "index"
        order = parameters.get("order", "")
        page = parameters.get("page", "1")
        return cls(
            sort=sort,
            descending=order == "desc" or (order != "asc" and sort in DESCENDING_FIRST),
            page=int(page) if page.isascii() and page.isdigit() and int(page[:9]) > 0 else 1,
            query=parameters.get("q", "").strip()[:200],
        )

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE

    def address(self, path: str) -> str:
        """The address of this page of the list; defaults are left out of it."""
        order = "desc" if self.descending else "asc"
        usual = "desc" if self.sort in DESCENDING_FIRST else "asc"
        parts = {
            "sort": self.sort if self.sort != "index" else "",
            "order": order if order != usual else "",
            "page": str(self.page) if self.page > 1 else "",
            "q": self.query,
        }
        query = urlencode({name: part for name, part in parts.items() if part})
        return f"{path}?{query}" if query else path

    def sorted_by(self, sort: FeatureSort) -> Asked:
        """The first page by another column, or by the same one the other way round."""
        if sort == self.sort:
            return Asked(sort, not self.descending, 1, self.query)
        return Asked(sort, sort in DESCENDING_FIRST, 1, self.query)

    def at(self, page: int) -> Asked:
        """Another page of the same list."""
        return Asked(self.sort, self.descending, page, self.query)

    def holding(self, query: str) -> Asked:
        """The first page of what holds `query`."""
        return Asked(self.sort, self.descending, 1, query.strip()[:200])


def last_page(total: int) -> int:
    return max(1, -(-total // PAGE))
