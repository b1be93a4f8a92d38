"""What a message of a twin says that it is about, true or not."""

from typing import Any

from hypothesis import given, strategies as st

from twin_module.chat.told import told_in
from twin_module.core.ports import Message
from twin_module.core.state import NAMESPACE, frozen
from twin_module.core.voice import About, Said, message

HERE = "!here"
TASK = About(HERE, "org.digitaltwin.task", "a")
ELSEWHERE = About("!elsewhere", "org.digitaltwin.task", "b")


def heard(content: Any) -> Message:
    return Message(HERE, "m.room.message", frozen(content), "@twin:x.example", "$e", 0)


def sent(said: Said) -> Message:
    return Message(HERE, "m.room.message", message(said, "key"), "@twin:x.example", "$e", 0)


def test_what_was_sent_is_read_again() -> None:
    said = Said(body="1. Bread", html="<b>Bread</b>", about=(TASK, ELSEWHERE), topic="brief")
    told = told_in(sent(said), own=True)
    assert (told.body, told.html, told.topic) == ("1. Bread", "<b>Bread</b>", "brief")
    assert tuple(told.about) == (TASK, ELSEWHERE)
    assert told.count == 2


def test_another_twins_message_speaks_of_its_own_room_alone_and_asks_nothing() -> None:
    said = Said(body="x", about=(TASK, ELSEWHERE), choices=({"capability": "tasks"},))
    assert told_in(sent(said), own=True).choices == [{"capability": "tasks"}]
    told = told_in(sent(said), own=False)
    assert list(told.about) == [TASK]
    assert told.choices == ()


def test_of_an_edited_message_the_newest_words_count() -> None:
    told = told_in(sent(Said(body="two", about=(TASK, TASK), replaces="$first")), own=True)
    assert (told.body, told.count) == ("two", 2)


def test_what_is_said_again_is_for_the_owner_and_pings_them() -> None:
    again = told_in(sent(Said(body="Bread", about=(TASK,), notice=True)), own=True).again("@a:x")
    assert again == Said(body="Bread", mentions=("@a:x",), about=(TASK,))


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["about", "choices", "room_id", "type", "uid"]), inner)
    ),
)


@given(JSON, JSON)
def test_no_content_raises(ours: Any, new: Any) -> None:
    told = told_in(heard({NAMESPACE: ours, "m.new_content": new, "body": new}), own=False)
    assert all(each.room_id == HERE for each in told.about)
