"use strict";
/* Puts the frames on top of each other below a slider. Without this script the page shows the last one and a list. */
(() => {
  const section = document.getElementById("frames");
  const controls = document.getElementById("controls");
  const frames = Array.from(section.querySelectorAll("figure.frame"));
  if (!controls || frames.length < 2) return;
  frames.sort((a, b) => a.dataset.frame - b.dataset.frame);

  const slider = document.getElementById("slider");
  const button = document.getElementById("play");
  const facts = document.getElementById("facts");
  const stage = document.getElementById("stage");
  const last = frames.length - 1;
  const pause = 700; /* milliseconds that a frame stays */
  let timer = 0;

  const show = (index) => {
    frames.forEach((frame, i) => { frame.hidden = i !== index; });
    slider.value = index;
    slider.setAttribute("aria-valuetext",
      `sigma ${frames[index].dataset.sigma}, level ${index + 1} of ${frames.length}`);
    facts.replaceChildren(frames[index].querySelector("dl").cloneNode(true));
  };

  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
    facts.setAttribute("aria-live", "polite");
  };

  const play = () => {
    if (Number(slider.value) === last) show(0);
    button.textContent = "Pause";
    facts.setAttribute("aria-live", "off"); /* a voice could not keep up */
    timer = setInterval(() => {
      const next = Number(slider.value) + 1;
      show(next);
      if (next === last) stop();
    }, pause);
  };

  button.addEventListener("click", () => (timer ? stop() : play()));
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });
  section.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.target === slider || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    stop();
    show(Math.min(last, Math.max(0, Number(slider.value) + step)));
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden && timer) stop(); });

  stage.append(...frames);
  const others = document.getElementById("others");
  if (others) others.remove();
  section.classList.add("scripted");
  controls.hidden = false;
  show(last);
})();
