"""From a request to a page: is it one of ours, who asks, and what do they see?"""

from __future__ import annotations

import html
import logging
import secrets
import shutil
import time
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from cellframe.contract.routes import WHO_AM_I
from cellframe.contract.wire import FROM, Reply, Request
from cellframe.desk import forms, paper, routing
from cellframe.desk.guard import Failures, Names, Refused, once, same, sealed
from cellframe.desk.links import ADDRESS, Links
from cellframe.desk.paper import Here
from cellframe.desk.visits import LASTS, Visits
from cellframe.errors import AuthError, CellframeError, NotFoundError
from cellframe.store.places import private, write_whole

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from cellframe.contract.wire import Answer
    from cellframe.desk.visits import Visit

_HTML = "text/html; charset=utf-8"
_MOST_UPLOADS = 8
"""Files on their way to the disk at once."""
_AT_ONCE = 2
"""Files that are read at once, which takes memory."""
_LONGEST_KEY = 4096
_READS = {"GET", "HEAD"}
_ENTER, _LEAVE, _BEGIN = "/desk/enter", "/desk/leave", "/desk"
_HEADS = {
    400: "This cannot be read",
    401: "You are not in",
    403: "This was not done",
    404: "There is nothing here",
    405: "This was not done",
    413: "This is too much",
    429: "Please wait",
    503: "Please wait",
}
_ENDED = "Your visit has ended. Enter again; what you sent is in the history."
_WRONG_KEY = "This key is not known here. Look whether all of it was copied."
_WRONG_LINK = "This link is used, or older than an hour. Ask whoever runs the service for another."
_FAILED = "The page failed. Look into the history whether something was sent; the service's log says more, under {}."
_log = logging.getLogger(__name__)


class Desk:
    """The pages of one service. Safe to use from several threads.

    Parameters
    ----------
    answer : callable
        The service.
    folder : Path
        The folder of its records; the desk keeps its own in ``.cellframe/desk``.
    needs_key : bool
        Whether one enters with a key or a link; otherwise anyone on this machine does.
    guests_key : str
        What the clients of those say who come without a key of their own.
    address : str
        Where the service is reached on this machine.
    public_url : str
        Where people reach it, for one behind a proxy.
    host : str
        The name that it listens on.
    """

    largest = forms.LARGEST

    def __init__(
        self,
        answer: Answer,
        folder: Path,
        *,
        needs_key: bool,
        guests_key: str = "desk",
        address: str = "http://127.0.0.1",
        public_url: str = "",
        host: str = "",
    ) -> None:
        self._answer = answer
        self._folder = private(folder / ".cellframe" / "desk")
        self._needs_key = needs_key
        self._guests_key = guests_key
        self._names = Names.of(public_url, host)
        self._failures = Failures()
        self._links = Links(self._folder)
        self._visits = Visits(answer, self._folder, public_url or address)
        self._spool = private(self._folder / "coming")
        _empty(self._spool)
        self._turns = BoundedSemaphore(_AT_ONCE)
        write_whole(self._folder / ADDRESS, (public_url or address).encode())

    def close(self) -> None:
        """End every visit."""
        self._visits.end_all()

    def admit(self, request: Request) -> Path | Reply | None:
        """Say where a request's body may be written before it is answered.

        Returns
        -------
        Path, Reply or None
            A file to make, which the body is then; the answer, where nothing of it is to be
            read; None for a body that is held in memory.
        """
        if request.method != "POST" or forms.kind_of(request) != forms.MULTIPART:
            return None
        try:
            self._check_upload(request)
        except Refused as refused:
            return self._refusal(refused)
        return self._spool / secrets.token_hex(16)

    def answer(self, request: Request) -> Reply:
        """Answer one request; nothing is raised."""
        try:
            self._check(request)
            return self._opened(request)
        except Refused as refused:
            return self._refusal(refused)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the caller gets a page
            return self._failed(fault)

    def refuse(self, status: int, message: str) -> Reply:
        """Return the page that says why something is not done."""
        said = forms.too_large() if status == 413 else message  # noqa: PLR2004 - too large
        return self._refusal(Refused(status, said))

    def _check(self, request: Request) -> None:
        self._names.check(request.headers)
        if request.method not in _READS:
            self._names.check_origin(request.headers)

    def _check_upload(self, request: Request) -> None:
        """Refuse a file before anything of it is read."""
        self._check(request)
        if self._visit(request) is None:
            raise Refused(401, _ENDED)
        if sum(1 for _ in self._spool.iterdir()) >= _MOST_UPLOADS:
            raise Refused(503, "Many files are on their way. Wait a minute, try again.", 60)

    def _opened(self, request: Request) -> Reply:
        method = "GET" if request.method == "HEAD" else request.method
        path = request.path
        if path.startswith(paper.STATIC):
            return _static(method, path)
        if (method, path) == ("GET", "/"):
            return sealed(_see(_BEGIN))
        if path == _ENTER:
            return self._enter(method, request)
        visit = self._visit(request)
        if visit is None:
            if method == "GET":
                return sealed(_see(_ENTER))
            raise Refused(401, _ENDED)
        if not visit.turns.acquire(blocking=False):
            raise Refused(429, "Some of what you asked for is still under way. Wait for it.", 5)
        try:
            return self._shown(visit, method, request)
        finally:
            visit.turns.release()

    def _shown(self, visit: Visit, method: str, request: Request) -> Reply:
        with self._form(visit, method, request) as form:
            if (method, request.path) == ("POST", _LEAVE):
                self._visits.end(visit)
                return sealed(self._without_cookie(request, _see(_ENTER)))
            from cellframe.desk.pages.asked import Asked

            handler, named = routing.find(method, request.path)
            asked = Asked(visit, named, dict(request.query), form.fields, form.file)
            try:
                with self._turn(form):
                    reply = handler(asked)
            except AuthError:
                self._visits.end(visit)
                raise Refused(401, "The service takes your key no longer. Enter again.") from None
            except NotFoundError:
                raise Refused(404, "What the address names is not there, or no longer.") from None
            except CellframeError as fault:
                reply = self._troubled(visit, fault)
        return sealed(self._without_places(reply))

    @contextmanager
    def _form(self, visit: Visit, method: str, request: Request) -> Generator[forms.Form]:
        """Read a form whose token is the visitor's; its file is gone when the block ends."""
        if method == "GET":
            yield forms.Form()
            return
        folder = visit.folder / secrets.token_hex(8)
        try:
            form = forms.read(request, folder)
            if not same(form.fields.get("token", ""), visit.token):
                raise Refused(403, "The page was too old. Load it again, and press there.")
            yield form
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _turn(self, form: forms.Form) -> Generator[None]:
        if form.file is None:
            yield
            return
        with self._turns:
            yield

    def _enter(self, method: str, request: Request) -> Reply:
        if method == "GET":
            link = once(value for name, value in request.query if name == "link")
            return self._door(200, "", link)
        if method != "POST":
            raise Refused(405, "This address is not opened like this.")
        form = forms.read(request, self._spool).fields
        key, link = form.get("key", "").strip(), form.get("link", "")
        who = "" if key else None
        if link or self._needs_key:
            passed = self._failures.begin(request.headers.get(FROM, ""))
            if link:
                guest = self._links.use(link)
                if guest is None:
                    return self._door(403, _WRONG_LINK)
                key, whose, who = self._guests_key, f"guest {guest.name}", guest.name
            elif not self._is_known(key):
                return self._door(403, _WRONG_KEY)
            else:
                whose = f"key {key}"
            passed()
        else:
            key, whose, who = self._guests_key, "this machine", None
        was = self._visit(request)
        if was is not None:
            self._visits.end(was)
        return sealed(self._with_cookie(request, self._visits.begin(key, whose, who)))

    def _is_known(self, key: str) -> bool:
        """Ask the service itself whether it takes a key."""
        if not key or len(key) > _LONGEST_KEY:
            return False
        found = self._answer(Request("GET", WHO_AM_I, headers={"x-api-key": key}))
        return found.status == 200  # noqa: PLR2004 - it does

    def _visit(self, request: Request) -> Visit | None:
        said = [
            part.strip().partition("=") for part in request.headers.get("cookie", "").split(";")
        ]
        for name in (_cookie(request, is_safe=True), _cookie(request, is_safe=False)):
            cookie = once(value for known, _, value in said if known == name)
            if cookie:
                return self._visits.of(cookie)
        return None

    def _with_cookie(self, request: Request, cookie: str) -> Reply:
        is_safe = self._names.is_encrypted(request.headers)
        name = _cookie(request, is_safe=is_safe)
        said = f"{name}={cookie}; Path=/; Max-Age={int(LASTS)}; HttpOnly; SameSite=Strict"
        return _see(_BEGIN, {"set-cookie": f"{said}; Secure" if is_safe else said})

    def _without_cookie(self, request: Request, reply: Reply) -> Reply:
        is_safe = self._names.is_encrypted(request.headers)
        name = _cookie(request, is_safe=is_safe)
        said = f"{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        headers = {**reply.headers, "set-cookie": f"{said}; Secure" if is_safe else said}
        return Reply(reply.status, headers, reply.body)

    def _door(self, status: int, fault: str, link: str = "") -> Reply:
        given = {"title": "Enter", "fault": fault, "link": link, "needs_key": self._needs_key}
        return sealed(Reply(status, {"content-type": _HTML}, paper.draw("enter", Here(), **given)))

    def _refusal(self, refused: Refused) -> Reply:
        if refused.status == 401:  # noqa: PLR2004 - not in
            return self._door(401, refused.message)
        headers = {"retry-after": str(refused.wait)} if refused.wait else {}
        return self._stopped(Here(), refused.status, [refused.message], headers)

    def _troubled(self, visit: Visit, fault: CellframeError) -> Reply:
        from cellframe.desk.saying import trouble

        told = trouble(fault)
        lines = [told.head, *told.more, *(f"{one.place}: {one.message}" for one in told.faults)]
        return self._stopped(visit.here(), 422, lines)

    def _failed(self, fault: Exception) -> Reply:
        """Say that a page failed: to the log where, and neither what was sent nor a path."""
        name = secrets.token_hex(8)
        where = fault.__traceback__
        steps: list[str] = []
        while where is not None:
            code = where.tb_frame
            steps.append(f"{code.f_globals.get('__name__')}:{where.tb_lineno}")
            where = where.tb_next
        _log.error("Page %s failed: %s at %s", name, type(fault).__name__, " ".join(steps))
        return self._stopped(Here(), 500, [_FAILED.format(name)])

    def _stopped(
        self, here: Here, status: int, lines: list[str], headers: dict[str, str] | None = None
    ) -> Reply:
        given = {"title": _HEADS.get(status, "This did not work"), "fault": lines[0]}
        page = paper.draw("stopped", here, **given, more=lines[1:])
        return sealed(
            self._without_places(Reply(status, {"content-type": _HTML, **(headers or {})}, page))
        )

    def _without_places(self, reply: Reply) -> Reply:
        """Take out of a page where its files lay: errors call them by their whole path."""
        if reply.headers.get("content-type") != _HTML:
            return reply
        body = reply.content
        roots = {str(self._folder), str(self._folder.resolve())}
        for root in sorted(roots, key=len, reverse=True):
            said = html.escape(root).encode(errors="replace")
            body = _without(body, said)
        return Reply(reply.status, reply.headers, body)


def _without(body: bytes, root: bytes) -> bytes:
    import re

    files = re.escape(root) + rb"(?:[/\\](?:files|visitors|coming)(?:[/\\][0-9a-f]{8,64})*)?[/\\]?"
    return re.sub(files, b"", body)


def _static(method: str, path: str) -> Reply:
    found = paper.static(path.removeprefix(paper.STATIC)) if method == "GET" else None
    if found is None:
        raise Refused(404, "There is no such file.")
    return sealed(Reply(200, {"content-type": found.kind}, found.content), is_static=True)


def _see(address: str, headers: dict[str, str] | None = None) -> Reply:
    return Reply(303, {"location": address, **(headers or {})})


def _cookie(request: Request, *, is_safe: bool) -> str:
    """Return the cookie's name: one for each port, since browsers keep those of a host together."""
    port = request.headers.get("host", "").rpartition(":")[2]
    name = f"cellframe-{port}" if port.isdigit() else "cellframe"
    return f"__Host-{name}" if is_safe else name


def _empty(folder: Path) -> None:
    """Remove what a service that was killed left on its way."""
    oldest = time.time() - 3600
    for left in folder.iterdir():
        if left.stat().st_mtime < oldest:
            left.unlink(missing_ok=True)
