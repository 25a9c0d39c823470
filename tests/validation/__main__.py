"""``python -m tests.validation``: write the matrix of requirements and tests."""

from tests.validation.matrix import DOCUMENT, document

if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
