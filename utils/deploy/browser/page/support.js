// What the browser must have: WebAssembly, and in it the 128-bit vectors (SIMD) that the runtime is built with.

// The smallest module that uses a vector: a function that returns i8x16.splat(0).
const VECTOR = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, // a module, version 1
  1, 5, 1, 96, 0, 1, 123, // one type: () -> v128
  3, 2, 1, 0, // one function of that type
  10, 8, 1, 6, 0, 65, 0, 253, 15, 11, // its body: i32.const 0, i8x16.splat, end
]);

/** What the browser lacks, in a sentence; "" if it has all. */
export function lacking() {
  if (typeof WebAssembly !== "object" || typeof Worker !== "function")
    return "This browser has no WebAssembly, so it can't run a network: open the page in a current Firefox, Chrome, Edge or Safari.";
  if (!WebAssembly.validate(VECTOR))
    return "This browser's WebAssembly has no SIMD (vector instructions), which the runtime needs: update the browser, or open the page in another one.";
  return "";
}
