"""What is wrong with a table or one of its cells, in a sentence for people."""


class SheetError(Exception):
    """The file cannot be read as a table; the message says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CellError(ValueError):
    """A cell does not hold what its column should; the message says what was expected."""
