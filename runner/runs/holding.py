"""A run holds a lock on its spool while it lives, so that whoever reads it knows: in every PID namespace alike."""

import errno
import fcntl
import os

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF)
"""What file systems say that have no such locks (NFS without its lock service, some of FUSE)."""


def hold(file: int) -> bool:
    """Lock an open file for as long as it, or a copy of its descriptor, is open; False where that cannot be had.

    Nobody else asks for the lock before there is something in the file.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_held(file: int) -> bool:
    """Whether somebody holds the file that is open here anew. Raises OSError where that cannot be asked at all.

    Asked for with a shared lock that is given back at once: two who ask at the same time do not see each other.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def is_removed(file: int) -> bool:
    """Whether an open file has no name any more."""
    return os.fstat(file).st_nlink == 0


def content(file: int) -> bytes:
    """All that is in an open file, wherever it is being written."""
    size = os.fstat(file).st_size
    return os.pread(file, size, 0)
