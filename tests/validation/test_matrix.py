"""The matrix of requirements and tests is true."""

from tests.validation import matrix


def test_every_marked_requirement_is_known():
    assert set(matrix.marks()) <= {requirement.id for requirement in matrix.requirements()}


def test_every_requirement_has_a_test():
    found = matrix.marks()
    assert [r.id for r in matrix.requirements() if r.id not in found] == []


def test_the_document_is_what_the_marks_say():
    assert matrix.DOCUMENT.read_text(encoding="utf-8") == matrix.document(), "run make validation"
