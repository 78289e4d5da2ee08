"""Many visitors at once; the long form: `python -m campaigns.demo`."""

import asyncio
import json

from campaigns import demo, write


def test_every_visitor_of_a_crowd_has_an_own_answer_and_nothing_is_kept(served):
    visits = asyncio.run(demo.crowd(served.address, 16))
    assert [one.own for one in visits] == [True] * 16
    assert served.kept == []


def test_answer_of_another_visitor_is_told(served, monkeypatch):
    async def swapped(client, path, name):
        return await demo_asked(client, path, "somebody-else.wav")

    demo_asked = demo.asked
    monkeypatch.setattr(demo, "asked", swapped)
    assert [one.own for one in asyncio.run(demo.crowd(served.address, 1))] == [False]


def test_hour_and_large_file_are_refused(served):
    assert set(asyncio.run(demo.refusals(served.address))) == {"hour_s", "large_s"}
    assert served.kept == []


def test_stored_campaign_lost_no_visitor_and_kept_nothing():
    found = json.loads((write.FOUND / "demo.json").read_text(encoding="utf-8"))
    assert found["uploads"] == found["answered"] == found["own"] == 200
    assert found["kept_after_answers"] == found["kept_at_the_end"] == 0
    assert found["peak_mib"] - found["before_mib"] < 1024
