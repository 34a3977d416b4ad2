"""Hashes of passwords in the form that other programs read too."""

import pytest

from controller import scrypt


def test_a_hash_is_that_of_rfc_7914() -> None:
    """The vector of section 12 whose cost we take."""
    expected = "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw"
    assert scrypt.is_password(f"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU${expected}", b"pleaseletmein")


def test_the_cost_is_part_of_the_hash() -> None:
    """So that one of another cost can still be worked out."""
    for log_n, runs in ((4, 1), (5, 2)):
        made = scrypt.hashed("orange", log_n, runs)
        assert made.startswith(f"$scrypt$ln={log_n},r=8,p={runs}$")
        assert scrypt.is_hash(made)
        assert scrypt.is_password(made, b"orange")
        assert not scrypt.is_password(made, b"orange2")


@pytest.mark.parametrize(
    "text", ["", "orange", "$scrypt$ln=4,r=8,p=0$" + "A" * 22 + "$" + "A" * 43, "$scrypt$ln=20,r=8,p=1$"]
)
def test_what_is_no_hash_is_never_right(text: str) -> None:
    """And nothing is worked out that could take the memory."""
    assert not scrypt.is_hash(text)
