"""Frames: cut from the stream as pika cuts them, wherever the stream was torn."""

from __future__ import annotations

from typing import Any

import pika
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import exceptions, frame, spec

from broker.pika_link import RawHeader, frames

texts = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=20)

methods = st.one_of(
    st.builds(
        spec.Basic.Deliver,
        consumer_tag=texts,
        delivery_tag=st.integers(1, 2**40),
        redelivered=st.booleans(),
        exchange=texts,
        routing_key=texts,
    ),
    st.builds(spec.Basic.Ack, delivery_tag=st.integers(1, 2**40), multiple=st.booleans()),
    st.builds(spec.Basic.Return, st.just(312), st.just("NO_ROUTE"), texts, texts),
)
some_frames = st.lists(
    st.one_of(
        st.builds(lambda method: frame.Method(3, method), methods),
        st.builds(lambda body: frame.Body(3, body), st.binary(min_size=1, max_size=50)),
        st.builds(
            lambda size, ident: frame.Header(3, size, pika.BasicProperties(message_id=ident)),
            st.integers(0, 2**40),
            texts,
        ),
        st.just(frame.Heartbeat()),
    ),
    max_size=6,
)


def by_pika(stream: bytes) -> list[str]:
    found = []
    while stream:
        used, value = frame.decode_frame(stream)
        found.append(shown(value))
        stream = stream[used:]
    return found


def shown(value: Any) -> str:
    if isinstance(value, RawHeader):
        properties = pika.BasicProperties()
        properties.decode(value.properties)
        return repr(frame.Header(value.channel_number, value.body_size, properties))
    return repr(value)


@given(some_frames, st.data())
def test_frames_are_the_same_wherever_the_stream_is_torn(written: list[Any], data: st.DataObject):
    """
    Two reads with a cut at any place give what pika's own decoder gives for the whole.
    """
    stream = b"".join(one.marshal() for one in written)
    cut = data.draw(st.integers(0, len(stream)))
    found = []
    rest = b""
    for piece in (stream[:cut], stream[cut:]):
        rest += piece
        used = 0
        for end, value in frames(rest):
            used = end
            found.append(shown(value))
        rest = rest[used:]

    assert by_pika(stream) == found
    assert rest == b""


def test_a_frame_that_does_not_end_where_it_should_is_an_error():
    """
    The stream cannot be trusted any more.
    """
    stream = bytearray(frame.Body(1, b"abc").marshal())
    stream[-1] = 0

    with pytest.raises(exceptions.InvalidFrameError):
        list(frames(bytes(stream)))
