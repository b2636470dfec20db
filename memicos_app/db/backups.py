"""Backups of the whole database: one file out, and back in as it was, all or nothing.

Programs of Postgres do the work. Restoring clears the schema first, so that what a newer version had added does not
stay behind and stand in the way of the next upgrade.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

from memicos_app.db.errors import DatabaseUnusable

Start = Callable[..., subprocess.Popen[bytes]]
"""Starts a program of Postgres by name, with its arguments and with `stdin` or `stdout` as `Popen` takes them."""
_PIECE = 1 << 20
_NEWER = b"SET transaction_timeout = 0;\n"
"""Stands at the head of every backup, and servers before 17 do not know it."""
_CLEARED = """
DO $clear$
DECLARE
    one text;
    every text[] := ARRAY(
        SELECT format('DROP %s IF EXISTS %s CASCADE', CASE c.relkind
            WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
            WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, c.oid::regclass)
        FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
            AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype IN ('e', 'a', 'i'))
        UNION ALL
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
        FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
        UNION ALL
        SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype)
        FROM pg_type AS t
        WHERE t.typnamespace = current_schema()::regnamespace
            AND (t.typtype IN ('e', 'd')
                OR EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
            AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = t.oid AND d.deptype = 'e')
    );
BEGIN
    FOREACH one IN ARRAY every LOOP
        EXECUTE one;
    END LOOP;
END $clear$;
"""


def back_up(start: Start, file: Path) -> None:
    """Write everything that the database holds now into `file`, which appears complete or not at all.

    Raises:
        DatabaseUnusable: it did not work; what `pg_dump` said stands on the terminal.
    """
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    dump = start("pg_dump", ["--format=custom", f"--file={partial}"])
    if dump.wait():
        partial.unlink(missing_ok=True)
        raise DatabaseUnusable("The backup was not written.")
    partial.replace(file)


def restore(start: Start, file: Path) -> None:
    """Put what a backup holds in the place of all that is there, in one transaction.

    Raises:
        DatabaseUnusable: it did not work, and nothing was changed.
    """
    plain = ["--no-owner", "--no-privileges", "--no-comments", "--file=-", str(file)]
    unpack = start("pg_restore", plain, stdout=subprocess.PIPE)
    quiet = ["--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1"]
    run = start("psql", quiet, stdin=subprocess.PIPE)
    assert unpack.stdout is not None
    assert run.stdin is not None
    with unpack.stdout:
        whole = _passed_on(unpack.stdout, run.stdin)
    whole = not unpack.wait() and whole
    try:
        run.stdin.write(b"COMMIT;\n" if whole else b"ROLLBACK;\n")
        run.stdin.close()
    except OSError:
        whole = False
    if run.wait() or not whole:
        raise DatabaseUnusable("The backup was not restored; the database is as it was.")


def _passed_on(source: IO[bytes], target: IO[bytes]) -> bool:
    """All of one program's output to the other, behind the clearing; false where the other stopped listening."""
    try:
        target.write(f"SET client_min_messages = warning;\nBEGIN;\n{_CLEARED}".encode())
        head = source.read(_PIECE)
        target.write(head.replace(_NEWER, b""))
        while piece := source.read(_PIECE):
            target.write(piece)
        target.flush()
    except OSError:
        return False
    return True
