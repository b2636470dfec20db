"""A site that several people are signed in to, with what one of them made elsewhere; one for the whole run."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from memicos_app.library.accounts import secret_words
from memicos_app.site import frontend
from tests.browser import dataset
from tests.conftest import PostgresServer
from tests.mailbox import Mailbox, mail_server
from tests.running import RunningSite, running_site

VECTOR = f"/{dataset.MODEL}/15-memicos-resid-post/91000000"
UNTOUCHED = "browser_untouched"
"""A database as `browser_database` begins, which no site uses: to be copied."""
PEOPLE = {"ann": False, "bob": False, "eve": True}
"""Names, and whether they are administrators."""


@dataclass(frozen=True)
class Peopled:
    """A site that people are signed in to."""

    site: RunningSite
    mailbox: Mailbox
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def peopled(
    postgres_server: PostgresServer, site: RunningSite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peopled]:
    """A site of its own with the worker of `site`: ann who made a vector and runs, bob, and eve, who administers."""
    name = f"people_{secrets.token_hex(4)}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {UNTOUCHED}")
    tokens = {who: secret_words.new() for who in PEOPLE}
    settle_in(postgres_server.url(name), tokens)
    worker = f"http://127.0.0.1:{site.environment['INFERENCE_PORT']}"
    settings = {"JOBS_LOCAL": "false", "INFERENCE_URLS": worker, "DEMO_IMPORT": "false"}
    settings["INFERENCE_SERVER_SECRET"] = site.environment["INFERENCE_SERVER_SECRET"]
    settings |= {"WEB_DIR": str(frontend.web_dir()), "DATABASE_URL": postgres_server.url(name), "ACCESS": "open"}
    with (
        mail_server() as mailbox,
        running_site(
            tmp_path_factory.mktemp("people"), SMTP_URL=mailbox.url, EMBED_ORIGINS="https://lab.example", **settings
        ) as served,
    ):
        yield Peopled(served, mailbox, tokens)


def settle_in(url: str, tokens: dict[str, str]) -> None:
    """Accounts with a session each, and what ann made elsewhere."""
    with psycopg.connect(url) as connection:
        for name, admin in PEOPLE.items():
            connection.execute(
                "INSERT INTO users (id, name, email, admin) VALUES (%s, %s, %s, %s)",
                (name, name, f"{name}@example.org", admin),
            )
            connection.execute(
                """
                INSERT INTO user_sessions (id, user_id, token_hash, agent, expires_at)
                VALUES (%s, %s, %s, 'a browser', now() + interval '1 day')
                """,
                (name, name, secret_words.hashed(tokens[name])),
            )
        _, model_id, source_id, index = VECTOR.split("/")
        connection.execute(
            """
            INSERT INTO steer_vectors
                (model_id, source_id, index, label, hook_name, "values", visibility, creator_id)
            VALUES (%s, %s, %s, 'towards music', 'blocks.15.hook_resid_post', %s, 'unlisted', 'ann')
            """,
            (model_id, source_id, int(index), [0.1] * 576),
        )
        for seen_by in ("public", "unlisted", "private"):
            connection.execute(
                """
                INSERT INTO steer_outputs
                    (id, model_id, prompt, steered_text, temperature, n_tokens, freq_penalty, seed,
                     strength_multiplier, visibility, creator_id)
                VALUES (%s, %s, %s, ' and so on', 0, 4, 0, 1, 1, %s, 'ann')
                """,
                (f"run-{seen_by}", dataset.MODEL, f"a {seen_by} prompt", seen_by),
            )
