"""Timing of the click track on the demo's page.

::

    python -m benchmarks.library.click_track out/index.html [--seconds 10] [--chromium chromium]

The script plays every piece of the page with its click track in headless Chromium. It prints the
offset of the clicks from their beats: the position of the player at the scheduled time of a click,
minus the time of the beat. Positions of the player are polled and interpolated.

Needs ``pip install playwright`` and Chromium.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.common.music import print_table

PLAY = """
async ([number, seconds]) => {
  const card = document.querySelectorAll("[data-beats]")[number];
  const audio = card.querySelector("audio");
  const clicks = [];
  card.addEventListener("click-scheduled", (event) => clicks.push(event.detail));
  const positions = [];
  card.querySelector("input").click();
  await audio.play();
  const watch = setInterval(() => {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    const heard = contextTime + (performance.now() - performanceTime) / 1000;
    if (contextTime) positions.push([heard, audio.currentTime]);
  }, 20);
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  audio.currentTime = 20;  // clicks restart after a seek
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  clearInterval(watch);
  audio.pause();
  return { clicks, positions, beats: JSON.parse(card.dataset.beats) };
}
"""


def main(argv=None):
    """Play the page and print one row per piece."""
    args = parse(argv)
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=args.chromium,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        page = browser.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(args.page.resolve().as_uri())
        for number in range(page.locator("[data-beats]").count()):
            played = page.evaluate(PLAY, [number, args.seconds])
            rows.append([f"piece {number + 1}", *compare(played)])
        browser.close()
    print_table(["", "clicks", "beats without", "median, ms", "largest, ms"], rows)
    if errors:
        raise SystemExit(f"the script of the page failed: {errors[0]}")


def compare(played):
    """Return the number of clicks, the number of beats without a click, and the clicks' delays."""
    times, seconds = np.array(played["positions"]).T
    clicks = [click for click in played["clicks"] if times[0] < click["time"] < times[-1]]
    late = 1000 * np.array(
        [np.interp(click["time"], times, seconds) - click["second"] for click in clicks]
    )
    jump = int(np.diff(seconds).argmax())
    clicked = {click["beat"] for click in clicks}
    passed = [
        beat
        for beat, second in enumerate(played["beats"])
        if seconds[0] + 0.3 < second < seconds[jump] - 0.3
        or seconds[jump + 1] + 0.3 < second < seconds[-1] - 0.3
    ]
    late = late[np.abs(late) < 1000]  # leave out clicks that the seek canceled
    missed = sum(beat not in clicked for beat in passed)
    return len(late), missed, float(np.median(late)), float(np.abs(late).max())


def parse(argv):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    return parser.parse_args(argv)


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright

    main()
