"""The groups of the `memicos` command, one module a group."""
