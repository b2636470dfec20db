"""Tables by subject, sessions, migrations, and the embedded Postgres server; no business rules and no HTTP."""
