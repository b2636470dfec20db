"""Accounts elsewhere are told apart by their provider's address, too."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0019"
down_revision: str | Sequence[str] | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE, KEY = "user_identities", "user_identities_pkey"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("issuer", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.drop_constraint(KEY, TABLE)
    op.create_primary_key(KEY, TABLE, ["provider", "subject", "issuer"])


def downgrade() -> None:
    """One account of each name stays, the newest."""
    op.execute(
        """
        DELETE FROM user_identities old USING user_identities new
        WHERE (old.provider, old.subject) = (new.provider, new.subject)
        AND (old.created_at, old.issuer) < (new.created_at, new.issuer)
        """
    )
    op.drop_constraint(KEY, TABLE)
    op.create_primary_key(KEY, TABLE, ["provider", "subject"])
    op.drop_column(TABLE, "issuer")
