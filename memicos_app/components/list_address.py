"""What the address of a feature list asks for: column, order, page, words and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import urlencode

from memicos_app.components.filter_address import filters_of, parameters_of
from memicos_app.library.feature_filters import EVERYTHING, FeatureFilter
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
    filters: FeatureFilter = EVERYTHING
    """All but the words."""

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
            filters=filters_of(parameters),
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
            **parameters_of(self.filters),
        }
        query = urlencode({name: part for name, part in parts.items() if part})
        return f"{path}?{query}" if query else path

    def sorted_by(self, sort: FeatureSort) -> Asked:
        """The first page by another column, or by the same one the other way round."""
        turned = sort == self.sort
        return replace(
            self, sort=sort, descending=not self.descending if turned else sort in DESCENDING_FIRST, page=1
        )

    def at(self, page: int) -> Asked:
        """Another page of the same list."""
        return replace(self, page=page)

    def holding(self, query: str) -> Asked:
        """The first page of what holds `query`."""
        return replace(self, query=query.strip()[:200], page=1)

    def narrowed(self, filters: FeatureFilter) -> Asked:
        """The first page of what other filters keep."""
        return replace(self, filters=filters, page=1)

    def cleared(self) -> Asked:
        """The first page of everything, in the same order."""
        return replace(self, query="", filters=EVERYTHING, page=1)

    @property
    def whole(self) -> FeatureFilter:
        """The filters with the words."""
        return replace(self.filters, query=self.query)


def last_page(total: int) -> int:
    return max(1, -(-total // PAGE))
