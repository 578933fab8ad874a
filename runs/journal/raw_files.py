"""Raw files by their SHA-256: what an instrument or a person wrote, kept byte for byte before anything is made of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from world_model.terms.errors import JournalError

from .canonical import sha256_of


class RawFiles(Protocol):
    """Keeps files by their content."""

    def keep(self, content: bytes, *, suffix: str) -> str:
        """Keep a file; returns its SHA-256 once it is on disk. Keeping it twice is keeping it once."""
        ...

    def read(self, sha256: str, *, suffix: str) -> bytes:
        """A file by its hash."""
        ...


class FolderRawFiles:
    """`<folder>/<sha256><suffix>`, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes, *, suffix: str) -> str:
        sha256 = sha256_of(content)
        goal = self.folder / f"{sha256}{suffix}"
        if not goal.exists():
            write_durably(goal, content)
        return sha256

    def read(self, sha256: str, *, suffix: str) -> bytes:
        file = self.folder / f"{sha256}{suffix}"
        if not file.is_file():
            raise JournalError(f"Expected the raw file {file}, found none. Restore the workspace's raw folder from a backup.")
        return file.read_bytes()


class MemoryRawFiles:
    """Raw files of a campaign that lives in memory only."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def keep(self, content: bytes, *, suffix: str) -> str:
        sha256 = sha256_of(content)
        self._files[sha256 + suffix] = content
        return sha256

    def read(self, sha256: str, *, suffix: str) -> bytes:
        if sha256 + suffix not in self._files:
            raise JournalError(f"Expected a raw file {sha256}{suffix}, found none in this process.")
        return self._files[sha256 + suffix]


def write_durably(file: Path, content: bytes) -> None:
    """Write a file so that it is whole or absent after a crash, and on disk when this returns.

    Raises:
        JournalError: the folder can't be written, or the disk is full.
    """
    beside = file.with_name(f".{file.name}.{uuid4().hex}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(file)
        directory = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise JournalError(f"Expected to write {file}, found: {fault.strerror}. Free some space, or name another workspace.") from fault
