/**
 * Prepares a page for paper, which is white and no wider than a sheet.
 * A classic script, deferred: it also runs where the page is opened from a folder.
 */
(() => {
  // CSS pixels between the margins, on the narrower of A4 and Letter.
  const [UPRIGHT, ON_ITS_SIDE] = [680, 940];
  const [HIGH, PICTURE] = [690, 472]; // of A4 on its side, and the highest picture on it
  const root = document.documentElement;
  const slides = [...document.querySelectorAll("section.slide")];
  const isDeck = slides.length > 0;
  let theme;

  /** What an element measures while it is laid out in another way. */
  function measured(element, style, dimension) {
    const before = element.style.cssText;
    element.style.cssText += style;
    const found = element.getBoundingClientRect()[dimension];
    element.style.cssText = before;
    return found;
  }

  /** How much smaller a table must be to fit, as far as its longest words let it shrink. */
  function fit(table) {
    const width = measured(
      table, "width: min-content !important; min-width: 0 !important", "width",
    );
    const turned = !isDeck && width > 1.2 * UPRIGHT;
    const box = table.closest(".irlib-table");
    const heading = box?.previousElementSibling?.matches("h2, h3") ? box.previousElementSibling : null;
    for (const part of [box, heading]) part?.classList.toggle("irlib-on-its-side", turned);
    const sheet = turned || isDeck ? ON_ITS_SIDE : UPRIGHT;
    table.style.setProperty("--irlib-print-zoom", Math.min(1, sheet / width));
    // The theme keeps tables whole; before a long one that would leave half a sheet empty.
    table.style.breakInside = table.offsetHeight > HIGH ? "auto" : "";
  }

  /** How much smaller a slide must be to stay on one sheet. */
  function fitSlide(slide) {
    const style = `width: ${ON_ITS_SIDE}px; min-height: 0; padding: 0; font-size: 1.05rem`;
    let height = measured(slide, style, "height");
    for (const image of slide.querySelectorAll("img")) {
      height -= Math.max(0, image.getBoundingClientRect().height - PICTURE);
    }
    slide.style.setProperty("--irlib-print-zoom", Math.min(1, HIGH / height));
  }

  window.addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    if (theme) root.dataset.theme = "light";
    document.querySelectorAll("table").forEach(fit);
    slides.forEach(fitSlide);
  });
  window.addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme;
  });
})();
