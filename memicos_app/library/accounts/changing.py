"""What people change of themselves: one place for pages and the API."""

from __future__ import annotations

from memicos_app.library.accounts import users
from memicos_app.library.accounts.names import checked_name


async def edit(
    user_id: str,
    *,
    name: str | None = None,
    bio: str | None = None,
    comments: bool | None = None,
    jobs: bool | None = None,
) -> None:
    """Change what is given, all or nothing; None stays as it is.

    Raises:
        BadInputError: the name or what one says of oneself cannot be kept.
        ConflictError: somebody is called so.
    """
    now = await users.by_id(user_id)
    values: dict[str, object] = {
        "bio": now.bio if bio is None else users.checked_bio(bio),
        "notify_comments": now.notify_comments if comments is None else comments,
        "notify_jobs": now.notify_jobs if jobs is None else jobs,
    }
    noted = ""
    if name is not None and name.strip() != now.name:
        values["name"], noted = checked_name(name), "account.rename"
    await users.change(user_id, noted=noted, **values)
