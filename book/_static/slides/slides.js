/**
 * Moves between the slides of a deck by key and by button, and fits them to the window. Without it
 * the deck is a long page.
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

  const SMALLEST = 0.6; // of the full size; below that the last row reads nothing, and one scrolls
  const WIDE = 2.2; // width over height of a figure that leaves no place for words beside it

  /** Makes slides that are taller than the window as small as they must be; formulas.js ran before. */
  function fit() {
    for (const picture of document.querySelectorAll("section.slide .irlib-figure")) {
      const wide = picture.naturalWidth > WIDE * picture.naturalHeight;
      picture.closest("section").classList.toggle("wide", wide);
    }
    const room = window.innerHeight - document.querySelector("nav").offsetHeight;
    for (const slide of slides) {
      let size = 1;
      for (let turn = 0; turn < 3; turn++) { // lines may break elsewhere at another size
        slide.style.setProperty("--slide-fit", size);
        const ratio = room / slide.getBoundingClientRect().height;
        if (ratio >= 1) break;
        size = Math.max(SMALLEST, Math.floor(size * ratio * 500) / 500);
      }
      slide.style.setProperty("--slide-fit", size);
    }
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
  addEventListener("resize", fit);
  addEventListener("load", () => {
    fit();
    window.MathJax?.startup?.promise?.then(fit); // formulas have no height before
  });
  document.addEventListener("scroll", () => {
    const text = `${current() + 1} of ${slides.length}`;
    if (place.textContent !== text) place.textContent = text;
  }, { passive: true });
})();
