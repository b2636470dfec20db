"""A person's data: all of it to take away, and all of it gone when they leave.

Explanations that a person wrote and sources that they uploaded are part of what others build on: they stay, without
a name. All else that is theirs goes with them.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from memicos_app.db.text import original_json
from memicos_app.db.users import OWNER_ID
from memicos_app.library import activity
from memicos_app.library.accounts import sessions, users
from memicos_app.library.errors import BadInputError, ConflictError
from memicos_app.library.query import reading, rows_in, run_in, writing

PARTS: Mapping[str, str] = {
    "account": """
        SELECT id, name, email, bio, admin, notify_comments, notify_jobs, created_at FROM users WHERE id = :user
    """,
    "sessions": "SELECT id, agent, created_at, seen_at, expires_at FROM user_sessions WHERE user_id = :user",
    "api_keys": """
        SELECT id, name, last_four, created_at, used_at, revoked_at FROM api_keys WHERE user_id = :user
    """,
    "provider_keys": "SELECT provider, last_four, created_at FROM provider_keys WHERE user_id = :user",
    "identities": "SELECT provider, issuer, subject, label, created_at FROM user_identities WHERE user_id = :user",
    "lists": "SELECT * FROM lists WHERE creator_id = :user ORDER BY created_at",
    "list_entries": """
        SELECT e.* FROM list_entries AS e JOIN lists AS l ON l.id = e.list_id WHERE l.creator_id = :user
    """,
    "list_tests": """
        SELECT t.* FROM list_test_results AS t JOIN lists AS l ON l.id = t.list_id WHERE l.creator_id = :user
    """,
    "bookmarks": "SELECT * FROM bookmarks WHERE user_id = :user",
    "tested_texts": """
        SELECT model_id, source_id, index, text, strongest, tested_at
        FROM tested_texts WHERE user_id = :user ORDER BY tested_at
    """,
    "comments": "SELECT * FROM comments WHERE author_id = :user ORDER BY created_at",
    "explanations": """
        SELECT id, model_id, source_id, index, description, type_name, created_at
        FROM explanations WHERE author_id = :user ORDER BY created_at
    """,
    "scores": """
        SELECT id, model_id, source_id, index, explanation_id, type_name, value, n, created_at
        FROM explanation_scores WHERE initiated_by = :user ORDER BY created_at
    """,
    "votes": "SELECT explanation_id, points, created_at FROM explanation_votes WHERE voter_id = :user",
    "vectors": """
        SELECT model_id, source_id, index, label, hook_name, "values", default_strength, created_at
        FROM steer_vectors WHERE creator_id = :user ORDER BY created_at
    """,
    "steering_runs": """
        SELECT id, model_id, prompt, chat, vectors, options, default_text, steered_text, visibility, created_at
        FROM steer_outputs WHERE creator_id = :user ORDER BY created_at
    """,
    "presets": """
        SELECT id, model_id, alias, name, prompt, features, created_at
        FROM steer_presets WHERE creator_id = :user ORDER BY created_at
    """,
    "models": "SELECT id, display_name, visibility, created_at FROM models WHERE creator_id = :user",
    "releases": "SELECT name, description, visibility, created_at FROM releases WHERE creator_id = :user",
    "source_sets": """
        SELECT model_id, name, description, visibility, created_at FROM source_sets WHERE creator_id = :user
    """,
    "sources": """
        SELECT model_id, id, description, n_features, visibility, created_at FROM sources WHERE creator_id = :user
    """,
    "reports": """
        SELECT kind, subject_id, place, words, reason, state, created_at FROM reports WHERE reporter_id = :user
    """,
    "provider_runs": """
        SELECT kind, subject, state, budget_usd, total, done, failed, created_at
        FROM provider_runs WHERE user_id = :user ORDER BY created_at
    """,
    "provider_calls": """
        SELECT purpose, subject, provider, model, state, tokens_in, tokens_out, cost_usd, created_at
        FROM provider_calls WHERE user_id = :user ORDER BY created_at
    """,
    "jobs": "SELECT id, kind, title, subject, state, created_at FROM jobs WHERE creator_id = :user ORDER BY id",
    "activity": "SELECT action, subject, details, at FROM activity WHERE person_id = :user ORDER BY id",
}
"""What belongs to a person, and how it is read; secrets are not among it, for they cannot be read back."""
_GONE = (
    "DELETE FROM steer_vectors WHERE creator_id = :user",
    "DELETE FROM steer_outputs WHERE creator_id = :user",
    "DELETE FROM sign_in_links WHERE email = (SELECT email FROM users WHERE id = :user)",
    "UPDATE reports SET author_name = '' WHERE author_name = (SELECT name FROM users WHERE id = :user)",
    "UPDATE reports SET decided_by = '' WHERE decided_by = (SELECT name FROM users WHERE id = :user)",
    "UPDATE activity SET person_name = '' WHERE person_id = :user",
    "DELETE FROM users WHERE id = :user",
)


async def everything_of(user_id: str) -> dict[str, Any]:
    """All that is kept of a person, as plain data by subject."""
    async with reading() as session:
        return {
            name: [_plain(dict(one)) for one in await rows_in(session, sql, user=user_id)]
            for name, sql in PARTS.items()
        }


async def archive(user_id: str) -> bytes:
    """The same as a ZIP file with a JSON file a subject."""
    found, file = await everything_of(user_id), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in found.items():
            packed.writestr(f"{name}.json", json.dumps(content, ensure_ascii=True, indent=1))
    return file.getvalue()


async def delete(user_id: str, typed_name: str) -> None:
    """Remove a person with all that is theirs alone.

    Args:
        typed_name: their name, as a sign that they mean it.

    Raises:
        BadInputError: another name was typed.
        ConflictError: the account is the site's own.
    """
    account = await users.by_id(user_id)
    if typed_name.strip().lower() != account.name.lower():
        raise BadInputError(f"Type {account.name} to delete this account.", field="name")
    if user_id == OWNER_ID:
        raise ConflictError("This account belongs to the site itself; it can be disabled, not deleted.", field="name")
    async with writing() as writer:
        await activity.note("account.delete", "/account", {"person": user_id}, writer=writer)
        await writer.flush()  # their own name in this line goes, too
        for statement in _GONE:
            await run_in(writer, statement, user=user_id)
        await writer.commit()
    sessions.forget_known()


def _plain(one: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON holds it; what a database keeps for itself (packed examples) is left out."""
    kept = {name: value for name, value in one.items() if not isinstance(value, bytes | memoryview)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else original_json(value)
        for name, value in kept.items()
    }
