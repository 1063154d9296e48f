"""Writes a file so that whoever reads it meanwhile sees the old text or the new one, never a part."""

import os
import secrets
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Put `text` (UTF-8) at `path`, through links; what is no regular file, such as a pipe, is written to directly.

    An existing file keeps its permissions. Raises OSError, and then leaves no draft behind. A process that is killed
    meanwhile (SIGKILL) may leave one, hidden beside the file: no later writing minds it.
    """
    real = path.resolve()
    if real.exists() and not real.is_file():
        real.write_text(text, encoding="utf-8")
        return
    draft = real.with_name(f".{real.name}.{secrets.token_hex(4)}.draft")
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            draft.chmod(real.stat().st_mode & 0o7777)
        draft.replace(real)
    finally:
        draft.unlink(missing_ok=True)
