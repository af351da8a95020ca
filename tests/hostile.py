"""What a hostile record holds, and what is left of a page when its data is forgotten (law X8)."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "</td></tr></table><h1>gone",
    "</bdi></del><b>",
    "<!-- ",
    "--><b>",
    "<![CDATA[<b>]]>",
    "<?php echo 1 ?>",
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "{{ 7 * 7 }}{% include 'x' %}",
    "[bold red]markup[/] [link=https://evil.example]x[/link]",
    "\x1b[2J\x1b[31mred\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\u202egnp.exe\u2066<b>\u2069\u200e\u061c",
    "\x00\x07\x08\x7f\x85\x9b31m",
    "line\r\nbreak\u2028Nothing sent yet. To send: client.apply(plan)",
    "<style>*{display:none}</style>",
    "${7*7}`x`",
    "\ud800<b>",
]
BENIGN = "plain"


class Skeleton(HTMLParser):
    """Elements and the names of their attributes, with the data forgotten."""

    def __init__(self, page):
        super().__init__()
        self.bones = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.bones.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        self.bones.append(f"/{tag}")

    def handle_comment(self, data):
        self.bones.append("comment")

    def handle_decl(self, decl):
        self.bones.append("declaration")

    def handle_pi(self, data):
        self.bones.append("instruction")


def bones(page):
    return Skeleton(page).bones


def unsafe(written):
    """Characters that a terminal would obey, but for the ends of our own lines."""
    marks = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        character
        for character in sorted(set(written) - {"\n"})
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in marks
        or character in "\u200e\u200f\u061c"
    ]
