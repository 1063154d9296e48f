"""Bringing what was written to the disk in a thread of its own: a disk that stalls holds up nobody who writes."""

import os
import threading
from collections.abc import Callable


class Syncing:
    """The fsyncs of one file, as many as are asked for and the disk can do. From any thread; no call raises."""

    def __init__(self, file: int, failed: Callable[[Exception], None]) -> None:
        """`file` is a descriptor that is this object's own from now on; what goes wrong is told to `failed`."""
        self._file = file
        self._failed = failed
        self._asked = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sync, name="spool to disk", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Have all that is written by now brought to the disk, soon."""
        self._asked.set()

    def close(self, seconds: float) -> None:
        """Sync a last time; that is waited for no longer than so many seconds."""
        self._closing.set()
        self._asked.set()
        self._thread.join(seconds)

    def _sync(self) -> None:
        last = False
        while not last:
            self._asked.wait()
            self._asked.clear()
            last = self._closing.is_set()
            try:
                os.fsync(self._file)
            except OSError as error:
                self._failed(error)
        os.close(self._file)
