"""A person in front of a browser: what they do, and what is looked at on each page."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.conftest import CANARY

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
LOOKS = [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)]
_FORBIDDEN = """
addEventListener("securitypolicyviolation", (event) => {
  console.error("forbidden: " + event.violatedDirective + " " + event.blockedURI);
});
"""


@contextmanager
def sitting(browser, url, **how):
    """A page of a new visitor; what its console says, and whom it asks, is held against it."""
    context = browser.new_context(accept_downloads=True, **how)
    if how.get("java_script_enabled", True):
        context.add_init_script(_FORBIDDEN)
    page = context.new_page()
    page.set_default_timeout(15_000)
    said, asked = [], []
    page.on(
        "console",
        lambda message: said.append(message) if message.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda fault: said.append(fault))  # noqa: PLW0108 - it takes no builtin
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(url)
        yield page
        # A refusal of a form is an answer like any other; browsers log its status.
        found = [str(getattr(one, "text", one)) for one in said]
        wrong = [one for one in found if "status of 422" not in one]
        hosts = {urlsplit(one).netloc for one in asked if one.startswith("http")}
        assert not wrong, wrong
        assert hosts == {urlsplit(url).netloc}, hosts
    finally:
        context.close()


def enter(page, key=CANARY):
    if page.locator("#key").count():
        page.fill("#key", key)
    if page.get_by_role("button", name="Enter").count():
        page.get_by_role("button", name="Enter").click()
    page.wait_for_url("**/desk")


def look(page):
    """Look at a page in both lights and on both screens: nothing serious, nothing cut off."""
    from axe_playwright_python.sync_playwright import Axe

    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page).response["violations"]
        serious = [
            (one["id"], [node["html"][:160] for node in one["nodes"]])
            for one in found
            if one["impact"] in {"serious", "critical"}
        ]
        assert not serious, (page.url, scheme, width, serious)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    page.set_viewport_size({"width": 1280, "height": 800})


def tab_to(page, name, *, back=False):
    """Press Tab until what has the focus is called so."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        called = page.evaluate(
            """() => {
              const one = document.activeElement;
              if (!one.matches("a, button, input, summary")) return "";
              const label = one.labels && one.labels[0];
              return (label ? label.innerText : one.innerText || one.title || "").trim();
            }"""
        )
        if name in called:
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring != "none", called
            return
    raise AssertionError(f"No Tab leads to {name!r} on {page.url}.")


def drop(page, path):
    """Drop a file onto the box for it."""
    content = list(path.read_bytes())
    moved = page.evaluate_handle(
        """([bytes, name]) => {
          const moved = new DataTransfer();
          moved.items.add(new File([new Uint8Array(bytes)], name));
          return moved;
        }""",
        [content, path.name],
    )
    page.dispatch_event("form.drop", "dragover", {"dataTransfer": moved})
    page.dispatch_event("form.drop", "drop", {"dataTransfer": moved})
