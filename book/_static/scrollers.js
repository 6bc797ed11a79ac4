/**
 * Lets the keyboard reach what is wider than its box and therefore scrolls inside it.
 * A classic script, deferred: it also runs where the page is opened from a folder.
 */
(() => {
  const BOXES = "article table.table, article div.math, div.cell_output, .output.text_html, " +
    "section.slide > *";
  const FOCUSABLE = "a[href]:not(.headerlink), button, input, select, textarea, summary, [tabindex='0']";

  function mark(box) {
    const wide = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX === "auto";
    if (wide && box.tabIndex < 0 && !box.querySelector(FOCUSABLE)) {
      box.tabIndex = 0;
      box.classList.add("irlib-scrolls");
    } else if (!wide && box.classList.contains("irlib-scrolls")) {
      box.removeAttribute("tabindex");
      box.classList.remove("irlib-scrolls");
    }
  }

  const markAll = () => document.querySelectorAll(BOXES).forEach(mark);
  window.addEventListener("load", markAll); // when formulas and pictures have their sizes
  window.addEventListener("resize", markAll);
  markAll();
})();
