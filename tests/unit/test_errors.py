"""Every error says which it is, to programs and to people."""

import re

import pytest

from twin_module.core.errors import Conflict, TwinError
from twin_module.rest.openapi import error_classes

CLASSES = sorted(error_classes(), key=lambda each: each.__name__)
each_class = pytest.mark.parametrize("error", CLASSES, ids=lambda each: each.__name__)


@each_class
def test_an_error_has_a_status_of_an_error(error: type[TwinError]) -> None:
    assert 400 <= error.status < 600


@each_class
def test_an_errors_code_is_matrixs_or_in_the_form_that_matrix_asks_for(
    error: type[TwinError],
) -> None:
    assert re.fullmatch(r"M_[A-Z_]+|ORG\.DIGITALTWIN\.[A-Z_]+", error.errcode)


@each_class
def test_an_error_explains_itself_in_a_sentence(error: type[TwinError]) -> None:
    assert error.__doc__ != TwinError.__doc__
    sentence = (error.__doc__ or "").strip().split("\n\n")[0]
    assert sentence[0].isupper()
    assert sentence.endswith(".")


def test_no_two_errors_have_one_code() -> None:
    codes = [each.errcode for each in CLASSES]
    assert len(codes) == len(set(codes))


def test_an_error_carries_its_message_and_fields() -> None:
    error = Conflict("Somebody was faster.", current="$1")
    assert str(error) == error.message == "Somebody was faster."
    assert error.fields == {"current": "$1"}
