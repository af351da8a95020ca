"""A browser without a screen: it keeps its cookie, and sends forms as browsers do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from cellframe.contract.wire import FROM, FileBody, Request
from tests.conftest import CANARY

HOST = "127.0.0.1:8765"
ORIGIN = f"http://{HOST}"
_BOUNDARY = "a-line-between-parts"


@dataclass
class Browser:
    """One visitor of a desk; `about` are headers that it says beside its own."""

    desk: object
    cookie: str = ""
    about: dict = field(default_factory=dict)

    def ask(self, method, address, body=None, **headers):
        parts = urlsplit(address)
        own = {"host": HOST, FROM: "192.0.2.7", "cookie": self.cookie}
        own |= {"origin": ORIGIN} if method == "POST" else {}
        said = {**own, **{name.replace("_", "-"): text for name, text in headers.items()}}
        query = tuple(re.findall(r"([^=&]+)=([^&]*)", parts.query))
        kept = {name: text for name, text in {**said, **self.about}.items() if text is not None}
        request = Request(method, parts.path, query, kept, body)
        reply = self.desk.answer(request)
        if "set-cookie" in reply.headers:
            self.cookie = reply.headers["set-cookie"].partition(";")[0]
        return reply

    def get(self, address, **headers):
        return self.ask("GET", address, **headers)

    def post(self, address, fields, **headers):
        given = {"content_type": "application/x-www-form-urlencoded", **headers}
        return self.ask("POST", address, urlencode(fields).encode(), **given)

    def enter(self, key=CANARY):
        return self.post("/desk/enter", {"key": key})

    @property
    def token(self):
        return token_of(self.get("/desk"))

    def bring(self, folder, fields, *files, **headers):
        """Send a form with files, as the publisher hands it over."""
        path = folder / "body"
        path.write_bytes(parts_of(fields, *files))
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        return self.ask("POST", "/desk/files", FileBody(path), content_type=kind, **headers)


def token_of(reply):
    return re.search(rb'name="token" value="([^"]+)"', reply.content)[1].decode()


def parts_of(fields, *files):
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="'
    said = [f'{head}{name}"\r\n\r\n{text}\r\n'.encode() for name, text in fields.items()]
    for name, content in files:
        said.append(f'{head}file"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n")
    return b"".join(said) + f"--{_BOUNDARY}--\r\n".encode()
