"""What is written below a member is found, of bases too, and says it as JSON does."""

from csp_gateway.server.web.live.member_docs import member_docs, plain_doc
from csp_gateway.wire.answers import Gap, Ticked
from csp_gateway.wire.closing import Closing
from csp_gateway.wire.commands import Follow, Send, Subscribe


def test_members_of_a_struct_and_of_its_bases() -> None:
    told = member_docs(Subscribe)
    assert told["positions"] == "Whether frames say `offset`, `next`, `epoch` and engine `time`."
    assert told["id"].startswith("Names the message")
    # What has no docstring is not in it.
    assert "channel" not in told
    assert member_docs(Send)["data"] != told.get("data")
    assert member_docs(Follow)["fields"].endswith("null: all.")


def test_members_of_an_enum() -> None:
    assert set(member_docs(Closing)) == {each.name for each in Closing}


def test_every_member_that_needs_it_is_described() -> None:
    undescribed = set(Ticked.__struct_fields__) - set(member_docs(Ticked))
    assert undescribed == {"channel"}


def test_a_class_is_one_paragraph() -> None:
    assert plain_doc(Gap) == "Ticks are missing. Said before the first tick behind them."
    assert "\n" not in plain_doc(Subscribe)
    assert plain_doc(type("Bare", (), {})) == ""
