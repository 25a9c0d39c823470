"""``python -m tests.validation``: write the matrix of requirements and tests.

With ``--check`` nothing is written; the exit status says whether the written one is true.
"""

import sys

from tests.validation.matrix import DOCUMENT, document

if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(document(), encoding="utf-8")
    elif DOCUMENT.read_text(encoding="utf-8") != document():
        sys.exit("docs/validation/README.md is out of date: run make validation.")
