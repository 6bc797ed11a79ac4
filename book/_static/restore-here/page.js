/** The page: choose a photograph, restore it, compare, keep the result. */
"use strict";

(function (here) {
  const root = document.getElementById("restore-here");
  if (!root) return;
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const folder = root.dataset.files;
  const how = { tile: 256, overlap: 32, multiple: Number(root.dataset.multiple) };
  const say = (text) => { part("status").textContent = text; };
  let network = null;
  let running = false;
  let latest = 0; // number of the run that counts; stopping one makes it old
  let reader = null; // the reader's own photograph

  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    part("controls").hidden = true;
    part("missing").hidden = false;
    return;
  }
  part("controls").hidden = false;

  /** Draws a picture into the canvas "before", no longer than the chosen side. */
  function show(picture) {
    const longest = Math.max(picture.width, picture.height);
    const scale = Math.min(1, Number(part("side").value) / longest);
    const width = Math.max(1, Math.round(picture.width * scale));
    const height = Math.max(1, Math.round(picture.height * scale));
    for (const name of ["before", "after"]) {
      part(name).width = width;
      part(name).height = height;
    }
    part("frame").style.aspectRatio = `${width} / ${height}`;
    part("frame").style.maxWidth = `${Math.max(width, 256)}px`;
    const context = part("before").getContext("2d");
    context.fillStyle = "#fff"; // what is transparent lies on white
    context.fillRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    part("frame").classList.remove("done");
    part("save").hidden = true;
    say(`${width} × ${height} pixels, not restored yet.`);
  }

  async function choose() {
    const own = part("picture").value === "own";
    part("own").hidden = !own;
    try {
      if (own && !reader) {
        say("Choose a photograph of yours. It does not leave this page.");
      } else if (own) {
        show(await createImageBitmap(reader));
      } else {
        const sample = new Image();
        sample.src = here.samples[part("picture").value];
        await sample.decode();
        show(sample);
      }
    } catch (error) {
      say("This file is not a picture that the browser can read; choose a JPEG, PNG or WebP.");
    }
  }

  function busy(is) {
    running = is;
    part("run").textContent = is ? "Stop" : "Restore";
    part("progress").hidden = !is;
    for (const name of ["picture", "side", "file"]) part(name).disabled = is;
  }

  async function run() {
    const before = part("before");
    const { width, height } = before;
    latest += 1;
    const mine = latest;
    busy(true);
    try {
      const bytes = before.getContext("2d").getImageData(0, 0, width, height).data;
      if (!network) {
        say("Loading the network …");
        const loaded = await here.load(folder, (done, all) => { if (mine === latest) step(done, all); });
        if (mine !== latest) { loaded.stop(); return; }
        network = loaded;
      }
      say("Restoring …");
      step(0, 1);
      const began = performance.now();
      const image = here.toPlanes(bytes, width, height, how.multiple);
      const restored = await here.inTiles(image, network.restore, how, (done, all) => {
        step(done, all);
        if (all > 1) say(`Restoring: ${done} of ${all} tiles.`);
      });
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      const result = new ImageData(here.toBytes(restored, width, height), width, height);
      part("after").getContext("2d").putImageData(result, 0, 0);
      part("frame").classList.add("done");
      part("save").hidden = false;
      root.dataset.seconds = seconds;
      say(`Restored ${width} × ${height} pixels in ${seconds} seconds on your machine.`);
    } catch (error) {
      if (mine !== latest) return;
      if (network) network.stop();
      network = null;
      say(`It did not work: ${error.message}. Nothing was sent anywhere; try a smaller side.`);
    } finally {
      if (mine === latest) busy(false);
    }
  }

  function stop() {
    latest += 1;
    if (network) network.stop();
    network = null;
    busy(false);
    say("Stopped.");
  }

  function step(done, all) {
    part("progress").max = all;
    part("progress").value = done;
  }

  part("picture").addEventListener("change", choose);
  part("side").addEventListener("change", choose);
  part("file").addEventListener("change", () => { reader = part("file").files[0]; choose(); });
  part("run").addEventListener("click", () => (running ? stop() : run()));
  part("cut").addEventListener("input", () => {
    part("frame").style.setProperty("--cut", `${part("cut").value}%`);
  });
  part("save").addEventListener("click", () => part("after").toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "restored.png";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }));
  choose();
})(globalThis.irlibRestore);
