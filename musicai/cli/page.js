// Playheads over waveforms, and an optional click track on the beats. If a piece has beats, the
// attribute data-beats of its card holds their times in seconds. Clicks are scheduled slightly
// ahead of the sound, by the clock of the audio device. For each click, an event "click-scheduled"
// is dispatched to the card.
"use strict";

const AHEAD = 0.5; // seconds by which clicks are scheduled ahead
const EVERY = 100; // milliseconds between rounds of scheduling
const SETTLE = 200; // milliseconds from the start of a player until its reported position is exact
let context = null;

for (const card of document.querySelectorAll("[data-beats]")) {
  const audio = card.querySelector("audio");
  const wave = card.querySelector(".wave");
  const line = card.querySelector(".playhead");
  const clicks = card.querySelector("input");
  const beats = JSON.parse(card.dataset.beats);
  const beatsPerBar = Number(card.dataset.beatsPerBar);
  let scheduled = new Map(); // oscillators of the clicks; keys are indices of beats
  let settled = Infinity;

  const draw = () => {
    line.style.left = `${(100 * audio.currentTime) / (audio.duration || 1)}%`;
    if (!audio.paused) requestAnimationFrame(draw);
  };

  // Return the time, by the clock of the audio device, at which a position in seconds is audible.
  const clockTime = (second) => {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    const now = contextTime
      ? contextTime + (performance.now() - performanceTime) / 1000
      : context.currentTime;
    return now + (second - audio.currentTime) / audio.playbackRate;
  };

  const click = (beat) => {
    const time = Math.max(clockTime(beats[beat]), context.currentTime);
    const isDownbeat = beat % beatsPerBar === 0;
    const tone = new OscillatorNode(context, { frequency: isDownbeat ? 1760 : 1175 });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(isDownbeat ? 0.4 : 0.25, time);
    gain.gain.exponentialRampToValueAtTime(0.001, time + 0.04);
    tone.connect(gain).connect(context.destination);
    tone.start(time);
    tone.stop(time + 0.05);
    scheduled.set(beat, tone);
    const detail = { beat, second: beats[beat], time };
    card.dispatchEvent(new CustomEvent("click-scheduled", { detail }));
  };

  const schedule = () => {
    if (audio.paused || !clicks.checked || performance.now() < settled) return;
    for (let beat = 0; beat < beats.length; beat++) {
      const wait = beats[beat] - audio.currentTime;
      if (wait > 0 && wait < AHEAD && !scheduled.has(beat)) click(beat);
    }
  };

  const cancel = () => {
    for (const tone of scheduled.values()) tone.disconnect();
    scheduled = new Map();
    settled = Infinity;
  };

  const start = async () => {
    if (!clicks.checked) return;
    context ??= new AudioContext();
    await context.resume();
    cancel();
    settled = performance.now() + SETTLE;
  };

  audio.addEventListener("playing", () => { draw(); start(); });
  for (const event of ["pause", "seeking"]) audio.addEventListener(event, cancel);
  audio.addEventListener("ratechange", start);
  audio.addEventListener("timeupdate", draw);
  clicks.addEventListener("change", () => (clicks.checked ? start() : cancel()));
  setInterval(schedule, EVERY);
  wave.addEventListener("click", (event) => {
    const box = wave.getBoundingClientRect();
    audio.currentTime = ((event.clientX - box.left) / box.width) * audio.duration;
  });
}
