"""report.html in headless Chromium: what a reader sees and does. tests/report_html.sh finds the Python to run it with.

    python3 tests/report_html.py ROTGRAD

Pictures of the page are left in the current folder.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

HOSTILE = "</title><script>window.hit = 1</script><img src=x onerror='window.hit = 1'> <b>K&R</b>"
EXPERIMENT = f"""
title: {json.dumps(HOSTILE)}
grid: {{shape: [24, 20]}}
density: {{mixture: {{means: [[-0.5, 0.4]], sigma: 0.9}}}}
noise: {{variance_min: 0.05, variance_max: 3}}
error: [{{modes: [{{component: 0, wave: [1, 1], sin: 0.3}}]}}]
tolerance: 1e-4
"""
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
LEVELS = 24

# Of every element with a text of its own: the least contrast between text and background, and whose it is.
CONTRAST = """
const channel = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const luminance = (c) => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const colour = (text) => text.match(/[\\d.]+/g).map(Number);
const background = (e) => {
  for (; e; e = e.parentElement) {
    const c = colour(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c;
  }
  return [255, 255, 255];
};
let worst = [21, ""];
for (const e of document.querySelectorAll("body *")) {
  if (!e.offsetParent || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
  const a = luminance(colour(getComputedStyle(e).color)), b = luminance(background(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 80)];
}
return worst;
"""


def check(what, holds):
    if not holds:
        raise SystemExit(f"report_html: expected {what}")


def wait_for(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        check(what, time.monotonic() < end)
        time.sleep(0.05)


class Page:
    def __init__(self, driver, path):
        self.driver = driver
        self.url = path.resolve().as_uri()

    def open(self):
        self.driver.get(self.url)

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.one(selector).text

    def shown_frames(self):
        frames = self.driver.find_elements(By.CSS_SELECTOR, "figure.frame")
        return [frame for frame in frames if frame.is_displayed()]

    def frame(self):
        """What the reader sees of a level: picture, numbers, what the slider says of itself."""
        shown = self.shown_frames()
        check(f"one frame to be shown, not {len(shown)}", len(shown) == 1)
        image = shown[0].find_element(By.TAG_NAME, "img")
        return image.get_attribute("src"), self.text("#facts"), self.one("#slider").get_attribute("aria-valuetext")

    def look(self, width, height, scheme):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.cdp("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def background(self):
        return self.run("return getComputedStyle(document.body).backgroundColor")

    def shoot(self, name):
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        picture = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        pathlib.Path(name).write_bytes(base64.b64decode(picture["data"]))
        print(f"screenshot: {os.path.abspath(name)}")


def page_is_complete(page):
    check("the title as it was written", page.text("h1") == HOSTILE and page.driver.title == HOSTILE)
    check("no script of the title to run", page.run("return window.hit") is None)
    check("a language", page.one("html").get_attribute("lang") == "en")
    check("the answer first", page.text(".answer").startswith("The sampler sees "))
    check("the claims with their verdict in words", "holds" in page.text(".claims tbody tr"))
    broken = page.run("return [...document.images].filter(i => !i.naturalWidth || !i.alt).length")
    check("every picture to load and to have a text", broken == 0)
    check(f"{LEVELS} frames", len(page.driver.find_elements(By.CSS_SELECTOR, "figure.frame")) == LEVELS)


def slider_moves(page):
    slider = page.one("#slider")
    last = page.frame()
    check("the last level at first", last[2].endswith(f"level {LEVELS} of {LEVELS}"))
    seen = {last}
    for key in (Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.HOME):
        before = page.frame()
        slider.send_keys(key)
        after = page.frame()
        check("a key to change picture, numbers and the slider's text", all(a != b for a, b in zip(before, after)))
        seen.add(after)
    check("another frame at each level", len(seen) == 4)
    check("the highest level at Home", page.frame()[2].endswith(f"level 1 of {LEVELS}"))
    slider.send_keys(Keys.END)
    check("the last level at End", page.frame() == last)
    page.one("#play").send_keys(Keys.ARROW_LEFT)
    check("arrows to work beside the slider", page.frame()[2].endswith(f"level {LEVELS - 1} of {LEVELS}"))
    slider.send_keys(Keys.END)


def movie_plays(page):
    button = page.one("#play")
    button.send_keys(Keys.SPACE)
    check("Pause on the button", button.text == "Pause")
    first = page.frame()
    level = int(first[2].split(" level ")[1].split()[0])
    check(f"to start anew at the highest level, found {level}", level < LEVELS / 2)  # on a slow machine it has moved on
    wait_for("the film to move on", lambda: page.frame() != first)
    button.click()
    check("Play on the button", button.text == "Play")
    still = page.frame()
    time.sleep(1.5)
    check("the film to stop", page.frame() == still)
    page.one("#slider").send_keys(Keys.END)


def focus_is_visible(page):
    page.one("#play").send_keys(Keys.TAB)
    outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
    check("Tab to lead from the button to the slider", page.run("return document.activeElement.id") == "slider")
    check("the focus to be seen", outline != "none")


def looks_are_right(page):
    backgrounds = {}
    for width in (1280, 360):
        for scheme in ("light", "dark"):
            page.look(width, 800, scheme)
            page.open()
            across = page.run("return document.documentElement.scrollWidth")
            check(f"no overflow at {width} pixels, found {across}", across <= width)
            ratio, element = page.run(CONTRAST)
            check(f"a contrast of 4.5, found {ratio:.2f} ({scheme}): {element}", ratio >= 4.5)
            backgrounds[scheme] = page.background()
            page.shoot(f"report_html-{width}-{scheme}.png")
    check("dark to be another background than light", backgrounds["light"] != backgrounds["dark"])
    page.look(1280, 800, "dark")
    page.cdp("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    check("white paper in print", page.background() == "rgb(255, 255, 255)")
    check("no slider in print", not page.one("#controls").is_displayed())
    page.look(1280, 800, "light")


def nothing_went_wrong(page):
    console = page.driver.get_log("browser")
    check(f"a clean console, found {console}", not console)
    events = [json.loads(entry["message"])["message"] for entry in page.driver.get_log("performance")]
    sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
    urls = {s["request"]["url"] for s in sent if s["documentURL"] == page.url}  # others are of the browser's first tab
    foreign = [url for url in urls if url != page.url and not url.startswith("data:image/")]
    check("the log to have seen the page", page.url in urls)
    check(f"no request but for the page, found {foreign}", not foreign)


def works_without_scripts(page):
    page.cdp("Emulation.setScriptExecutionDisabled", value=True)
    page.open()
    check("the last frame without scripts", len(page.shown_frames()) == 1)
    check("no slider without scripts", not page.one("#controls").is_displayed())
    page.one("#others summary").click()
    check("all frames in the list", len(page.shown_frames()) == LEVELS)
    page.cdp("Emulation.setScriptExecutionDisabled", value=False)


def foreign_scripts_are_refused(page):
    """Last: the refusals go to the console."""
    page.open()
    page.run(
        "const s = document.createElement('script'); s.textContent = 'window.hit = 1'; document.body.append(s);"
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">');"
    )
    time.sleep(0.3)
    check("the policy to refuse other scripts", page.run("return window.hit") is None)


def browse(report, profile):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS.split() + [f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    try:
        page = Page(driver, report)
        page.look(1280, 800, "light")
        page.open()
        for test in (
            page_is_complete,
            slider_moves,
            movie_plays,
            focus_is_visible,
            looks_are_right,
            works_without_scripts,
            nothing_went_wrong,
            foreign_scripts_are_refused,
        ):
            test(page)
            print(f"ok: {test.__name__.replace('_', ' ')}")
    finally:
        driver.quit()


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        (folder / "x.yaml").write_text(EXPERIMENT)
        subprocess.run([program, "run", "--quiet", "x.yaml", "-o", "out"], cwd=folder, check=True)
        browse(folder / "out" / "report.html", folder / "profile")


main()
