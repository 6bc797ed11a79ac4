/**
 * The network, in a worker of its own, so that the page stays usable while it computes.
 *
 * A page opened from a folder may neither fetch a file nor start a worker from one. So everything
 * heavy arrives as a classic script that hands over its bytes, and the worker is made of text;
 * the same way serves a page from a web server.
 */
"use strict";
globalThis.irlibRestore = globalThis.irlibRestore || {};

(function (here) {
  const arrived = {};

  /** Called by the scripts that the build writes: one name, one base64 text. */
  here.receive = function (name, base64) { arrived[name] = base64; };

  /** Loads one of those scripts and returns its bytes. */
  here.payload = function (folder, name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = folder + name + ".js";
      script.onerror = () => reject(new Error(`the file ${name}.js of the book did not load`));
      script.onload = () => {
        const text = atob(arrived[name]);
        delete arrived[name];
        script.remove();
        resolve(Uint8Array.from(text, (sign) => sign.charCodeAt(0)));
      };
      document.head.append(script);
    });
  };

  /** What the worker runs after onnxruntime-web, whose `ort` it finds. */
  function work() {
    let session;
    self.onmessage = async ({ data }) => {
      try {
        if (data.model) {
          const glue = new Blob([data.glue], { type: "text/javascript" });
          ort.env.wasm.numThreads = 1;
          ort.env.wasm.wasmBinary = data.wasm;
          ort.env.wasm.wasmPaths = { mjs: URL.createObjectURL(glue) };
          session = await ort.InferenceSession.create(data.model, { executionProviders: ["wasm"] });
          self.postMessage({});
        } else {
          const shape = [1, 3, data.height, data.width];
          const degraded = new ort.Tensor("float32", data.planes, shape);
          const { restored } = await session.run({ degraded });
          self.postMessage({ planes: restored.data });
        }
      } catch (error) {
        self.postMessage({ error: String((error && error.message) || error) });
      }
    };
  }

  /**
   * Loads the network.
   * @param {string} folder where the build put its scripts
   * @param {(done: number, all: number) => void} progress
   * @returns {Promise<{restore: Function, stop: Function}>}
   */
  here.load = async function (folder, progress) {
    const names = ["ort", "glue", "wasm", "model"];
    const files = {};
    for (const [done, name] of names.entries()) {
      progress(done, names.length);
      files[name] = await here.payload(folder, name);
    }
    progress(names.length, names.length);
    const source = new Blob([files.ort, `\n;(${work})();`], { type: "text/javascript" });
    const address = URL.createObjectURL(source);
    const worker = new Worker(address);
    const ask = (message) => new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
      worker.onerror = (event) => reject(new Error(event.message || "the worker did not start"));
      worker.postMessage(message);
    });
    await ask({ model: files.model, wasm: files.wasm, glue: files.glue });
    URL.revokeObjectURL(address);
    return {
      restore: async (planes, width, height) => (await ask({ planes, width, height })).planes,
      stop: () => worker.terminate(),
    };
  };
})(globalThis.irlibRestore);
