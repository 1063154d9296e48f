"""What goes wrong with a lab, said so that a person can act on it."""


class LabError(Exception):
    """A lab cannot do what it was asked. `remedy` says what to do instead."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy
