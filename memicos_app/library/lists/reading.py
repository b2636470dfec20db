"""Reading lists: one by its id, a person's, and those that hold a feature; each as the person asking may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import storable
from memicos_app.library import cursors, visibility
from memicos_app.library.accounts.person import Person, person
from memicos_app.library.cursors import Page
from memicos_app.library.errors import NotFoundError
from memicos_app.library.lists.views import PAGE, EntryView, ListView, entry_view, list_view
from memicos_app.library.query import Row, row, rows
from memicos_app.library.quick_lists import FeatureAddress

COLUMNS = """
    l.id, l.name, l.description, l.test_text, l.visibility, l.hidden, l.creator_id, u.name AS creator_name,
    l.created_at, l.updated_at, (SELECT count(*) FROM list_entries AS e WHERE e.list_id = l.id) AS n_entries"""
FROM = "lists AS l JOIN users AS u ON u.id = l.creator_id"
SHOWN = "(NOT l.hidden OR l.creator_id = :me_id OR :me_admin)"
"""Whether no administrator took a list out of the sight of the person asking."""
MOST_LISTS = 200


@dataclass(frozen=True, slots=True)
class Part:
    """Some entries of a list."""

    entries: list[EntryView]
    next: int | None
    """What to give as `after` for those that follow; None: these are the last."""

    cursor: str | None = None


async def get(list_id: str) -> ListView:
    """A list.

    Raises:
        NotFoundError: there is none, or it is not for the person asking.
    """
    one = await row(
        f"SELECT {COLUMNS} FROM {FROM} WHERE l.id = :id AND {visibility.reachable('l')} AND {SHOWN}",
        id=storable(list_id),
    )
    if one is None:
        raise NotFoundError("There is no such list, or it is private.", field="list_id")
    return _view(one)


async def entries(list_id: str, *, after: int = -1, cursor: str | None = None, limit: int = PAGE) -> Part:
    """Entries of a list in order, with what its text did on each.

    Args:
        after: position of the entry before the first: `Part.next`.
        cursor: `Part.cursor`; it goes before `after`.

    Raises:
        BadInputError: the cursor is of another list.
        NotFoundError: as `get`.
    """
    await get(list_id)
    size = max(1, min(limit, PAGE))
    question = cursors.question_hash("list", list_id)
    (last,) = cursors.place(cursor, question, int)
    after = max(after, -1) if last is None else last
    found = await rows(_ENTRIES, id=storable(list_id), after=after, limit=size + 1)
    shown = cursors.page(map(entry_view, found), size, question, lambda one: (one.position,))
    return Part(shown.items, shown.items[-1].position if shown.cursor else None, shown.cursor)


_ENTRIES = """
    SELECT e.model_id, e.source_id, e.index, e.note, e.position, e.added_at,
           t.text, t.tokens, t.special, t.values, t.problem
    FROM list_entries AS e JOIN lists AS l ON l.id = e.list_id
    LEFT JOIN list_test_results AS t ON t.list_id = e.list_id AND t.model_id = e.model_id
        AND t.source_id = e.source_id AND t.index = e.index AND t.text = l.test_text
    WHERE e.list_id = :id AND e.position > :after ORDER BY e.position LIMIT :limit
"""


async def of_person(user_id: str, *, limit: int = MOST_LISTS) -> list[ListView]:
    """A person's lists, the latest changed first: the public ones, and for themselves all."""
    return (await page_of_person(user_id, limit=limit)).items


async def page_of_person(user_id: str, *, cursor: str | None = None, limit: int = MOST_LISTS) -> Page[ListView]:
    """As `of_person`, in pages. Raises `BadInputError` where the cursor is of another list."""
    size, question = max(1, min(limit, MOST_LISTS)), cursors.question_hash("lists", user_id)
    changed, last = cursors.place(cursor, question, datetime, str)
    found = await rows(
        f"""
        SELECT {COLUMNS} FROM {FROM} WHERE l.creator_id = :user AND {visibility.listed("l")} AND {SHOWN}
            AND (CAST(:last AS text) IS NULL OR (l.updated_at, l.id) < (CAST(:changed AS timestamptz), :last))
        ORDER BY l.updated_at DESC, l.id DESC LIMIT :limit
        """,
        user=storable(user_id),
        changed=changed,
        last=last,
        limit=size + 1,
    )
    return cursors.page(map(_view, found), size, question, lambda one: (one.updated_at, one.id))


async def mine() -> list[ListView]:
    """The lists of the person asking; a visitor has none."""
    who = person()
    return await of_person(who.id) if who.id else []


async def holding(address: FeatureAddress, *, limit: int = MOST_LISTS) -> list[ListView]:
    """Lists that a feature is in: public ones and those of the person asking, whose own come first."""
    found = await rows(
        f"""
        SELECT {COLUMNS} FROM list_entries AS h JOIN {FROM} ON l.id = h.list_id
        WHERE h.model_id = :model AND h.source_id = :source AND h.index = :index
            AND {visibility.listed("l")} AND {SHOWN}
        ORDER BY (l.creator_id = :me_id) DESC NULLS LAST, l.updated_at DESC, l.id LIMIT :limit
        """,
        model=storable(address.model_id),
        source=storable(address.source_id),
        index=address.index,
        limit=limit,
    )
    return [_view(one) for one in found]


def may_change(creator_id: str, who: Person) -> bool:
    """Whether a list of `creator_id` is `who`'s to change."""
    return who.admin or (who.known and creator_id == who.id)


def _view(one: Row) -> ListView:
    return list_view(one, mine=may_change(one["creator_id"], person()))
