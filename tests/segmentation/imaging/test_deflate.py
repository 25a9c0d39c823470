"""The same content is compressed to the same bytes, and any reader gets it back."""

import gzip
import zlib
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.imaging.deflate import PIECE_BYTES, IsalStream, deflated

CONTENT = np.random.default_rng(1).normal(600, 80, 3 * PIECE_BYTES // 4).astype("<i2").tobytes()


def packed(parts: list[bytes]) -> bytes:
    stream = IsalStream()
    return b"".join(stream.add(part) for part in parts) + stream.end()


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, len(CONTENT)), max_size=6))
def test_however_the_content_comes_in_the_bytes_are_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(CONTENT)]
    parts = [CONTENT[a:b] for a, b in pairwise(places)]
    assert packed(parts) == packed([CONTENT])


@given(content=st.binary(max_size=2000), times=st.integers(1, 50))
def test_the_content_comes_back(content: bytes, times: int) -> None:
    assert gzip.decompress(packed([content] * times)) == content * times
    assert zlib.decompress(deflated(content * times), -15) == content * times


def test_the_header_names_no_file_and_no_time() -> None:
    assert packed([CONTENT])[:8] == b"\x1f\x8b\x08" + bytes(5)
