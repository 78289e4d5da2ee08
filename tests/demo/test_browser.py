"""The page in a real browser: Chromium without a window, its microphone a file.

SER_KERAS_SCREENSHOTS names a folder for pictures of the page; else they are in pytest's own.
"""

import base64
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

RATE = 16000
RUN = "rastogi2025/cnn-lstm coded held-out speakers seed 0"
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """What the microphone hears: three seconds of a tone of 220 Hz with overtones."""
    path = tmp_path_factory.mktemp("spoken") / "spoken.wav"
    phase = 2 * np.pi * 220 * np.arange(3 * RATE) / RATE
    soundfile.write(path, 0.2 * sum(np.sin(number * phase) / number for number in (1, 2, 3, 4)), RATE)
    return path


@pytest.fixture(scope="module")
def driver(spoken, tmp_path_factory):
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and chromedriver):
        reason = "chromium and chromedriver are not installed: apt-get install chromium chromium-driver"
        if os.environ.get("SER_KERAS_REQUIRE_DATA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    for switch in (*SWITCHES, f"--use-file-for-fake-audio-capture={spoken}", f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(chromedriver))
    yield found
    found.quit()


class Page:
    """What a visitor does on the page."""

    def __init__(self, driver, served, pictures):
        self.driver, self.served, self.pictures = driver, served, pictures

    def open(self, width=1280, dark=False):
        """Load it anew."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get(self.served.address)
        self.until(lambda: self.all("#ask") and self.all("#recording button[aria-label='Upload file']"))

    def until(self, condition, seconds=60):
        return WebDriverWait(self.driver, seconds, 0.1).until(lambda _: condition())

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def upload(self, path):
        self.all("#recording button[aria-label='Upload file']")[0].click()
        self.until(lambda: self.all("#recording input[type=file]"))[0].send_keys(str(path))

    def told(self, selector):
        """The text of an element, once it is there."""
        return self.until(lambda: self.all(selector))[0].text

    def picture(self, name):
        """Keep a picture of the whole page."""
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        (self.pictures / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))


@pytest.fixture
def page(driver, served, tmp_path):
    pictures = Path(os.environ.get("SER_KERAS_SCREENSHOTS", tmp_path))
    pictures.mkdir(parents=True, exist_ok=True)
    found = Page(driver, served, pictures)
    found.open()
    return found


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_upload_is_answered_and_fits_the_window(page, clip, width, dark):
    page.open(width, dark)
    page.upload(clip)
    assert page.told("#answer h2") == "a tone.wav"
    page.picture(f"answer-{width}-{'dark' if dark else 'light'}")
    shown = [one for one in page.all("#answer [role=img]") if one.is_displayed()]
    assert len(shown) == 1
    assert shown[0].get_attribute("aria-label").startswith("Wave and log-mel spectrogram of 2.00 s; f0 in ")
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width
    luminance = "return getComputedStyle(document.querySelector('#answer svg')).color.match(/\\d+/)[0] * 1"
    assert (page.driver.execute_script(luminance) > 128) == dark
    assert page.all("footer") == []
    assert page.served.kept == []


def test_recording_is_asked_again_after_it_was_deleted(page, clip):
    page.upload(clip)
    page.told("#answer .model")
    assert page.served.kept == []
    page.all(f"#models input[name='{RUN}'], #models label:nth-of-type(2) input")[0].click()
    page.all("#ask")[0].click()
    page.until(lambda: len(page.all("#answer .model")) == 2)
    assert RUN in page.all("#answer .by")[1].text
    assert page.served.kept == []


def test_microphone_is_heard(page):
    buttons = {one.text: one for one in page.all("#recording button")}
    buttons["Record"].click()
    page.until(lambda: any("0:02" in one.text for one in page.all("#recording")))
    page.picture("recording")
    next(one for one in page.all("#recording button") if one.text == "Stop").click()
    assert page.told("#answer h2") == "Your recording"
    page.picture("recorded")
    measures = dict(row.text.rpartition(" ")[0].rsplit(" ", 1) for row in page.all("#answer .measures tbody tr")[:5])
    assert float(measures["Pitch (f0), median"]) == pytest.approx(220, abs=2)
    assert float(measures["Duration"]) > 1.5
    assert page.served.kept == []


def test_corrupt_file_is_one_line_on_the_page(page, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF, but no more")
    page.upload(tmp_path / "bad.wav")
    assert page.told("#answer .fault").startswith("bad.wav is no readable recording")
    page.picture("corrupt")
    assert page.served.kept == []


def test_hour_is_refused(page, tmp_path):
    soundfile.write(tmp_path / "hour.flac", [0.1, -0.1] * (1800 * 8000), 8000)
    page.upload(tmp_path / "hour.flac")
    assert page.told("#answer .fault") == "hour.flac is longer than 60 s: cut it into clips"
    page.picture("hour")
    assert page.served.kept == []


def test_file_that_is_too_large_is_not_even_sent(page, tmp_path):
    with (tmp_path / "large.wav").open("wb") as file:
        file.truncate(26 * 2**20)
    page.upload(tmp_path / "large.wav")
    page.until(lambda: "exceed the maximum allowed size of 25" in page.all("body")[0].text)
    page.picture("too-large")
    assert page.served.kept == []


def test_page_is_used_with_the_keyboard_alone(page):
    reached = []
    for _ in range(40):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = page.driver.switch_to.active_element
        reached.append(focused.text or focused.get_attribute("aria-label") or focused.get_attribute("type"))
        if focused.get_attribute("id") == "ask":
            break
    assert {"Record", "Upload file", "Record audio", "checkbox", "Ask the models"} <= set(reached)
    focused.send_keys(Keys.ENTER)
    assert page.told("#answer .fault").startswith("There is no recording yet")


def test_browser_asks_no_other_host(page, clip):
    page.driver.get_log("performance")  # forgets what was before
    page.open()
    page.upload(clip)
    page.told("#answer .model")
    events = [json.loads(one["message"])["message"] for one in page.driver.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
    assert len(asked) > 10
    assert {one for one in asked if not one.startswith((page.served.address, "data:", "blob:"))} == set()
