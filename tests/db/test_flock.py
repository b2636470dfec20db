"""File locks: who waits for whom, and that a death in any way frees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from memicos_app.db.flock import FileLock, exclusive, is_held

_HOLDER = """
import sys
from pathlib import Path
from memicos_app.db.flock import FileLock
lock = FileLock(Path(sys.argv[1]))
lock.exclude()
print("held", flush=True)
sys.stdin.read()
"""


def test_shared_holders_keep_an_exclusive_one_out(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    one.share()
    two.share()
    assert not two.try_exclude()
    one.close()
    assert two.try_exclude()
    two.close()


def test_lock_ends_with_its_block(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with exclusive(path):
        assert is_held(path)
    assert not is_held(path)


def test_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held(path)
        holder.kill()
        holder.communicate()
    assert not is_held(path)


def test_child_that_inherits_the_file_holds_the_lock_on(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = FileLock(path)
    lock.exclude()
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[lock.descriptor]) as child:
        lock.close()
        assert is_held(path)
        child.communicate()
    assert not is_held(path)


def test_exclusive_block_is_not_prolonged_by_a_child(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with exclusive(path) as lock:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[lock.descriptor])
    assert not is_held(path)
    child.communicate()


def test_forked_child_knows_that_the_lock_is_its_parents(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from memicos_app.db.flock import FileLock\n"
        "lock = FileLock(Path(sys.argv[1])); assert not lock.inherited\n"
        "child = os.fork()\n"
        "if not child: os._exit(0 if lock.inherited else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path / "lock")]).returncode == 0
