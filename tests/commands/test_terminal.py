"""What somebody else wrote is shown by commands, and obeyed by no terminal."""

from __future__ import annotations

import io

from rich.table import Table

from memicos_app.commands.terminal import Terminal

HOSTILE = "a\x1b[2J\x1b]0;mine\x07b\x9b31m\u202ec\x00d [red]e[/red] [/f]"
SHOWN = "a‹1B›[2J‹1B›]0;mine‹7›b‹9B›31m‹202E›c‹0›d [red]e[/red] [/f]"


def terminal() -> tuple[Terminal, io.StringIO]:
    written = io.StringIO()
    return Terminal(file=written, force_terminal=True, width=200, color_system=None), written


def test_a_line_cannot_command_the_terminal() -> None:
    console, written = terminal()
    console.print(HOSTILE, markup=False, highlight=False)
    assert written.getvalue() == f"{SHOWN}\n"


def test_nor_can_a_cell_of_a_table() -> None:
    console, written = terminal()
    table = Table("What", "Lines")
    table.add_row(HOSTILE, "one\ntwo\tthree")
    console.print(table, markup=False)
    assert SHOWN in written.getvalue()
    assert "\x1b" not in written.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "two" in written.getvalue()


def test_colours_of_its_own_stay() -> None:
    written = io.StringIO()
    Terminal(file=written, force_terminal=True, color_system="standard").print("[red]x[/red]")
    assert written.getvalue() == "\x1b[31mx\x1b[0m\n"
