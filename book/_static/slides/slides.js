/**
 * Moves between the slides of a deck by key and by button. Without it the deck is a long page.
 * A classic script, deferred: it also runs where the page is opened from a folder.
 */
(() => {
  const slides = [...document.querySelectorAll("section.slide")];
  const place = document.querySelector("nav output");

  /** @returns {number} index of the slide nearest to the top of the window */
  function current() {
    const away = slides.map((slide) => Math.abs(slide.getBoundingClientRect().top));
    return away.indexOf(Math.min(...away));
  }

  /** @param {number} index of the slide to show; the ends are kept to */
  function show(index) {
    const slide = slides[Math.max(0, Math.min(slides.length - 1, index))];
    slide.scrollIntoView();
    slide.focus({ preventScroll: true });
  }

  const STEPS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };

  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, pre, [tabindex='0']")) return;
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in STEPS)) return;
    event.preventDefault();
    show(current() + STEPS[event.key]);
  });
  for (const button of document.querySelectorAll("nav button")) {
    button.addEventListener("click", () => show(current() + Number(button.dataset.step)));
  }
  document.addEventListener("scroll", () => {
    const text = `${current() + 1} of ${slides.length}`;
    if (place.textContent !== text) place.textContent = text;
  }, { passive: true });
})();
