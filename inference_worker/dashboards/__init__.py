"""Feature dashboards of a whole source, from tokens to the public dataset layout; no database, no HTTP."""
