"""Links to private pictures: for one picture, one size, ten minutes, and made here only."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.media.links import PRIVATE_PATH, Links
from market.media.rules import LINK_KEPT, MediaSize

NOW = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
LINKS = Links("/media/", b"k" * 32)
MEDIA = "mda_01k00000000000000000000000"


def parts(link: str) -> tuple[str, str, str, str]:
    """The picture, the size, the end and the signature of a link."""
    url = urlsplit(link)
    media_id, size = url.path.removeprefix(PRIVATE_PATH).split("/")
    query = parse_qs(url.query)
    return media_id, size, query["expires"][0], query["signature"][0]


def is_good(
    media_id: str, size: str, expires: str, signature: str, *, now: datetime = NOW, links: Links = LINKS
) -> bool:
    return links.is_good(media_id, MediaSize(size.upper()), expires=expires, signature=signature, now=now)


@pytest.mark.parametrize("size", MediaSize)
def test_a_link_is_good_for_ten_minutes(size: MediaSize) -> None:
    link = parts(LINKS.private(MEDIA, size, now=NOW))

    assert link[:2] == (MEDIA, size.value.lower())
    assert is_good(*link)
    assert is_good(*link, now=NOW + LINK_KEPT - timedelta(seconds=1))
    assert not is_good(*link, now=NOW + LINK_KEPT)


def test_nothing_of_a_link_can_be_changed() -> None:
    media_id, size, expires, signature = parts(LINKS.private(MEDIA, MediaSize.SMALL, now=NOW))

    assert not is_good(MEDIA.replace("1", "2"), size, expires, signature)
    assert not is_good(media_id, "large", expires, signature)
    assert not is_good(media_id, size, str(int(expires) + 1), signature)
    assert not is_good(media_id, size, f"0{expires}", signature)
    assert not is_good(media_id, size, expires, signature.swapcase())
    assert not is_good(media_id, size, expires, signature[:-1])
    assert not is_good(media_id, size, expires, signature, links=Links("/media/", b"x" * 32))


@given(st.text(), st.text())
def test_any_text_may_be_asked_about(expires: str, signature: str) -> None:
    assert not is_good(MEDIA, "small", expires, signature)


@pytest.mark.parametrize("expires", ["9" * 12, "1e9", "٣", "-1", " 1", ""])
def test_an_odd_end_is_no_end(expires: str) -> None:
    assert not is_good(MEDIA, "small", expires, "0" * 64)


def test_public_pictures_have_an_address_for_good() -> None:
    assert LINKS.public("2026-11-25/ab.webp", MediaSize.MEDIUM) == "/media/2026-11-25/ab-960.webp"
