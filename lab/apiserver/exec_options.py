"""What a client asks of pods/exec."""

from dataclasses import dataclass
from urllib.parse import urlencode

from lab.apiserver.errors import bad_request

Query = list[tuple[str, str]]

_TRUE = {"1", "t", "true"}


@dataclass(frozen=True, slots=True)
class ExecOptions:
    """The command and the streams the client wants to have with it."""

    command: tuple[str, ...]
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool

    @classmethod
    def parse(cls, query: Query) -> "ExecOptions":
        """The options in a request's query; Refused (400) without a command or without any stream."""
        wanted = {name for name, value in query if value.lower() in _TRUE}
        tty = "tty" in wanted
        # A terminal has one output: as on a real server, stderr is part of stdout then.
        options = cls(
            command=tuple(value for name, value in query if name == "command"),
            stdin="stdin" in wanted,
            stdout="stdout" in wanted,
            stderr="stderr" in wanted and not tty,
            tty=tty,
        )
        if not options.command:
            raise bad_request("exec needs at least one query parameter 'command'")
        if not (options.stdin or options.stdout or options.stderr):
            raise bad_request("exec needs at least one of stdin, stdout and stderr to be true")
        return options

    @property
    def streams(self) -> frozenset[str]:
        """The types of the streams that a SPDY client opens for these options."""
        asked = {"stdin": self.stdin, "stdout": self.stdout, "stderr": self.stderr, "resize": self.tty}
        return frozenset({"error", *(name for name, wanted in asked.items() if wanted)})

    def encoded(self) -> str:
        """The query string of the same request to the kubelet."""
        flags = {"stdin": self.stdin, "stdout": self.stdout, "stderr": self.stderr, "tty": self.tty}
        pairs = [("command", word) for word in self.command]
        return urlencode([*pairs, *((name, "true") for name, wanted in flags.items() if wanted)])
