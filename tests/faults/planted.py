"""Could the tests of write-back fail at all? Each line that keeps an edit safe is taken away here.

A fault is planted in a copy of the source, and the test that is named must turn red. A line that is
no longer there is told at once: whoever moves it, moves it here too.
"""

from __future__ import annotations

from typing import NamedTuple


class Plant(NamedTuple):
    """A fault.

    Attributes
    ----------
    what : str
        As the docs name it.
    file : str
        Below ``cellframe``.
    line, instead : str
        What stands there once, and what is to stand there.
    test : str
        File and name below ``tests``.
    """

    what: str
    file: str
    line: str
    instead: str
    test: str


_RUN, _SEND, _WRITES = "writeback/run.py", "writeback/send.py", "writeback/writes.py"
_ASKING, _STANDING, _KEYS = "writeback/asking.py", "writeback/standing.py", "writeback/keys.py"
_PATIENCE, _DIFF, _ROWS = "writeback/patience.py", "writeback/diff.py", "writeback/known_rows.py"
_JOURNAL, _JOURNALS = "store/journal.py", "store/journals.py"
_APPLY = "writeback/test_apply.py"
_CONFLICTS, _SENDING = "writeback/test_conflicts.py", "writeback/test_sending.py"
_ONE, _RESUME = "store/test_one_journal.py", "writeback/test_resume.py"

PLANTS = (
    Plant(
        "`If-Match`",
        _WRITES,
        'headers = {"if-match": token} if token else {}',
        "headers: dict[str, str] = {}",
        "writeback/test_many_writers.py::test_no_edit_is_overwritten_unseen",
    ),
    Plant(
        "fsync of an intent",
        _JOURNAL,
        '            os.fsync(self._handle)\n            reach("after_journal_fsync")',
        '            reach("after_journal_fsync")',
        f"{_APPLY}::test_every_intent_is_synced_before_the_request",
    ),
    Plant(
        "the intent before the request",
        _RUN,
        "self._journal.append([task.intent() for task in tasks if task.is_write])",
        "[task.intent() for task in tasks if task.is_write]",
        f"{_APPLY}::test_the_intent_is_on_the_disk_before_the_request",
    ),
    Plant(
        "the end where a journal cannot be written",
        _JOURNAL,
        "        raise StoreError(message) from fault\n",
        "        return\n",
        f"{_APPLY}::test_nothing_is_sent_when_the_journal_cannot_be_written",
    ),
    Plant(
        "the key of a write",
        _WRITES,
        "key = {HEADER: self.key(step, request)} if self._way.keys else {}",
        "key: dict[str, str] = {}",
        f"{_SENDING}::test_a_write_has_the_key_that_its_intent_has",
    ),
    Plant(
        "the same key for the same request",
        _KEYS,
        "row = [digest, step.kind.name, step.row, step.version]",
        "row = [digest, step.kind.name, step.row, step.version, id(request)]",
        f"{_RESUME}::test_a_request_has_the_key_that_it_had_wherever_it_is_sent_again",
    ),
    Plant(
        "that a create is not repeated without a key",
        _ASKING,
        "return is_known or not answer.sent",
        "return True",
        f"{_SENDING}::test_a_lost_create_without_keys_is_settled_by_its_name",
    ),
    Plant(
        "the look for what a lost create made",
        _SEND,
        "            found = yield from self._namesake()\n",
        "            found = None\n",
        f"{_SENDING}::test_a_lost_create_without_keys_is_settled_by_its_name",
    ),
    Plant(
        "the look at the record after a lost update",
        _SEND,
        "                return self._there()\n",
        "                return self._result(Outcome.UNKNOWN)\n",
        f"{_SENDING}::test_a_lost_update_without_keys_is_settled_by_the_record",
    ),
    Plant(
        "what nobody can tell is unknown",
        _SEND,
        "return self._result(Outcome.UNKNOWN, message=_open(fault))",
        "return self._result(Outcome.FAILED, message=_open(fault))",
        f"{_SENDING}::test_what_the_service_does_not_say_is_unknown",
    ),
    Plant(
        "the third value, met on the way",
        _STANDING,
        "what = Class.CONFLICT if moved_on else change.what",
        "what = change.what",
        f"{_CONFLICTS}::test_an_edit_of_the_same_cell_on_the_way",
    ),
    Plant(
        "the base: what the service has when it is planned stands in",
        _ROWS,
        "stand_in = bases.standing_in(present.records)",
        "stand_in = type(bases)(bases.kind, (), present.records)",
        f"{_CONFLICTS}::test_a_cell_that_both_edited_is_a_conflict",
    ),
    Plant(
        "an empty cell clears nothing without a base",
        _DIFF,
        "counts = known[rows] | ~empty_now",
        "counts = known[rows] | empty_now | ~empty_now",
        "writeback/test_base.py::test_an_empty_cell_never_clears_without_a_base",
    ),
    Plant(
        "one's own earlier write",
        _ROWS,
        "return replace(change, what=what, you_read=change.server_now, is_own=True)",
        "return change",
        f"{_CONFLICTS}::test_ones_own_earlier_write_is_never_a_conflict",
    ),
    Plant(
        "the wait that a 429 asks for",
        _PATIENCE,
        "            self._leave_alone(asked)\n",
        "            pass\n",
        "writeback/test_patience.py::test_no_request_comes_before_the_time_that_was_said",
    ),
    Plant(
        "that one asks for all while a service is down",
        _PATIENCE,
        "return self._faults >= _GENERAL",
        "return False",
        "writeback/test_patience.py::test_a_service_that_is_down_is_asked_by_one_at_a_time",
    ),
    Plant(
        "the sum of a journal's line",
        _JOURNAL,
        'if int(sealed["crc"], 16) == zlib.crc32(body) else None',
        'if sealed["crc"] and body else None',
        "store/test_journals.py",
    ),
    Plant(
        "the lock of a journal",
        _JOURNAL,
        "if not _taken(handle, _PATIENCE):",
        "if _taken(handle, _PATIENCE) is None:",
        f"{_ONE}::test_a_second_hand_is_refused_within_a_second",
    ),
    Plant(
        "the cut of a torn line",
        _JOURNAL,
        "            os.ftruncate(self._handle, whole)\n",
        "            pass\n",
        f"{_ONE}::test_what_is_appended_after_a_torn_line_is_read",
    ),
    Plant(
        "what is settled is not sent again by a resume",
        "writeback/resuming.py",
        "if _place(s) not in settled",
        "if s not in settled",
        f"{_RESUME}::test_a_second_resume_writes_nothing_and_tells_the_same",
    ),
    Plant(
        "the order of journals under a clock that is set back",
        _JOURNALS,
        "return max(now, last + timedelta(microseconds=1))",
        "return now",
        "writeback/test_wrong_clocks.py",
    ),
    Plant(
        "parents before their children",
        _RUN,
        "for _, phase in groupby(self._steps(), _phase):",
        "for _, phase in groupby(reversed(list(self._steps())), _phase):",
        "writeback/test_lots.py::test_lots_come_before_their_rows",
    ),
    Plant(
        "the count that is meant",
        "writeback/limits.py",
        "if updates < self.min_rows or share <= self.update_share:",
        "if share <= 1:",
        "writeback/test_limits.py::test_more_updates_than_the_share_are_refused",
    ),
)
